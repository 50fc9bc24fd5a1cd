package simtest

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// Nightly reports whether the long form of tests is wanted: the environment variable
// BUFSIM_NIGHTLY is not empty.
func Nightly() bool { return os.Getenv("BUFSIM_NIGHTLY") != "" }

// Checks sets how many cases the properties of this test try: normal, or nightly if [Nightly]. It
// is for tests that do not run in parallel with others, and needs the flags of the property
// tests' library.
func Checks(t testing.TB, normal, nightly int) {
	t.Helper()
	const name = "rapid.checks"
	was := flag.Lookup(name)
	if was == nil {
		t.Fatalf("there is no flag %s", name)
	}
	before, n := was.Value.String(), normal
	if Nightly() {
		n = nightly
	}
	if err := flag.Set(name, strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}
