package sweep

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sources makes named files of texts.
func sources(texts ...[]byte) (list []Source) {
	for i, text := range texts {
		list = append(list, Source{Name: fmt.Sprintf("part%d", i+1), In: bytes.NewReader(text)})
	}
	return list
}

// merged merges texts and gives the bytes.
func merged(complete bool, texts ...[]byte) ([]byte, error) {
	var out bytes.Buffer
	err := Merge(sources(texts...), complete, WriteNDJSON(&out))
	return out.Bytes(), err
}

// The parts of a sweep, played apart, merge to the bytes of the whole.
func TestShardsMergeToTheWhole(t *testing.T) {
	r := small(t)
	all, _ := played(t, r, Options{})
	for _, of := range []int{1, 2, 4} {
		var parts [][]byte
		total := 0
		for i := range of {
			shard := Shard{i + 1, of}
			records, tally := played(t, r, Options{Shard: shard})
			require.Equal(t, shard.Size(r.Runs()), tally.Runs)
			total += tally.Runs
			parts = append(parts, encoded(t, records))
		}
		require.Equal(t, len(all), total)
		whole, err := merged(true, parts...)
		require.NoError(t, err)
		require.Equal(t, string(encoded(t, all)), string(whole))
	}
}

// Every run belongs to exactly one part, and the sizes add up.
func TestShardsPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, of := rapid.IntRange(0, 200).Draw(t, "runs"), rapid.IntRange(1, 20).Draw(t, "of")
		sum := 0
		for i := 1; i <= of; i++ {
			s, size := Shard{i, of}, 0
			for run := range n {
				if s.has(run) {
					size++
				}
			}
			require.Equal(t, size, s.Size(n))
			sum += size
		}
		require.Equal(t, n, sum)
	})
}

// What does not belong together is told with file and line.
func TestMergeMistakes(t *testing.T) {
	rec := func(point int, seed uint64) Record {
		return Record{Plan: "p", Version: "v", Points: 2, Seeds: "1-3", At: map[string]string{}, Point: point, Seed: seed}
	}
	text := func(records ...Record) []byte { return encoded(t, records) }
	other, newer, longer := rec(0, 2), rec(0, 2), rec(0, 2)
	other.Plan, newer.Version, longer.Seeds = "q", "w", "1-4"
	whole := text(rec(0, 1), rec(0, 2), rec(0, 3), rec(1, 1), rec(1, 2), rec(1, 3))
	for _, c := range []struct {
		what  string
		parts [][]byte
		want  string
	}{
		{"another plan", [][]byte{text(rec(0, 1)), text(other)}, "part2:1: the run is of plan q, but those of part1 are of plan p"},
		{"another version", [][]byte{text(rec(0, 1)), text(newer)}, "part2:1: the run was played by version w, but those of part1 by v"},
		{"other seeds", [][]byte{text(rec(0, 1)), text(longer)}, "part2:1: the run is of a plan with 2 points and seeds 1-4, but"},
		{"twice", [][]byte{text(rec(0, 1), rec(0, 2)), text(rec(0, 2))}, "part2:1: point 0, seed 2 is in part1:2, too"},
		{"out of order", [][]byte{text(rec(0, 2), rec(0, 1))}, "part1:2: point 0, seed 1 stands after point 0, seed 2"},
		{"beyond the plan", [][]byte{text(rec(2, 1))}, "part1:1: the plan has no point 2 with seed 1"},
		{
			"gaps",
			[][]byte{text(rec(0, 2), rec(1, 2))},
			"runs are missing:\npoint 0, seed 1 to point 0, seed 1\npoint 0, seed 3 to point 1, seed 1\npoint 1, seed 3 to point 1, seed 3",
		},
		{"cut off", [][]byte{whole[:len(whole)-10]}, "part1:6:"},
		{"no record", [][]byte{[]byte("{\"pla\": 1}\n")}, "part1:1:"},
	} {
		_, err := merged(true, c.parts...)
		require.ErrorContains(t, err, c.want, c.what)
	}
	_, err := merged(true, whole)
	require.NoError(t, err)
	_, err = merged(false, text(rec(0, 2), rec(1, 3)))
	require.NoError(t, err, "gaps are allowed if asked for")
	out, err := merged(true)
	require.NoError(t, err)
	require.Empty(t, out)
}

func TestParseShard(t *testing.T) {
	s, err := ParseShard("2/8")
	require.NoError(t, err)
	require.Equal(t, Shard{2, 8}, s)
	require.Equal(t, "2/8", s.String())
	for _, text := range []string{"", "2", "0/8", "9/8", "a/8", "2/b", "2/8/3"} {
		_, err := ParseShard(text)
		require.ErrorContains(t, err, "write 2/8", text)
	}
}

// The task of a batch system plays its part; what the system does not say must be
// given.
func TestShardFromEnvironment(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for _, p := range pairs {
				if value, ok := strings.CutPrefix(p, name+"="); ok {
					return value
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		text string
		env  func(string) string
		want Shard
		err  string
	}{
		{"auto/8", env("JOB_COMPLETION_INDEX=0"), Shard{1, 8}, ""},
		{"auto/8", env("JOB_COMPLETION_INDEX=7"), Shard{8, 8}, ""},
		{"auto", env("JOB_COMPLETION_INDEX=7"), Shard{}, "does not say how many"},
		{"auto/4", env("JOB_COMPLETION_INDEX=7"), Shard{}, `"8/4"`},
		{"auto", env("SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_COUNT=4"), Shard{3, 4}, ""},
		{"auto", env("SLURM_ARRAY_TASK_ID=0", "SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_COUNT=4"), Shard{1, 4}, ""},
		{"auto", env("SLURM_ARRAY_TASK_ID=x"), Shard{}, "not a number"},
		{"auto/2", env(), Shard{}, "neither is set"},
	} {
		s, err := ShardFromEnvironment(c.text, c.env)
		require.Equal(t, c.want, s)
		if c.err == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.err)
		}
	}
}

// A file of records goes on where it ended; a line cut in half is dropped and its
// run played again. Files of other plans are refused and left as they are.
func TestFile(t *testing.T) {
	r := small(t)
	all, _ := played(t, r, Options{})
	path := filepath.Join(t.TempDir(), "runs.ndjson")
	f, err := OpenFile(path, r, false)
	require.NoError(t, err)
	require.NoError(t, f.Write(all[0]))
	require.NoError(t, f.Close())
	_, err = OpenFile(path, r, false)
	require.ErrorContains(t, err, "is there already; add --resume")

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, text[:20]...), 0o644))
	f, err = OpenFile(path, r, true)
	require.NoError(t, err)
	require.True(t, f.Dropped)
	require.Equal(t, []Record{counted(all[0])}, f.Had)
	require.NoError(t, f.Write(all[1]))
	require.NoError(t, f.Close())
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(encoded(t, all[:2])), string(text))

	_, err = OpenFile(os.DevNull, r, true)
	require.ErrorContains(t, err, "is no file that records can be kept in")

	other := resolved(t, "vary: {buffer-window: 3s}\n")
	_, err = OpenFile(path, other, true)
	require.ErrorContains(t, err, "runs.ndjson:1: the run is of plan "+r.Hash+", but this plan is "+other.Hash)
	same, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(text), string(same))
	require.ErrorContains(t, r.owns(Record{Version: "0"}), "played by version 0")
	longer, beyond := all[0], all[0]
	longer.Seeds, beyond.Point = "1-9", 2
	require.ErrorContains(t, r.owns(longer), "one of seeds 1-9, but this plan has 1-3")
	require.ErrorContains(t, r.owns(beyond), "no point 2")
}
