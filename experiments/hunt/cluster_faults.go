package hunt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/spelling"
	"bufsim/sim/fault"
)

// NoFaults, as the only kind, leaves all faults out.
const NoFaults = "none"

// CheckFaultKinds tells which of some names are neither kinds of faults nor patterns.
func CheckFaultKinds(names []string) error {
	known := append(faultNames(), NoFaults)
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		if near, ok := spelling.Nearest(name, known); ok {
			return fmt.Errorf("there is no kind of fault %q, did you mean %q?", name, near)
		}
		return fmt.Errorf("there is no kind of fault %q; `bufsim faults` lists them", name)
	}
	if slices.Contains(names, NoFaults) && len(names) > 1 {
		return fmt.Errorf("%q stands alone", NoFaults)
	}
	return nil
}

// faultNames are the kinds of faults and the patterns.
func faultNames() (names []string) {
	for _, k := range scenario.FaultKinds() {
		names = append(names, k.Name)
	}
	for _, p := range scenario.FaultPatterns() {
		names = append(names, p.Name)
	}
	return names
}

// faults draws what breaks: lines of the table's kinds and patterns, on parts of this cluster.
// Who asks for some kinds gets them in each run.
func (c *clusterDraw) faults() {
	percent := int64(70)
	if len(c.faultKinds) > 0 {
		percent = 100
	}
	if slices.Contains(c.faultKinds, NoFaults) || !c.Feature("faults", percent) {
		return
	}
	lines := faultLines(c.faultKinds)
	for range c.In(1, 3) {
		c.breaks(lines[c.Intn(len(lines))])
	}
}

// breaks adds a line, with another instant and another length, unless this cluster has not what
// it aims at.
func (c *clusterDraw) breaks(line string) {
	f, err := fault.Parse(c.adapt(line), scenario.FaultKinds())
	if err != nil || len(c.faultKinds) == 0 && slices.Contains(lasting(), f.Do) && !c.Chance(20) {
		return // a line for a cluster of another shape, or one that a recovery hardly undoes
	}
	if f.When.Event == "" {
		f.When.At = c.instant()
	} else if f.When.Wait > 0 {
		f.When.Wait = c.Of(time.Millisecond, 100*time.Millisecond, c.f.window)
	}
	if f.For > 0 {
		f.For = c.Of(10*time.Millisecond, 500*time.Millisecond, 3*time.Second, c.f.window, c.f.max)
	}
	if c.s.CheckFault(&f) == nil && runner.CheckTrigger(&f.When) == nil {
		c.s.Faults = append(c.s.Faults, scenario.FaultLine{Fault: f})
	}
}

// lasting are faults whose damage stays when they are over, and is repaired by hand: lost
// records, rows that only a replica has, rows that it cannot apply. They come seldom.
func lasting() []string {
	return []string{scenario.FaultWipeTopo, scenario.FaultWriteErrant, scenario.FaultBreakApplier}
}

// faultLines are an example of each kind of fault, and the lines of the patterns; of some kinds
// or patterns, if there are any.
func faultLines(kinds []string) (lines []string) {
	table := scenario.FaultKinds()
	for _, k := range table {
		if len(kinds) == 0 || slices.Contains(kinds, k.Name) {
			lines = append(lines, k.Example)
		}
	}
	for _, p := range scenario.FaultPatterns() {
		plan, err := p.Plan(table)
		if err != nil {
			panic(err) // the defaults fit
		}
		for i := range plan {
			if len(kinds) == 0 || slices.Contains(kinds, p.Name) || slices.Contains(kinds, plan[i].Do) {
				lines = append(lines, plan[i].String())
			}
		}
	}
	return lines
}

// adapt has a line of the default cluster aim at parts of this one.
func (c *clusterDraw) adapt(line string) string {
	shard, tablets := c.aShard()
	pairs := []string{"commerce/0", "commerce/" + string(shard)}
	for i, alias := range []string{"zone1-100", "zone1-101", "zone1-102"} {
		pairs = append(pairs, alias, tablets[min(i, len(tablets)-1)].Alias)
	}
	return strings.NewReplacer(pairs...).Replace(line)
}
