package hunt_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/hunt"
	"bufsim/experiments/pagetest"
	"bufsim/sim/simtest"
)

var update = flag.Bool("update", false, "write the table of docs/exploration.md anew (nightly only)")

var seeds = flag.Int("seeds", 20, "seeds of the table of docs/exploration.md")

const page = "../../docs/exploration.md"

// How long it takes to find each bug that releases had, over twenty seeds or so: at most a minute.
func TestTimeToFirstFind(t *testing.T) {
	if !simtest.Nightly() {
		t.Skip("explores each bug with twenty seeds for minutes; BUFSIM_NIGHTLY=1 does")
	}
	n := *seeds
	var b strings.Builder
	fmt.Fprintf(&b, "Over %d seeds:\n\n", n)
	b.WriteString("| bug | release | world | signature | runs: median | worst | seconds: median | worst |\n|---|---|---|---|---|---|---|---|\n")
	for _, bug := range bugs() {
		var runs []int
		var took []time.Duration
		for seed := range uint64(n) {
			began := time.Now()
			r := explore(t, hunt.Options{
				Release: bug.release, Switches: bug.switches, Seed: 1000 + seed, Time: time.Minute, Worlds: []string{bug.world}, Until: bug.shows,
			})
			require.NotNil(t, find(r, bug.shows), "%s, seed %d: nothing in %d runs", bug.name, 1000+seed, r.Runs)
			runs, took = append(runs, find(r, bug.shows).First), append(took, time.Since(began))
		}
		slices.Sort(runs)
		slices.Sort(took)
		release := strings.Join(append([]string{bug.release}, bug.switches...), " with ")
		fmt.Fprintf(&b, "| [%s](bugs/%s.md) | %s | %s | `%s` | %d | %d | %.1f | %.1f |\n", bug.name, bug.name, release, bug.world, bug.shows,
			runs[n/2], runs[n-1], took[n/2].Seconds(), took[n-1].Seconds())
	}
	t.Log("\n" + b.String())
	if *update {
		pagetest.Part(t, page, "first finds", b.String(), "", true)
	}
}

// The page has a row for each bug that the short tests hunt.
func TestPageTellsOfEveryBug(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	for _, bug := range bugs() {
		require.Contains(t, string(text), "| ["+bug.name+"](bugs/"+bug.name+".md) |")
		require.Contains(t, string(text), "`"+bug.shows+"`")
	}
	for _, inv := range hunt.Invariants() {
		if _, own := hunt.Lookup(inv.ID); own && len(inv.Rules) > 0 && !strings.Contains(readInvariants(t), "`"+inv.ID+"`") {
			require.Contains(t, string(text), "`"+inv.ID+"`", "it is in neither page")
		}
	}
}

func readInvariants(t *testing.T) string {
	text, err := os.ReadFile("../../docs/invariants.md")
	require.NoError(t, err)
	return string(text)
}
