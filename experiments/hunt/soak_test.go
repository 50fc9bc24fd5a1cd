package hunt_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/hunt"
	"bufsim/sim"
	"bufsim/sim/simtest"
)

var soakFile = flag.String("soak", "", "file that says how far the nightly soak is; it goes on there")

// soakBlock is how many runs are played on one processor before they are played again on two.
const soakBlock = 50

// Equal inputs give equal runs: thousands of drawn inputs of all worlds are played twice, on one
// processor and on two, under the default schedule and under exploring ones. The nightly form
// plays a hundred thousand, tells how far it is, and goes on where it was stopped.
func TestSoak(t *testing.T) {
	last := 2000
	if simtest.Nightly() {
		last = 100_000
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pool := sim.NewPool()
	defer pool.Close()
	for from := soakBegin(t); from < last; from += soakBlock {
		var once []string
		for _, processors := range []int{1, 2} {
			runtime.GOMAXPROCS(processors)
			for i := range soakBlock {
				in, did := soakRun(t, from+i, pool)
				if processors == 1 {
					once = append(once, did)
				} else {
					require.Equal(t, once[i], did, "run %d was another one when it was played again: %s", from+i, in.Line())
				}
			}
		}
		soakProgress(t, from+soakBlock, last)
	}
}

// soakRun plays one run and says what must be equal. Of fifty runs one is a cluster.
func soakRun(t *testing.T, number int, pool *sim.Pool) (*hunt.Input, string) {
	t.Helper()
	o := hunt.Options{Worlds: []string{"buffer"}}
	switch {
	case number%50 == 0:
		o.Worlds = []string{"cluster"}
	case number%2 == 0:
		o.Worlds = []string{"gate"}
	}
	in, err := o.Input(uint64(number) + 1)
	require.NoError(t, err)
	if number%3 == 0 {
		in.Policy = "first"
	}
	p, err := in.Play(hunt.PlayOptions{Pool: pool})
	require.NoError(t, err, in.Line())
	return in, fmt.Sprint(p.Hash(), p.Outcome.Kind, p.Outcome.Time, p.Outcome.Steps, len(p.Decisions), p.Violations)
}

// soakBegin is the run to begin with.
func soakBegin(t *testing.T) int {
	t.Helper()
	if *soakFile == "" {
		return 0
	}
	text, err := os.ReadFile(*soakFile)
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err, *soakFile)
	return n
}

func soakProgress(t *testing.T, done, last int) {
	t.Helper()
	if simtest.Nightly() && done%1000 == 0 {
		fmt.Fprintf(os.Stderr, "soak: %d of %d runs twice, no difference\n", done, last)
	}
	if *soakFile != "" {
		require.NoError(t, os.WriteFile(*soakFile, fmt.Appendln(nil, done), 0o644))
	}
}
