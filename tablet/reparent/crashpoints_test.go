package reparent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

// assassin takes a host down at the nth step of an operation, as the trace shows them. Zero
// takes none down, and the steps are listed.
type assassin struct {
	armed bool
	nth   int
	kill  func()
	steps []string
}

// Record implements trace.Sink.
func (a *assassin) Record(e trace.Event) {
	step := stepOf(&e)
	if !a.armed || step == "" {
		return
	}
	if a.steps = append(a.steps, step); len(a.steps) == a.nth {
		a.armed = false
		a.kill()
	}
}

// stepOf names the step that an event stands for, empty if it stands for none: the phase of an
// operation, or the tablet, the call and the step of a tablet.
func stepOf(e *trace.Event) string {
	switch e.Kind {
	case reparent.KindPhase:
		return e.Text("phase") + " " + e.Text("what")
	case tablet.KindStep:
		_, uid, _ := strings.Cut(e.Host, "-0000000")
		return fmt.Sprintf("%s %s %s", uid, e.Text("call"), e.Text("step"))
	default:
		return ""
	}
}

// crashRun is what came of one crash inside a switch to 101.
type crashRun struct {
	step string
	// left is the shard just after the operation, cure what it took to have the elect serve.
	left, cure string
}

// crashAt plays a switch in which the victim dies at the nth step, brings the victim back 5 s
// later and repeats the switch until it succeeds.
// spec
func crashAt(t *testing.T, durability, victim string, nth int) (run crashRun, steps []string) {
	t.Helper()
	killer, w := &assassin{nth: nth}, newWitness()
	w.graceful = true
	x := runCluster(t, sim.Config{Seed: 3, Sink: trace.Tee{w, killer}}, profile(t, "v24"), durability, func(x *cluster) {
		x.write(3, 60*time.Millisecond)
		x.env.Sleep(500 * time.Millisecond)
		records := x.watchRecord()
		var first *command
		killer.kill = func() { x.victim(victim, first).Crash() }
		killer.armed = true
		first = x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		x.env.Select(sim.OnEvent(first.over), x.env.After(20*time.Second))
		killer.armed = false
		run.left = x.state()
		if nth == 0 {
			require.NoError(x, first.err)
			return
		}
		x.victim(victim, first).Restart()
		x.env.Sleep(5 * time.Second)
		run.cure = x.cure()
		x.requireOneWriter()
		require.Empty(x, *records, "the shard record's term goes back")
	})
	require.Empty(t, w.broken, "at step %d", nth)
	require.NotEmpty(t, x.acknowledged)
	if nth > 0 {
		run.step = killer.steps[nth-1]
	}
	return run, killer.steps
}

// victim gives the host of a process: vtctld, vttablet-UID or mysqld-UID.
func (c *cluster) victim(name string, first *command) *sim.Host {
	kind, uid, _ := strings.Cut(name, "-")
	for _, u := range uids() {
		switch {
		case fmt.Sprint(u) != uid:
		case kind == "mysqld":
			return c.hosts[mysqld.HostName(alias(u))]
		default:
			return c.hosts[alias(u).String()]
		}
	}
	return first.host
}

// state tells the state of each tablet: the first letter of its type, + if it serves, and w if
// its MySQL is writable; x if one of the two is dead.
func (c *cluster) state() string {
	var list []string
	for _, uid := range uids() {
		text := fmt.Sprint(uid, ":")
		if tb := c.tablets[uid]; tb == nil || c.hosts[alias(uid).String()].Down() {
			text += "x"
		} else {
			st := tb.Status()
			text += st.Type.String()[:1]
			if st.Serving {
				text += "+"
			}
		}
		switch readOnly, _, err := c.mysql[uid].Client(c.env).ReadOnly(); {
		case err != nil:
			text += "x"
		case !readOnly:
			text += "w"
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// elected is the shard with 101 as its primary, as state tells it.
const elected = "100:R+ 101:P+w 102:R+"

// cure repeats the switch until it works, and says what it took. If the elect announced its
// term in the topology and could not take the role itself, a switch thinks that it has it, and
// UndoDemotePrimary, with which VTOrc repairs that, helps. spec
func (c *cluster) cure() string {
	const most = 3
	for n := 1; ; n++ {
		cmd := c.prs(fmt.Sprint("vtctld-", n), reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		c.env.Sleep(2 * time.Second)
		switch {
		case cmd.err != nil && n == most:
			require.NoError(c, cmd.err, c.state())
		case cmd.err != nil:
			c.env.Sleep(5 * time.Second)
		case c.state() == elected:
			return fmt.Sprint("again ", n)
		default:
			tm := tmclient.New(c.env, c.net.Node(c.env))
			require.NoError(c, tm.UndoDemotePrimary(c.env.Background(), alias(101), true))
			return fmt.Sprint("again ", n, ", UndoDemotePrimary")
		}
	}
}

// requireOneWriter checks that 101 alone is a serving and writable primary, takes writes, and
// has all that were acknowledged, and that nobody holds the lock. spec
func (c *cluster) requireOneWriter() {
	c.env.Sleep(2 * time.Second)
	require.Equal(c, elected, c.state())
	last := c.answers[len(c.answers)-1]
	require.Less(c, c.env.Now().Sub(last), time.Second, "writes go on")
	c.quiet = true
	c.env.Sleep(time.Second)
	require.Empty(c, c.lost(101), "acknowledged writes")
	ctx := c.env.Background()
	record, err := c.topo.GetShard(ctx, "commerce", "0")
	require.NoError(c, err)
	require.Equal(c, alias(101), record.PrimaryAlias)
	_, unlock, err := c.topo.TryLockShard(ctx, "commerce", "0", "test")
	require.NoError(c, err)
	unlock(&err)
}

// watchRecord watches the shard's record and collects the terms that are older than one before.
// spec: R-223
func (c *cluster) watchRecord() *[]topodata.Timestamp {
	back := &[]topodata.Timestamp{}
	c.env.GoDaemon("watch-record", func() {
		shard, changes, err := c.topo.WatchShard(c.env.Background(), "commerce", "0")
		if err != nil {
			return
		}
		latest := shard.PrimaryTermStartTime
		for {
			change, open := changes.Recv()
			if !open || change.Err != nil {
				return
			}
			if term := change.Value.PrimaryTermStartTime; term < latest {
				*back = append(*back, term)
			} else {
				latest = term
			}
		}
	})
	return back
}

// Each process that has a part in a switch dies at each of its steps, one in each run. The
// stories show the steps, what is left behind, and how many further switches it takes until the
// elect is the one serving and writable primary that has every acknowledged write.
func TestCrashPoints(t *testing.T) {
	datadriven.RunTest(t, "testdata/crashpoints", func(t *testing.T, d *datadriven.TestData) string {
		durability := "semi_sync"
		d.MaybeScanArgs(t, "durability", &durability)
		_, steps := crashAt(t, durability, "", 0)
		if d.Cmd == "steps" {
			return fmt.Sprintf("%d steps\n%s\n", len(steps), strings.Join(steps, "\n"))
		}
		var victim string
		d.ScanArgs(t, "victim", &victim)
		var runs []crashRun
		for i := range steps {
			run, _ := crashAt(t, durability, victim, i+1)
			runs = append(runs, run)
		}
		return fmt.Sprintf("%d points\n%s", len(runs), summary(runs))
	})
}

// summary joins neighbouring runs that end alike.
func summary(runs []crashRun) string {
	var out strings.Builder
	for from := 0; from < len(runs); {
		to := from
		for to+1 < len(runs) && runs[to+1].left == runs[from].left && runs[to+1].cure == runs[from].cure {
			to++
		}
		fmt.Fprintf(&out, "%s\n  %s, from %q to %q\n", runs[from].left, runs[from].cure, runs[from].step, runs[to].step)
		from = to + 1
	}
	return out.String()
}
