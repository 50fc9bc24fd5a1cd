package conform_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
	"bufsim/model/release"
	"bufsim/sim/explore"
)

const dir = "../../testdata/conformance/buffer"

func load[V any](t *testing.T, pattern string) []V {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var all []V
	for _, path := range paths {
		vectors, err := conform.Load[V](path)
		require.NoError(t, err)
		all = append(all, vectors...)
	}
	return all
}

// handGroups are the files of hand-written schedules.
func handGroups() []string {
	return []string{"window", "full", "drain", "toorecent", "cancel", "dryrun", "filter", "shutdown", "multishard", "mixed"}
}

func TestHandWrittenSchedules(t *testing.T) {
	total := 0
	for _, group := range handGroups() {
		vectors := load[conform.BufferVector](t, "hand-"+group+".jsonl")
		total += len(vectors)
		for _, v := range vectors {
			t.Run(v.ID, func(t *testing.T) {
				r := conform.CheckBuffer(v, conform.Newest())
				require.True(t, r.Passed, r.String())
			})
		}
	}
	require.Equal(t, 127, total, "vectors in the files")
}

func TestRandomSchedules(t *testing.T) {
	vectors := load[conform.BufferVector](t, "random.jsonl.gz")
	require.Len(t, vectors, 800)
	for _, v := range vectors {
		r := conform.CheckBuffer(v, conform.Newest())
		require.True(t, r.Passed, r.String())
	}
}

// What was recorded depends on no scheduling decision.
func TestOrderOfTasksDoesNotMatter(t *testing.T) {
	vectors := load[conform.BufferVector](t, "random.jsonl.gz")[:200]
	for _, group := range handGroups() {
		vectors = append(vectors, load[conform.BufferVector](t, "hand-"+group+".jsonl")...)
	}
	for seed := range uint64(2) {
		for _, v := range vectors {
			r := conform.CheckBufferUnder(v, conform.Newest(), explore.NewRandom(seed, true), "random")
			require.True(t, r.Passed, "seed %d: %s", seed, r.String())
		}
	}
}

func TestRacySchedules(t *testing.T) {
	vectors := load[conform.BufferVector](t, "racy*")
	require.Len(t, vectors, 25+43)
	for _, v := range vectors {
		r := conform.CheckBuffer(v, conform.Newest())
		require.True(t, r.Passed, r.String())
		require.Equal(t, "default", r.Schedule, "the default schedule is in every list: %s", r.String())
	}
}

func TestClassification(t *testing.T) {
	vectors := load[conform.ClassifyVector](t, "hand-classify.jsonl")
	require.Len(t, vectors, 44)
	for _, v := range vectors {
		r := conform.CheckClassify(v, conform.Newest())
		require.True(t, r.Passed, r.String())
	}
}

func TestStartUpChecks(t *testing.T) {
	vectors := load[conform.FlagsVector](t, "hand-flags.jsonl")
	require.Len(t, vectors, 33)
	for _, v := range vectors {
		r := conform.CheckFlags(v, release.Latest())
		require.True(t, r.Passed, r.String())
	}
}
