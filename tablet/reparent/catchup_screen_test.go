package reparent_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// The public guide's scenario 7, end to end in a whole shard: the elect's applier stops as the
// demotion is done; the operator's client says so after the whole seconds of the timeout, in the
// words of its time, and the same primary serves again in its old term with every write.
// spec
func TestScenarioSeven(t *testing.T) {
	const tail = "primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/<set>: "
	for _, c := range []struct {
		release string
		waits   time.Duration // the timeout less a second
		outage  [2]time.Duration
		stdout  string
		stderr  string
	}{
		{
			"v13", 29 * time.Second, [2]time.Duration{29 * time.Second, 60 * time.Second},
			"PlannedReparentShard Error: <text>\n", "E<time>       1 main.go:76] remote error: <text>\n",
		},
		{
			"v24", 14 * time.Second, [2]time.Duration{14 * time.Second, 17500 * time.Millisecond},
			"", `{"time":"<time>","level":"ERROR","msg":"<text>"}` + "\n",
		},
	} {
		t.Run(c.release, func(t *testing.T) {
			text := "rpc error: code = Unknown desc = " + tail
			if c.release == "v13" {
				text += "rpc error: code = Unknown desc = TabletManager.WaitForPosition on zone1-0000000101 error: timed out waiting for position <set>: timed out waiting for position <set>"
			} else {
				text += "rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position <set>"
			}
			h := &hook{step: "demotion end"}
			runCluster(t, sim.Config{Seed: 5, Sink: h}, profile(t, c.release), "semi_sync", func(x *cluster) {
				x.write(4, 10*time.Millisecond)
				x.env.Sleep(time.Second)
				x.delay(101, 500*time.Millisecond) // so that there is something left to apply
				h.c, h.do = x, func() { x.delay(101, time.Hour) }
				cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
				cmd.over.Wait()
				ended := x.env.Now()
				catchUp, _ := cmd.result.Phase(reparent.PhaseCatchUp)
				require.InDelta(x, c.waits.Seconds(), catchUp.End.Sub(catchUp.Begin).Seconds(), 0.1)
				require.Equal(x, asPrimary, x.look(100))
				require.Equal(x, following0, x.look(101))
				require.Less(x, ended.Sub(catchUp.End), time.Second, "the undo")
				require.True(x, x.writesGoOn())
				demotion, _ := cmd.result.Phase(reparent.PhaseDemotion)
				outage := x.firstAnswerAfter(catchUp.End).Sub(demotion.Begin)
				require.GreaterOrEqual(x, outage, c.outage[0])
				require.LessOrEqual(x, outage, c.outage[1])
				buffer := flags.Defaults(x.release).VTGate
				require.Greater(x, outage, buffer.BufferWindow, "requests held from its beginning are let go before")
				require.Equal(x, c.release == "v13", outage > buffer.BufferMaxFailoverDuration)
				require.Empty(x, x.lost(100))

				got := reparent.FormatClientOutput(reparent.ClientFor(x.release), "PlannedReparentShard", cmd.result, cmd.err, x.env.Wall())
				require.Equal(x, 1, got.ExitStatus)
				require.Equal(x, strings.ReplaceAll(c.stdout, "<text>", text), screened(got.Stdout))
				require.Equal(x, strings.ReplaceAll(c.stderr, "<text>", text), screened(got.Stderr))
			})
		})
	}
}

// screened replaces what changes from run to run in a client's output.
func screened(text string) string {
	text = regexp.MustCompile(`E\d{4} \d\d:\d\d:\d\d\.\d{6}`).ReplaceAllString(text, "E<time>")
	text = regexp.MustCompile(`"time":"[^"]*"`).ReplaceAllString(text, `"time":"<time>"`)
	return setText.ReplaceAllString(text, "<set>")
}

// Everything that commits during the drain is in the demotion's position, and the elect has to
// apply it before the switch goes on.
// spec: R-205, T-66
func TestDrainedWritesAreCaughtUp(t *testing.T) {
	h := &hook{step: "100 DemotePrimary drain"}
	runCluster(t, sim.Config{Seed: 5, Sink: h}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(2, 50*time.Millisecond)
		x.env.Sleep(time.Second)
		x.delay(101, 3*time.Second)
		commit := x.hangingCommit(-7)
		var committed sim.Time
		h.c, h.do = x, func() {
			x.env.Sleep(2 * time.Second)
			require.NoError(x, commit())
			committed = x.env.Now()
		}
		cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		catchUp, _ := cmd.result.Phase(reparent.PhaseCatchUp)
		require.NotZero(x, committed)
		require.GreaterOrEqual(x, catchUp.End, committed.Add(3*time.Second-10*time.Millisecond))
		_, rows := x.mysql[101].Table("t", -7)
		require.EqualValues(x, 1, rows[-7].Writes)
	})
}

// Two switches inside one second: the terms are equal in whole seconds, as a gate sees them, and
// different in the topology.
// spec, T-77
func TestTwoSwitchesInASecond(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "none", func(x *cluster) {
		x.write(2, 50*time.Millisecond)
		x.env.Sleep(time.Duration(1e9 - int64(x.env.Wall())%1e9)) // a second begins
		first := x.prs("one", reparent.PlannedOptions{NewPrimary: alias(101)})
		second := x.prs("two", reparent.PlannedOptions{NewPrimary: alias(102)})
		first.over.Wait()
		firstTerm := x.tablets[101].Status().Term
		second.over.Wait()
		require.NoError(x, first.err)
		require.NoError(x, second.err)
		terms := map[uint32]int64{101: int64(firstTerm), 102: int64(x.tablets[102].Status().Term)}
		if x.tablets[101].Status().Term != 0 { // 101 was the later one
			terms[101] = int64(x.tablets[101].Status().Term)
		}
		require.NotEqual(x, terms[101], terms[102])
		require.Equal(x, terms[101]/1e9, terms[102]/1e9)
		x.env.Sleep(time.Second)
		require.EqualValues(x, 102, x.named(), "waits for the lock behind the first")
	})
}

// After a promotion the journal's row, and later the sidecar's, have the new primary's uuid: the
// old one can never again have everything without replicating from it.
// spec
func TestJournalHasTheNewUUID(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "none", func(x *cluster) {
		require.NoError(x, x.do("stop", func(r *reparent.Reparenter, ctx *sim.Context) error { return r.StopReplication(ctx, alias(102)) }))
		cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		own := x.mysql[101].Executed().Last(x.mysql[101].UUID())
		require.Positive(x, own, "nobody wrote but the switch")
		require.False(x, x.mysql[102].Executed().Contains(x.mysql[101].Executed()))
		require.True(x, x.mysql[100].Executed().Contains(x.mysql[101].Executed()), "it replicates")
	})
}

// The old primary, cut off from the topology and the operator, goes on serving after an
// emergency; the term in its health messages is the older one.
// spec: R-214, T-83, T-140, R-222
func TestPartitionedPrimaryServesOn(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "none", func(x *cluster) {
		x.write(2, 50*time.Millisecond)
		x.env.Sleep(time.Second)
		for _, host := range others() {
			x.net.Partition(alias(100).String(), host)
			x.net.Partition(mysqld.HostName(alias(100)), host)
		}
		x.net.Partition(alias(100).String(), "vtctld")
		cmd := x.ers("vtctld", reparent.EmergencyOptions{})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		elect := cmd.result.PromotedPrimary.UID
		x.env.Sleep(40 * time.Second)
		require.Equal(x, []uint32{100, elect}, x.servingPrimaries())
		require.Less(x, x.tablets[100].Status().Term, x.tablets[elect].Status().Term)
		lost := len(x.lost(elect))
		require.Positive(x, lost, "without semi-sync it takes writes that are lost")
		x.net.HealAll()
		x.env.Sleep(70 * time.Second)
		require.Equal(x, []uint32{elect}, x.servingPrimaries(), "it hears of its end")
		require.GreaterOrEqual(x, len(x.lost(elect)), lost)
	})
}
