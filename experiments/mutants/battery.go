package mutants

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Battery tries mutants.
type Battery struct {
	// Root is the folder of the module.
	Root string
	// Jobs is how many mutants are tried at a time; 0 means 1.
	Jobs int
	// Home asks the tests of the mutated package only.
	Home bool
	// Limit ends a test that hangs; 0 means ten minutes, which a busy machine may need.
	Limit time.Duration
	// CacheDir keeps the answers; empty means none is kept.
	CacheDir string
	// Progress gets a line for each mutant, in the order of their ends; nil means no lines.
	Progress io.Writer
}

// Result is what came of one mutant.
type Result struct {
	Mutant Mutant
	// Catch is the first check that failed with it; nil for a survivor.
	Catch *Catch
	// Asked are the packages whose tests have run.
	Asked []string
	// Seconds of the processor, over all packages, compilers included.
	Seconds float64
}

// Caught says whether a check failed.
func (r Result) Caught() bool { return r.Catch != nil }

// Catch is a check that failed with a mutant.
type Catch struct {
	// Package and Test name it. Test is empty if the program died outside of any test.
	Package, Test string
	// Hang: it did not end.
	Hang bool
	// Tests counts the tests of the package up to this one, Cases what it tried until it failed.
	Tests, Cases int
}

// Run tries the mutants and gives the results in their order. A mutant that does not compile,
// and a tree whose tests fail without any mutant, are errors. It blocks for minutes; what was
// found until ctx ended is in the cache.
func (b *Battery) Run(ctx context.Context, list []Mutant) ([]Result, error) {
	results, errs := make([]Result, len(list)), make([]error, len(list))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next, done := make(chan int), &progress{to: b.Progress, of: len(list)}
	good := &baseline{battery: b, green: map[string]error{}}
	var group sync.WaitGroup
	for range max(b.Jobs, 1) {
		group.Go(func() {
			for i := range next {
				results[i], errs[i] = b.try(ctx, good, list[i])
				if errs[i] != nil {
					cancel()
					continue
				}
				done.tell(results[i])
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	group.Wait()
	return results, firstCause(errs)
}

// firstCause prefers the error that ended a battery to those that follow from its end.
func firstCause(errs []error) (first error) {
	for _, err := range errs {
		if err != nil && (first == nil || first == context.Canceled) {
			first = err
		}
	}
	return first
}

// try asks one package after the other until a test fails.
func (b *Battery) try(ctx context.Context, good *baseline, m Mutant) (Result, error) {
	r := Result{Mutant: m}
	checks := m.checks()
	if b.Home {
		checks = checks[:1]
	}
	for _, pkg := range checks {
		o, err := b.ask(ctx, good, m, pkg)
		if err != nil {
			return r, fmt.Errorf("%s: %w", m.ID, err)
		}
		r.Asked = append(r.Asked, pkg)
		r.Seconds += o.Seconds
		if o.Catch != nil {
			r.Catch = o.Catch
			return r, nil
		}
	}
	return r, nil
}

// answer is what one package said of a mutant.
type answer struct {
	Catch   *Catch
	Seconds float64
}

// ask asks one package, or the cache.
func (b *Battery) ask(ctx context.Context, good *baseline, m Mutant, pkg string) (answer, error) {
	key, err := b.key(ctx, m, pkg)
	if err != nil {
		return answer{}, err
	}
	if a, ok := b.remembered(key); ok {
		return a, nil
	}
	o, err := b.test(ctx, m, pkg)
	if err != nil {
		return answer{}, err
	}
	a := answer{Seconds: o.seconds}
	if o.failed {
		if err := good.check(ctx, pkg); err != nil {
			return answer{}, err
		}
		a.Catch = &Catch{Package: pkg, Test: o.test, Hang: o.hang, Tests: o.tests, Cases: o.cases}
	}
	return a, b.remember(key, a)
}

// test runs tests with the mutant in place.
func (b *Battery) test(ctx context.Context, m Mutant, args ...string) (outcome, error) {
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.writeOverlay(b.Root, dir)
	if err != nil {
		return outcome{}, err
	}
	return goTest{root: b.Root, overlay: overlay, args: args, limit: b.limit()}.run(ctx)
}

func (b *Battery) limit() time.Duration {
	if b.Limit == 0 {
		return 10 * time.Minute
	}
	return b.Limit
}

// baseline holds that the tests of a package pass without a mutant, once for each package.
type baseline struct {
	battery *Battery
	mu      sync.Mutex
	green   map[string]error
}

func (g *baseline) check(ctx context.Context, pkg string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	err, known := g.green[pkg]
	if known {
		return err
	}
	o, err := goTest{root: g.battery.Root, args: []string{pkg}, limit: g.battery.limit()}.run(ctx)
	switch {
	case err == nil && o.failed:
		err = fmt.Errorf("%s fails in %s without a mutant: %s", pkg, o.test, o.output)
	case err == nil && o.took > g.battery.limit()/2:
		err = fmt.Errorf("%s takes %v without a mutant, so that a hang would be a guess: raise the limit", pkg, o.took)
	}
	g.green[pkg] = err
	return err
}

// progress counts.
type progress struct {
	mu        sync.Mutex
	to        io.Writer
	ended, of int
}

func (p *progress) tell(r Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	if p.to != nil {
		fmt.Fprintf(p.to, "%d/%d %s: %s (%.0f s)\n", p.ended, p.of, r.Mutant.ID, r.verdict(), r.Seconds)
	}
}

// verdict says in words what came of a mutant.
func (r Result) verdict() string {
	switch {
	case r.Catch == nil:
		return "SURVIVES"
	case r.Catch.Hang:
		return "hangs in " + r.Catch.name()
	default:
		return "caught by " + r.Catch.name()
	}
}

func (c Catch) name() string {
	if c.Test == "" {
		return c.Package
	}
	return c.Package + " " + c.Test
}
