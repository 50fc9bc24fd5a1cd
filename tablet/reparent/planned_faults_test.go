package reparent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// mishap is a fault beside a planned switch.
type mishap struct {
	kind, target string
	at, lasts    time.Duration
}

// The kinds of mishaps.
const (
	killed      = "kill"
	paused      = "pause"
	partitioned = "partition"
)

func drawMishap(t *rapid.T) mishap {
	return mishap{
		kind:   rapid.SampledFrom([]string{nothing, killed, paused, partitioned}).Draw(t, "kind"),
		target: rapid.SampledFrom([]string{"100", "101", "102", "mysqld-100", "mysqld-101", "mysqld-102", "vtctld", "topo"}).Draw(t, "target"),
		at:     rapid.SampledFrom([]time.Duration{0, 10, 30, 50, 80, 500, 1080, 1120, 1150, 1200, 2500}).Draw(t, "at") * time.Millisecond,
		lasts:  rapid.SampledFrom([]time.Duration{100, 1500, 6000, 12000, 25000}).Draw(t, "lasts") * time.Millisecond,
	}
}

// befall does the mishap to the shard and takes it back; first is the operator's command.
func (c *cluster) befall(m mishap, first *command) {
	host := first.host
	switch m.target {
	case "topo":
		host = c.hosts["topo"]
	case "vtctld":
	default:
		for _, uid := range uids() {
			if m.target == fmt.Sprint(uid) {
				host = c.hosts[alias(uid).String()]
			}
			if m.target == fmt.Sprint("mysqld-", uid) {
				host = c.hosts[mysqld.HostName(alias(uid))]
			}
		}
	}
	c.env.Sleep(m.at)
	switch m.kind {
	case killed:
		host.Crash()
	case paused:
		host.Pause()
	case partitioned:
		for _, other := range append(others(), alias(100).String(), mysqld.HostName(alias(100)), "vtctld") {
			if other != host.Name() {
				c.net.Partition(host.Name(), other)
			}
		}
	}
	c.env.Sleep(m.lasts)
	switch m.kind {
	case killed:
		if host != first.host {
			host.Restart()
		}
	case paused:
		host.Resume()
	case partitioned:
		c.net.HealAll()
	}
}

// Whatever befalls a process or the network while a switch is under way, and in whatever state
// that leaves the shard: no two servers take writes at a time, the one that is opened has
// everything, terms do not go back, failures leave what they may leave, and a further switch
// makes a healthy shard that has every acknowledged write.
// spec
func TestPlannedSwitchAndMishaps(t *testing.T) {
	simtest.Checks(t, 40, 1000)
	rapid.Check(t, func(t *rapid.T) {
		m := drawMishap(t)
		p := profileOf(t, rapid.SampledFrom([]string{"v13", "v19", "v22", "v24"}).Draw(t, "release"))
		durability := rapid.SampledFrom([]string{"none", "semi_sync"}).Draw(t, "policy")
		wrt := rapid.SampledFrom([]time.Duration{0, 2, 5}).Draw(t, "wrt") * time.Second
		delay := rapid.SampledFrom([]time.Duration{0, 0, 500, 3000, 6000}).Draw(t, "delay") * time.Millisecond
		w := newWitness()
		w.graceful = true
		cfg := sim.Config{
			Seed: rapid.Uint64().Draw(t, "seed"), Sink: w,
			Chooser: explore.NewRandom(rapid.Uint64().Draw(t, "schedule"), true),
		}
		runCluster(t, cfg, p, durability, func(x *cluster) {
			x.write(3, 60*time.Millisecond)
			x.env.Sleep(500 * time.Millisecond)
			x.delay(101, delay)
			x.env.Sleep(500 * time.Millisecond)
			records, seen := x.watchRecord(), x.observe()
			term := x.tablets[100].Status().Term
			first := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101), WaitReplicasTimeout: wrt})
			x.befall(m, first)
			if m.kind != killed || m.target != "vtctld" {
				first.over.Wait()
				requireInTime(x, p.Defaults.RemoteOperationTimeout, wrt, m, first)
			}
			if m.kind == nothing {
				requireVerdict(x, first, term)
			}
			x.delay(101, 0)
			x.env.Sleep(35 * time.Second) // what is left of a drain, of retries of a start and of the topology's clients
			x.cure()
			x.requireOneWriter()
			require.Empty(x, *records, "terms of the shard's record that go back")
			requireOrderOfTerms(x, seen)
		})
		require.Empty(t, w.broken)
	})
}

// requireInTime bounds a command, unless the operator or the topology was away. spec: R-229
func requireInTime(c *cluster, rot, wrt time.Duration, m mishap, cmd *command) {
	if m.kind != nothing && (m.target == "vtctld" || m.target == "topo") {
		return
	}
	if wrt == 0 {
		wrt = flags.Defaults(c.release).VTCtld.WaitReplicasTimeout
	}
	const slack = 2 * time.Second
	require.LessOrEqual(c, cmd.took, 3*rot+4*wrt+slack)
}

// requireVerdict checks what a switch without mishaps leaves: on success everything follows the
// elect, on failure behind the demotion the old primary serves as before. spec
func requireVerdict(c *cluster, cmd *command, term topodata.Timestamp) {
	c.env.Sleep(time.Second)
	source := "source=false"
	if state, err := c.mysql[101].Client(c.env).SemiSync(); err == nil && state.Source {
		source = "source=true"
	}
	if cmd.err == nil {
		require.Equal(c, "PRIMARY serving=true read_only=false super=false "+source+" record=PRIMARY, no source", c.look(101))
		require.Contains(c, c.look(100), "record=REPLICA, from 101 ")
		require.Contains(c, c.look(102), "record=REPLICA, from 101 ")
		require.EqualValues(c, 101, c.named())
		return
	}
	if _, undone := cmd.result.Phase(reparent.PhaseUndo); undone {
		require.Contains(c, c.look(100), "PRIMARY serving=true read_only=false super=false ")
		require.Equal(c, term, c.tablets[100].Status().Term)
		require.Contains(c, c.look(101), "record=REPLICA, from 100 ")
	}
}

// requireOrderOfTerms checks that who hears all health messages hears of the elect's term as no
// older than the one before, and last of the elect alone as serving primary. spec: R-228
func requireOrderOfTerms(c *cluster, seen *[]message) {
	last := map[uint32]message{}
	for _, m := range *seen {
		last[m.uid] = m
	}
	for _, uid := range uids() {
		want := "REPLICA serving=true"
		if uid == 101 {
			want = "PRIMARY serving=true"
			require.False(c, last[uid].oldTerm)
		}
		require.Equal(c, want, last[uid].text, uid)
	}
}
