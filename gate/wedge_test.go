package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// script lets things happen at seconds of a story, and collects the answers of statements, each
// with the second at which it came.
type script struct {
	*cluster
	answers []string
}

func (s *script) at(second float64, fn func()) {
	s.env.Go("at", func() {
		s.env.SleepUntil(sim.Time(second * float64(time.Second)))
		fn()
	})
}

func (s *script) insert(second float64) {
	s.at(second, func() {
		answer := s.connect("commerce").do(query.VerbInsert)
		s.answers = append(s.answers, fmt.Sprintf("%v %s", time.Duration(s.env.Now()).Truncate(100*time.Millisecond), answer))
	})
}

// wedged plays a story of the shard's primary until a second, with the flags of the latest
// release and buffering.
func wedged(t *testing.T, until float64, story func(s *script, primary *gatetest.Tablet), more ...setup) *script {
	t.Helper()
	s := &script{}
	s.cluster = play(t, unsharded(), []string{"0"}, func(c *cluster) {
		s.cluster = c
		story(s, c.tablets["zone1-100"])
		c.env.SleepUntil(sim.Time(until * float64(time.Second)))
	}, append([]setup{buffering}, more...)...)
	return s
}

// stops says how often buffering ended for a reason.
func (s *script) stops(reason string) int64 {
	return s.gate.Snapshot().Map()[fmt.Sprintf(`vtgate_buffer_stops{keyspace="commerce",reason="%s",shard_name="0"}`, reason)]
}

// What is the same in all four ways into W-1: the primary serves with its old term, and nothing
// ends the buffering before its maximum.
func (s *script) requireWedge(t *testing.T, starts int64) {
	t.Helper()
	require.Equal(t, starts, s.gate.Snapshot().Map()[`vtgate_buffer_starts{keyspace="commerce",shard_name="0"}`])
	require.Equal(t, starts, s.stops("MaxDurationExceeded"))
	require.Zero(t, s.stops("NewPrimarySeen"))
}

// The mysqld of the primary dies and is back a second later: the first statement after the
// not-serving message starts buffering, and the serving message has the old term.
// spec: D-87
func TestWedgeAfterRestartOfMySQL(t *testing.T) {
	s := wedged(t, 40, func(s *script, primary *gatetest.Tablet) {
		s.at(2, func() { primary.Say(false, 1000) })
		s.insert(2.1)
		s.at(3, func() { primary.Say(true, 1000) })
		s.insert(5)
		s.insert(15)
		s.insert(30)
	})
	require.Equal(t, []string{"12.1s ok", "15s ok", "22.1s ok", "30s ok"}, s.answers)
	s.requireWedge(t, 1)
}

// The primary is read-only for two seconds. No health message comes. The statement that met the
// error gets it back after its window; those that were held go through. spec: D-87, G-31, G-70
func TestWedgeAfterReadOnlyFlip(t *testing.T) {
	s := wedged(t, 40, func(s *script, primary *gatetest.Tablet) {
		s.at(2, func() { primary.Answer = refusing(vterr.ServerReadOnly("--read-only", "", "")) })
		s.insert(2.1)
		s.at(4, func() { primary.Answer = nil })
		s.insert(5)
		s.insert(15)
		s.insert(30)
	})
	require.Equal(t, []string{
		"12.1s 1290 target: commerce.0.primary: vttablet: rpc error: code = Code(17) desc = The MySQL server is running with the --read-only option so it cannot execute this statement (errno 1290) (sqlstate HY000)",
		"15s ok", "22.1s ok", "30s ok",
	}, s.answers)
	s.requireWedge(t, 1)
}

// A demotion is undone after buffering has ended by its maximum and begun again: both
// not-serving messages came before the second start. spec: D-87
func TestWedgeAfterSecondStart(t *testing.T) {
	s := wedged(t, 50, func(s *script, primary *gatetest.Tablet) {
		s.at(2, func() { primary.Answer = refusing(vterr.ShuttingDown()) })
		s.insert(2.1)
		s.at(5, func() { primary.Say(false, 1000) })
		s.at(5.2, func() { primary.Say(false, 1000) })
		s.insert(23.5) // buffering ended at 22.1 s
		s.at(25, func() {
			primary.Answer = nil
			primary.Say(true, 1000)
		})
		s.insert(26)
		s.insert(45)
	}, func(f *flags.Set, _ *release.Profile) {
		f.VTGate.BufferMinTimeBetweenFailovers = time.Second
	})
	require.Equal(t, []string{
		"12.1s 1105 target: commerce.0.primary: primary is not serving, there may be a reparent operation in progress",
		"33.5s ok", "36s ok", "45s ok",
	}, s.answers)
	s.requireWedge(t, 2)
}

// A demotion under very low traffic: the first statement comes between the last not-serving
// message and the undoing. A health message in between saves it. spec: D-87
func TestWedgeAfterUndoneDemotionWhenIdle(t *testing.T) {
	for _, tick := range []bool{false, true} {
		s := wedged(t, 40, func(s *script, primary *gatetest.Tablet) {
			s.at(2, func() { primary.Say(false, 1000) })
			s.at(2.3, func() { primary.Say(false, 1000) })
			s.insert(4.9)
			if tick {
				s.at(6, func() { primary.Say(false, 1000) })
			}
			s.at(8.3, func() { primary.Say(true, 1000) })
			s.insert(20)
			s.insert(30)
		})
		if tick {
			require.Equal(t, []string{"8.3s ok", "20s ok", "30s ok"}, s.answers)
			require.EqualValues(t, 1, s.stops("NewPrimarySeen"))
			continue
		}
		require.Equal(t, []string{"14.9s ok", "24.9s ok", "30s ok"}, s.answers)
		s.requireWedge(t, 1)
	}
}
