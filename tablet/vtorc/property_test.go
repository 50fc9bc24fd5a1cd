package vtorc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim/simtest"
)

// trouble is one fault of the property: something happens to a machine, and is over after a
// while.
type trouble struct {
	what string
	uid  uint32
	at   time.Duration
	last time.Duration
}

func (f trouble) String() string {
	return fmt.Sprintf("%s %d at %v for %v", f.what, f.uid, f.at, f.last)
}

// begin makes it happen and gives what ends it.
func (f trouble) begin(c *cluster) (end func()) {
	vttablet, mysqld := c.hosts[tabletHost(f.uid)], c.hosts[mysqlHost(f.uid)]
	switch f.what {
	case "kill vttablet":
		vttablet.Crash()
		return vttablet.Restart
	case "kill mysqld":
		mysqld.Crash()
		return mysqld.Restart
	case "kill machine":
		c.crashMachine(f.uid)
		return func() { mysqld.Restart(); vttablet.Restart() }
	case "pause vttablet":
		vttablet.Pause()
		return vttablet.Resume
	case "pause machine":
		vttablet.Pause()
		mysqld.Pause()
		return func() { mysqld.Resume(); vttablet.Resume() }
	default:
		c.isolate(f.uid, c.names()...)
		return func() {
			for _, other := range c.names() {
				c.net.Heal(tabletHost(f.uid), other)
				c.net.Heal(mysqlHost(f.uid), other)
			}
		}
	}
}

// drawFaults draws one to four faults. Apart, each begins half a minute after the end of the one
// before; else it begins at any time after the beginning of that one, if it befalls another
// machine.
func drawFaults(t *rapid.T, apart bool) []trouble {
	var faults []trouble
	for range rapid.IntRange(1, 4).Draw(t, "faults") {
		f := trouble{
			what: rapid.SampledFrom([]string{"kill vttablet", "kill mysqld", "kill machine", "pause vttablet", "pause machine", "partition"}).Draw(t, "what"),
			uid:  rapid.SampledFrom([]uint32{100, 100, 101, 102}).Draw(t, "uid"),
			at:   2*time.Second + drawTime(t, "pause"),
			last: drawTime(t, "last"),
		}
		for _, before := range faults {
			f.at = max(f.at, before.at)
			if apart || before.uid == f.uid {
				f.at = max(f.at, before.at+before.last+30*time.Second)
			}
		}
		faults = append(faults, f)
	}
	return faults
}

// drawTime draws a time of any order between a fraction of a poll and several leases.
func drawTime(t *rapid.T, label string) time.Duration {
	order := rapid.SampledFrom([]time.Duration{100 * time.Millisecond, time.Second, 7 * time.Second, 15 * time.Second, 30 * time.Second, 75 * time.Second})
	return order.Draw(t, label) + time.Duration(rapid.Int64Range(0, 999).Draw(t, label+" ms"))*time.Millisecond
}

// recoveryBound is how long after the last fault the shard may take: a lock of a dead holder
// (30 s), a stuck demotion or refresh (15 s each, a few of them one after the other), and the
// retries of a stale primary (30 s apart).
const recoveryBound = 3 * time.Minute

// Faults befall the machines of a shard while one or two VTOrcs watch it. After the last fault
// is over, the shard has within a bound exactly one tablet that serves as primary with a
// writable MySQL, and it acknowledges new writes. Under semi_sync that holds if the faults are
// apart: with two machines away commits hang, unacknowledged commits may end up everywhere but
// on the promoted tablet, so that nobody can follow it (F11, R-126), and a primary that hangs
// keeps VTOrc from starting the replicas that it waits for.
//
// If the faults are apart, semi_sync loses no acknowledged write, either: at most one tablet is
// away at a time, so each emergency reaches one that acknowledged the write, and its relay log
// is there, since no applier stands still.
// spec
func TestFaultsAreSurvived(t *testing.T) {
	simtest.Checks(t, 30, 1000)
	rapid.Check(t, func(t *rapid.T) {
		s := setting{
			seed:       rapid.Uint64Range(0, 1000).Draw(t, "seed"),
			release:    rapid.SampledFrom([]string{"v20", "v22", "v24"}).Draw(t, "release"),
			durability: rapid.SampledFrom([]string{"semi_sync", "none"}).Draw(t, "durability"),
			vtorcs:     rapid.IntRange(1, 2).Draw(t, "vtorcs"),
		}
		apart := s.durability == "semi_sync" || rapid.Bool().Draw(t, "apart")
		faults := drawFaults(t, apart)
		run(t, s, func(c *cluster) {
			defer func() {
				if len(c.failures) > 0 {
					c.failures = append(c.failures, fmt.Sprint(s, faults), strings.Join(c.story(), "\n"))
				}
			}()
			c.write(2, 200*time.Millisecond)
			group := c.env.NewWaitGroup("faults")
			for _, f := range faults {
				group.Go("fault", func() {
					c.env.Sleep(f.at)
					end := f.begin(c)
					c.env.Sleep(f.last)
					end()
				})
			}
			group.Wait()
			primary := c.settles()
			if c.durability == "semi_sync" {
				require.Empty(c, c.lost(primary))
			}
		})
	})
}

// settles waits for exactly one serving, writable primary that stays and acknowledges, and gives
// it.
func (c *cluster) settles() (primary uint32) {
	c.within(recoveryBound, "one primary takes writes", func() bool {
		list := c.writable()
		if len(list) != 1 || len(c.serving()) != 1 {
			return false
		}
		primary = list[0]
		answers := len(c.acknowledged)
		c.env.Sleep(15 * time.Second)
		return slices.Equal(c.writable(), list) && len(c.acknowledged) > answers
	})
	return primary
}
