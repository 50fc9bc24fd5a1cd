package simtest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// update rewrites the files of expected hashes instead of comparing with them.
var update = flag.Bool("update-hashes", false, "write the hashes of this run into the files of expected ones")

// Hashes compares the fingerprints of runs, by name, with the lines "name hash" of
// a committed file. The same test in another configuration (GOMAXPROCS, race
// detector, architecture, coroutine back end) then compares with the same runs.
func Hashes(t testing.TB, file string, got map[string]uint64) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(got)) {
		fmt.Fprintf(&b, "%s %016x\n", name, got[name])
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\nwrite it with -update-hashes", err)
	}
	if diff := compareLines(string(want), b.String()); diff != "" {
		t.Errorf("hashes differ from %s:\n%sIf the change is meant, run the test with -update-hashes.", file, diff)
	}
}

// compareLines lists the lines of want that got lacks, and the other way round.
func compareLines(want, got string) string {
	w, g := strings.Split(strings.TrimSpace(want), "\n"), strings.Split(strings.TrimSpace(got), "\n")
	diff := ""
	for _, line := range w {
		if !slices.Contains(g, line) {
			diff += "  expected " + line + "\n"
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			diff += "  got      " + line + "\n"
		}
	}
	return diff
}
