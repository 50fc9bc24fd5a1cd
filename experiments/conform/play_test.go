package conform_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
	"bufsim/sim/simtest"
)

// corpus are all files of vectors.
func corpus(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/conformance/*/*.jsonl*")
	require.NoError(t, err)
	require.Len(t, files, 19)
	return files
}

// Kinds are told apart by content alone, and every recorded vector passes.
func TestWholeCorpus(t *testing.T) {
	r := conform.Play(corpus(t), 0)
	require.Empty(t, r.Unreadable)
	require.Equal(t, "1711 passed, 0 failed\n", r.Text())
	kinds := map[conform.Kind]int{}
	for _, v := range r.Verdicts {
		kinds[v.Kind]++
	}
	require.Equal(t, map[conform.Kind]int{
		conform.KindBuffer: 127 + 800 + 25 + 43, conform.KindFlags: 33, conform.KindClassify: 44, conform.KindDiscovery: 51 + 300 + 38 + 250,
	}, kinds)
}

// Random schedules bring about every listed outcome, and none that no rule allows.
// spec: C-1, C-2, C-8, B-29, B-31
func TestReach(t *testing.T) {
	seeds := 100
	if simtest.Nightly() {
		seeds = 1000
	}
	files, err := filepath.Glob(dir + "/racy*")
	require.NoError(t, err)
	r := conform.Play(files, seeds)
	listed, reached := 0, 0
	for _, v := range r.Reach {
		require.Equal(t, seeds, v.Seeds)
		listed, reached = listed+v.Listed, reached+v.Reached
		for _, u := range v.Unlisted {
			require.NotEmpty(t, u.Rule, "%s under %s: %v", v.ID, u.Schedule, u.Diffs)
		}
	}
	require.Equal(t, 182, listed)
	require.Equal(t, listed, reached)
}

// An outcome that no rule is known to allow is told as such.
func TestUnexplainedOutcome(t *testing.T) {
	for _, v := range load[conform.BufferVector](t, "racy.jsonl") {
		if len(v.ExpectOneOf) < 2 {
			continue
		}
		whole := conform.MeasureReach(v, conform.Newest(), 40)
		v.ExpectOneOf = v.ExpectOneOf[:1]
		r := conform.MeasureReach(v, conform.Newest(), 40)
		if whole.Reached == whole.Listed && whole.Unlisted == nil {
			require.NotEmpty(t, r.Unlisted, v.ID)
			require.Empty(t, r.Unlisted[0].Rule)
			require.Contains(t, (&conform.Report{Reach: []conform.Reach{r}}).Text(), "unexplained")
			return
		}
	}
	t.Fatal("no vector reaches all its outcomes in 40 schedules")
}

func TestReportDoesNotDependOnCores(t *testing.T) {
	files := []string{dir + "/hand-full.jsonl", dir + "/racy.jsonl"}
	before := runtime.GOMAXPROCS(1)
	one := conform.Play(files, 5)
	runtime.GOMAXPROCS(4)
	four := conform.Play(files, 5)
	runtime.GOMAXPROCS(before)
	require.Equal(t, one, four)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func firstLines(t *testing.T, file string, n int) []string {
	t.Helper()
	text, err := os.ReadFile(dir + "/" + file)
	require.NoError(t, err)
	return strings.SplitN(string(text), "\n", n+1)[:n]
}

// A broken line costs nothing but itself.
func TestBrokenLines(t *testing.T) {
	good := firstLines(t, "hand-window.jsonl", 2)
	for what, line := range map[string]string{
		"unexpected":           `{"id":"half",`,
		"after top-level":      good[0] + "{}",
		"unknown field":        strings.Replace(good[0], `"end"`, `"ende"`, 1),
		"no steps":             `{"id":"nothing"}`,
		"no id":                strings.Replace(good[0], `"id":"hand/window-single",`, "", 1),
		"unknown op":           strings.Replace(good[0], `"op":"probe"`, `"op":"prod"`, 1),
		"nothing to compare":   `{"id":"x","steps":[],"end":"1s"}`,
		"no number of seconds": strings.Replace(good[0], `"at":"9.99s"`, `"at":"soon"`, 1),
		"needs tablets":        `{"id":"x","config":{"keyspaces_at_start":["ks"]},"steps":[{"op":"request"}],"expect":{}}`,
		"is not one of":        `{"id":"x","config":{"keyspaces_at_start":["ks"]},"tablets":[{"alias":"zone1-1","type":"primary"}],"steps":[{"op":"stream_end","tablet":"zone1-2"}],"expect":{}}`,
		"invalid tablet alias": `{"id":"x","config":{"keyspaces_at_start":["ks"]},"tablets":[{"alias":"?","type":"primary"}],"expect":{},"steps":[]}`,
		"unknown mode":         `{"id":"x","config":{"keyspaces_at_start":["ks"]},"steps":[{"op":"tablet_mode","mode":"odd"}],"expect":{}}`,
	} {
		path := write(t, "v.jsonl", good[0]+"\n\n"+line+"\n"+good[1])
		vectors, problems := conform.ReadFile(path)
		require.Len(t, vectors, 2, what)
		require.Equal(t, 4, vectors[1].Line)
		require.Len(t, problems, 1, what)
		require.Contains(t, problems[0].String(), path+":3: ")
		require.Contains(t, problems[0].What, what)
		require.NotEmpty(t, problems[0].Fix)
	}
}

func TestBrokenFiles(t *testing.T) {
	text := strings.Join(firstLines(t, "hand-window.jsonl", 2), "\n")
	var packed strings.Builder
	zip := gzip.NewWriter(&packed)
	_, err := zip.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	whole := packed.String()

	for name, c := range map[string]struct {
		path, problem string
		vectors       int
	}{
		"packed under a plain name": {write(t, "v.jsonl", whole), "", 2},
		"plain under a packed name": {write(t, "v.jsonl.gz", text), "", 2},
		"cut off":                   {write(t, "cut.gz", whole[:len(whole)-30]), "unexpected EOF", 0},
		"only the head of gzip":     {write(t, "head.gz", whole[:5]), "unexpected EOF", 0},
		"empty":                     {write(t, "empty", "\n\n"), "no vector", 0},
		"missing":                   {"nowhere.jsonl", "no such file", 0},
		"directory":                 {t.TempDir(), "is a directory", 0},
	} {
		vectors, problems := conform.ReadFile(c.path)
		if c.problem == "" {
			require.Empty(t, problems, name)
			require.Len(t, vectors, c.vectors, name)
			continue
		}
		require.Len(t, problems, 1, name)
		require.Contains(t, problems[0].What, c.problem, name)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"hand-window.jsonl", "hand-flags.jsonl", "hand-classify.jsonl"} {
		text, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:len(text)/8])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		vectors, problems := conform.Read("v", bytes.NewReader(text))
		require.NotZero(t, len(vectors)+len(problems))
	})
}
