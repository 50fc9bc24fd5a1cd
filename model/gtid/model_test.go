package gtid_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/gtid"
)

// number is one transaction; naive is the obvious set of them, the oracle of this file.
type (
	number struct {
		server uint32
		n      int64
	}
	naive map[number]bool
)

// drawSet draws a set together with its oracle. Few servers and small numbers make touching
// and overlapping intervals likely.
func drawSet(t *rapid.T, label string) (gtid.Set, naive) {
	var s gtid.Set
	oracle := naive{}
	for range rapid.IntRange(0, 8).Draw(t, label+".ranges") {
		server := rapid.Uint32Range(1, 3).Draw(t, label+".server")
		first := rapid.Int64Range(-1, 30).Draw(t, label+".first")
		last := first + rapid.Int64Range(-1, 6).Draw(t, label+".length")
		s.AddRange(gtid.ServerUUID(server), first, last)
		for n := max(first, 1); n <= last; n++ {
			oracle[number{server, n}] = true
		}
	}
	return s, oracle
}

func (o naive) set() gtid.Set {
	var s gtid.Set
	for n := range o { // order-free: sets do not depend on the order of additions
		s.Add(gtid.ServerUUID(n.server), n.n)
	}
	return s
}

func filter(a naive, keep func(number) bool) naive {
	out := naive{}
	for n := range a {
		if keep(n) {
			out[n] = true
		}
	}
	return out
}

// Every operation agrees with maps of numbers, and leaves its operands alone.
// spec: T-102
func TestSetsAgreeWithMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, oa := drawSet(t, "a")
		b, ob := drawSet(t, "b")
		textA, textB := a.String(), b.String()
		server := rapid.Uint32Range(1, 3).Draw(t, "server")
		n := rapid.Int64Range(0, 40).Draw(t, "n")
		same := func(what string, got gtid.Set, want naive) {
			require.Equal(t, want.set().String(), got.String(), what)
			require.EqualValues(t, len(want), got.Count(), what)
		}
		union := filter(oa, func(number) bool { return true })
		for n := range ob {
			union[n] = true
		}
		same("a", a, oa)
		same("union", a.Union(b), union)
		same("intersect", a.Intersect(b), filter(oa, func(n number) bool { return ob[n] }))
		same("difference", a.Difference(b), filter(oa, func(n number) bool { return !ob[n] }))
		same("without", a.Without(gtid.ServerUUID(server)), filter(oa, func(n number) bool { return n.server != server }))
		require.Equal(t, len(filter(ob, func(n number) bool { return !oa[n] })) == 0, a.Contains(b), "contains")
		require.Equal(t, a.String() == b.String(), a.Equal(b), "equal")
		require.Equal(t, oa[number{server, n}], a.Has(gtid.ServerUUID(server), n), "has")

		require.Equal(t, textA, a.String(), "the left operand is as before")
		require.Equal(t, textB, b.String(), "the right operand is as before")
	})
}

// What happens to a clone does not happen to the original, and the other way round.
func TestCloneSharesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := drawSet(t, "a")
		b, _ := drawSet(t, "b")
		text, clone := a.String(), a.Clone()
		clone.AddSet(b)
		clone.Remove(gtid.ServerUUID(1))
		require.Equal(t, text, a.String())
		clone = a.Clone()
		a.AddSet(b)
		a.Remove(gtid.ServerUUID(2))
		require.Equal(t, text, clone.String())
	})
}

// Sets that were made by an operation can be changed without changing the operands.
func TestResultsShareNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := drawSet(t, "a")
		b, _ := drawSet(t, "b")
		textA, textB := a.String(), b.String()
		for _, out := range []gtid.Set{a.Union(b), a.Intersect(b), a.Difference(b), a.Without(gtid.ServerUUID(1))} {
			out.AddRange(gtid.ServerUUID(1), 1, 50)
			out.Remove(gtid.ServerUUID(2))
			out.AddRange(gtid.ServerUUID(3), 1, 50)
		}
		require.Equal(t, textA, a.String())
		require.Equal(t, textB, b.String())
	})
}

// All pairs of sets of one server's first six transactions: each end of each interval may be
// off by one in either set.
// spec: T-102
func TestSmallSetsAgreeWithBits(t *testing.T) {
	const count = 6
	sets := make([]gtid.Set, 1<<count)
	for bits := range sets {
		for n := range count {
			if bits>>n&1 == 1 {
				sets[bits].Add(gtid.ServerUUID(1), int64(n+1))
			}
		}
	}
	for a := range sets {
		for b := range sets {
			require.Equal(t, b&^a == 0, sets[a].Contains(sets[b]), "%v contains %v", sets[a], sets[b])
			require.True(t, sets[a|b].Equal(sets[a].Union(sets[b])), "%v and %v", sets[a], sets[b])
			require.True(t, sets[a&b].Equal(sets[a].Intersect(sets[b])), "%v within %v", sets[a], sets[b])
			require.True(t, sets[a&^b].Equal(sets[a].Difference(sets[b])), "%v without %v", sets[a], sets[b])
		}
	}
}
