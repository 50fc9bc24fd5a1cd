package sweep

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// heapInUse is the heap that is still needed, in bytes.
func heapInUse() float64 {
	runtime.GC()
	runtime.GC() // what finalizers of the first one let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// seeded is a plan of one point with some seeds.
func seeded(t testing.TB, seeds string) *Resolved {
	t.Helper()
	axis, err := ParseAxis("clients", "2")
	require.NoError(t, err)
	p := Plan{Vary: Axes{axis}, Seeds: seeds}
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	return r
}

// A sweep keeps one number a run, for the bootstrap, and nothing of what made it: four times
// the runs need as much memory. A run that was kept, with its journal, has 20 KiB and more; a
// record has one.
func TestMemoryDoesNotGrowWithRuns(t *testing.T) {
	retained := func(seeds string) float64 {
		r := seeded(t, seeds)
		before := heapInUse()
		tally, err := Run(context.Background(), r, Options{Write: func(Record) error { return nil }})
		require.NoError(t, err)
		grown := heapInUse() - before
		runtime.KeepAlive(tally)
		return grown
	}
	retained("1-10") // pools and tables of the first runs
	few, many := retained("1-50"), retained("1-200")
	require.Less(t, many-few, 150*250.0, "bytes: %.0f after 50 runs, %.0f after 200", few, many)
}

// The tally itself needs eight bytes a run, and twice as many while it grows.
func TestTallyKeepsOneNumberARun(t *testing.T) {
	const runs = 100_000
	r := seeded(t, "1-2")
	tally := NewTally(r)
	before := heapInUse()
	for seed := range uint64(runs) {
		rec := r.blank(0, seed)
		rec.ErrorRate, rec.IdleFaults = 0.25, []string{"at 6s crash gate-1"}
		tally.Add(rec)
	}
	require.Less(t, (heapInUse()-before)/runs, 16.5)
	runtime.KeepAlive(tally)
}

// Going on with a file costs memory for what it counts of each run, not for its text.
func TestResumeKeepsLittle(t *testing.T) {
	const runs = 20_000
	r := seeded(t, "1-20000")
	path := filepath.Join(t.TempDir(), "runs.ndjson")
	f, err := OpenFile(path, r, false)
	require.NoError(t, err)
	for seed := range uint64(runs) {
		require.NoError(t, f.Write(r.blank(0, seed+1)))
	}
	require.NoError(t, f.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	before := heapInUse()
	f, err = OpenFile(path, r, true)
	require.NoError(t, err)
	require.Len(t, f.Had, runs)
	require.Less(t, (heapInUse()-before)/runs, 500.0, "bytes a run; the file has %d", info.Size()/runs)
	require.NoError(t, f.Close())
}

// A run that takes long does not make the records behind it pile up.
func TestRecordsDoNotPileUp(t *testing.T) {
	s := &session{next: 0}
	ctx, cancel := context.WithCancel(context.Background())
	require.True(t, s.near(ctx, ahead))
	cancel()
	require.False(t, s.near(ctx, ahead+1), "nobody waits after an interrupt")
}

// BenchmarkSweepMemory says how much heap is in use after 500 and after 5000 runs of a sweep.
func BenchmarkSweepMemory(b *testing.B) {
	for b.Loop() {
		r := seeded(b, "1-5000")
		done := 0
		_, err := Run(context.Background(), r, Options{Write: func(Record) error {
			if done++; done == 500 || done == 5000 {
				b.ReportMetric(heapInUse()/(1<<20), map[int]string{500: "MiB-after-500", 5000: "MiB-after-5000"}[done])
			}
			return nil
		}})
		require.NoError(b, err)
	}
}
