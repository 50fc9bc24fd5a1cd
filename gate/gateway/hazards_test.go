package gateway_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/vterr"
)

const endedByMaximum = `stops{keyspace="ks",reason="MaxDurationExceeded",shard_name="0"}`

// Terms are whole seconds. If the old primary and the new one have the same, and buffering began
// by a refusal, the watcher never sees the end: requests go to the new primary, which the health
// check lists, but only when their windows end. spec: D-93, D-33, D-56
func TestPromotionWithinOneSecond(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.refuse(s.a, vterr.ShuttingDown()) })
		s.request(1.1)
		s.at(2, func() {
			s.b.Type = s.a.Type
			s.b.Say(true, 100)
		})
		s.request(15)
		s.request(30)
	})
	require.Equal(t, []string{"11.1s ok", "21.1s ok", "30s ok"}, s.answers)
	require.EqualValues(t, 1, s.metric(endedByMaximum))
}

// A new primary whose clock is behind the old one's term is refused while the old one is listed:
// an external switch that nobody told the old primary of lasts until that speaks.
// spec: D-94, D-33, D-34
func TestPromotionByASlowClock(t *testing.T) {
	readOnly := vterr.ServerReadOnly("--read-only", "", "")
	text := " " + vterr.ForTarget(readOnly, "ks.0.primary").Error()
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.refuse(s.a, readOnly) })
		s.request(1.1)
		s.at(2, func() {
			s.b.Type = s.a.Type
			s.b.Say(true, 90)
		})
		s.request(15)
		s.request(30)
		s.at(40, func() {
			s.a.Say(false, 100)
			s.b.Say(true, 90)
		})
		s.request(41)
	})
	require.Equal(t, []string{"11.1s" + text, "21.1s" + text, "30s" + text, "41s ok"}, s.answers)
	require.EqualValues(t, 1, s.metric(endedByMaximum))
}

// Nobody tells the watcher that a tablet was removed: it believes in the primary for ever, and
// requests fail at once, unheld. spec: D-37, D-95, G-24c, G-44
func TestDeletedPrimary(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.hc.RemoveTablet(s.a.Record.Alias) })
		s.request(2)
		s.request(70)
		s.at(71, s.promoteB)
		s.request(72)
	})
	const text = " target: ks.0.primary: inconsistent state detected, primary is serving but initially found no available tablet"
	require.Equal(t, []string{"2s" + text, "1m10s" + text, "1m12s ok"}, s.answers)
	require.Zero(t, s.metric(`starts{keyspace="ks",shard_name="0"}`))
}

// A primary that was away for forty seconds and comes back by itself is found again up to that
// much later, long after buffering has ended. spec: D-12, D-101
func TestSlowRediscovery(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, s.a.Crash)
		s.request(5)
		s.at(41, func() {
			s.a.Down = false
			s.a.Say(true, 100)
		})
		s.request(42)
		s.request(66)
		s.request(67) // tries at 1s + (2 ms + 4 ms + ... + 32.768 s) = 66.534s
	})
	require.Equal(t, []string{"15s " + reparentText, "42s " + reparentText, "1m6s " + reparentText, "1m7s ok"}, s.answers)
}
