// Command battery plants the seeded bugs of testdata/mutants one at a time, tells which check
// catches each, and writes docs/mutants.md. It exits with 1 if one survives. Interrupted, it goes
// on where it was when it is called again. `make mutants` calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"bufsim/experiments/mutants"
)

func main() {
	only := flag.String("only", "", "try the mutants whose id or file matches this `expression`, and write no page")
	home := flag.Bool("home", false, "ask the tests of the mutated package only, and write no page")
	jobs := flag.Int("jobs", runtime.NumCPU(), "how many at a time")
	limit := flag.Duration("limit", 10*time.Minute, "when a test counts as hanging; a busy machine needs more")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survivors, err := run(ctx, *only, mutants.Battery{Home: *home, Jobs: *jobs, Limit: *limit})
	if err != nil {
		fmt.Fprintln(os.Stderr, "battery:", err)
		os.Exit(1)
	}
	if len(survivors) > 0 {
		fmt.Fprintf(os.Stderr, "battery: no test sees %v\n", survivors)
		os.Exit(1)
	}
}

// run tries the mutants and gives the ids of those that survive.
func run(ctx context.Context, only string, b mutants.Battery) (survivors []string, err error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	wanted, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	all, err := mutants.Load(root)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(all, func(m mutants.Mutant) bool {
		return !wanted.MatchString(m.ID) && !wanted.MatchString(m.File)
	})
	if len(list) == 0 {
		return nil, fmt.Errorf("no mutant matches %q; call this in the module's folder", only)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	b.Root, b.CacheDir, b.Progress = root, filepath.Join(cache, "bufsim-mutants"), os.Stderr
	results, err := b.Run(ctx, list)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if !r.Caught() {
			survivors = append(survivors, r.Mutant.ID)
		}
	}
	if only != "" || b.Home {
		return survivors, nil
	}
	return survivors, os.WriteFile(filepath.Join("docs", "mutants.md"), []byte(mutants.Page(results)), 0o644)
}
