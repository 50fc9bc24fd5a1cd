package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// checker looks for mistakes in a resolved scenario. It goes on after each one
// and reports all of them.
type checker struct {
	*decoder
	s *Scenario
}

// part is a part of a scenario's meaning.
type part struct {
	// keys are the keys of the file whose form must be right before.
	keys  []string
	check func()
}

func (c *checker) check() {
	var sound []part
	for _, p := range []part{
		{[]string{"apiVersion", "name", "release", "duration", "until", "timeline", "thresholds"}, c.header},
		{[]string{"cluster", "start"}, c.cluster},
		{[]string{"release", "flags"}, c.flags},
		{[]string{"cluster", "start", "workload"}, c.workload},
		{[]string{"cluster", "start", "duration", "timeline"}, c.timeline},
		{[]string{"cluster", "faults"}, c.faults},
		{[]string{"cluster", "expect"}, c.expectations},
	} {
		if !slices.ContainsFunc(p.keys, c.damaged) {
			sound = append(sound, p)
		}
	}
	for _, p := range sound {
		p.check()
	}
}

// damaged reports whether the form of a key of the file is wrong. A key that is missing while
// there is an unknown one may only be misspelt.
func (c *checker) damaged(key string) bool {
	return slices.ContainsFunc(c.problems, func(p *Problem) bool {
		rest, inside := strings.CutPrefix(p.Path, key)
		return inside && (rest == "" || rest[0] == '.' || rest[0] == '[') || p.Path == "" && !c.present(key)
	})
}

// fail reports a mistake at a path, or at the nearest part of it that the file
// holds.
func (c *checker) fail(path, what, fix string) {
	at := path
	for {
		if p, ok := c.places[at]; ok {
			c.add(p, path, what, fix)
			return
		}
		i := strings.LastIndexAny(at, ".[")
		if i < 0 {
			c.add(c.places[""], path, what, fix)
			return
		}
		at = at[:i]
	}
}

// present reports whether the file holds a value at the path.
func (c *checker) present(path string) bool {
	_, ok := c.places[path]
	return ok
}

// unknownName reports a reference to something that the cluster does not have.
func (c *checker) unknownName(path, kind, name string, known []string) {
	fix := suggest(name, known)
	if len(known) == 0 {
		fix = fmt.Sprintf("there is no %s at all", kind)
	}
	c.fail(path, fmt.Sprintf("there is no %s %q", kind, name), fix)
}

func (c *checker) header() {
	if c.s.APIVersion != APIVersion {
		c.fail("apiVersion", fmt.Sprintf("the version is %q", c.s.APIVersion), "write apiVersion: "+APIVersion)
	}
	if !isName(c.s.Name) {
		c.fail("name", fmt.Sprintf("%q is not a name", c.s.Name), "write lower-case letters, digits and dashes, such as quick-prs")
	}
	if c.opts.CheckRelease != nil {
		if err := c.opts.CheckRelease(c.s.Release); err != nil {
			c.fail("release", err.Error(), "")
		}
	}
	if c.s.Duration == 0 {
		c.fail("duration", "the run takes no time", "write a duration such as 30s")
	}
	if strings.ContainsAny(c.s.Title, "\r\n") {
		c.fail("title", "the title is longer than one line", "move the rest to description")
	}
	if c.s.Until == UntilTimeline && len(c.s.Timeline) == 0 {
		c.fail("until", "the run shall end after the timeline, but there is none", "write until: duration")
	}
	for path, n := range map[string]*int{
		"thresholds.max_errors":        c.s.Thresholds.ErrorsMax,
		"thresholds.max_clients_ended": c.s.Thresholds.ClientsEndedMax,
	} {
		if n != nil && *n < 0 {
			c.fail(path, fmt.Sprintf("%d is negative", *n), "write 0 or more")
		}
	}
}

// isName reports whether s is made of lower-case letters, digits and single
// signs between them.
func isName(s string) bool {
	if s == "" || strings.Trim(s, "-_.") != s {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r)
	}) < 0
}

func (c *checker) flags() {
	before := len(c.problems)
	if c.opts.CheckFlag != nil {
		c.eachFlag(func(values FlagValues, component, name string) {
			if err := c.opts.CheckFlag(c.s.Release, component, name, values[name]); err != nil {
				c.fail("flags."+component+"."+name, err.Error(), "")
			}
		})
	}
	if c.opts.CheckFlags != nil && len(c.problems) == before {
		if err := c.opts.CheckFlags(c.s); err != nil {
			c.misfits(err)
		}
	}
}

// misfits reports flags that are right each by itself, but not together or not for this
// release: at the flags without which the rest is right, or all of them if there is none.
func (c *checker) misfits(err error) {
	text, found := "the flags do not fit together: "+err.Error(), false
	c.eachFlag(func(values FlagValues, component, name string) {
		value := values[name]
		delete(values, name)
		if c.opts.CheckFlags(c.s) == nil {
			c.fail("flags."+component+"."+name, text, "")
			found = true
		}
		values[name] = value
	})
	if !found {
		c.fail("flags", text, "")
	}
}

// eachFlag visits every flag that the scenario sets.
func (c *checker) eachFlag(visit func(values FlagValues, component, name string)) {
	groups := []struct {
		component string
		values    FlagValues
	}{{"vtgate", c.s.Flags.VTGate}, {"vttablet", c.s.Flags.VTTablet}, {"reparent", c.s.Flags.Reparent}, {"vtorc", c.s.Flags.VTOrc}}
	for _, g := range groups {
		for _, name := range g.values.Names() {
			visit(g.values, g.component, name)
		}
	}
}

func (c *checker) expectations() {
	e := c.s.Expect
	if e == nil {
		return
	}
	if k := c.s.Cluster.keyspace(e.Keyspace); k == nil {
		c.unknownName("expect.keyspace", "keyspace", e.Keyspace, c.s.Cluster.keyspaceNames())
	} else if k.shard(e.Shard) == nil {
		c.unknownName("expect.shard", "shard", string(e.Shard), k.shardNames())
	}
	seen := map[string]bool{}
	for i, counter := range e.Counters {
		path := fmt.Sprintf("expect.counters[%d]", i)
		if reasons := counter.Metric.reasons(); counter.Metric == "" {
			c.fail(path, "the counter has no metric", suggest("", counter.Metric.Values()))
		} else if len(reasons) == 0 && counter.Reason != "" {
			c.fail(path+".reason", fmt.Sprintf("%s has no label reason", counter.Metric), "remove it")
		} else if len(reasons) > 0 && !slices.Contains(reasons, counter.Reason) {
			c.fail(path+".reason", fmt.Sprintf("%s has no reason %q", counter.Metric, counter.Reason), suggest(counter.Reason, reasons))
		}
		if series := e.Series(counter); seen[series] {
			c.fail(path, fmt.Sprintf("the counter %s appears twice", series), "remove one of the two")
		} else {
			seen[series] = true
		}
		c.number(path, counter.Number())
	}
	if e.ClientsEnded != nil {
		c.number("expect.clients_ended", *e.ClientsEnded)
	}
}

// number checks that the published number keeps its own bounds.
func (c *checker) number(path string, n ExpectedNumber) {
	switch {
	case n.Match == MatchExact && (n.Min != nil || n.Max != nil):
		c.fail(path, "an exact number has no bounds", "remove min and max, or write match: constraint")
	case !n.Holds(n.Guide):
		c.fail(path, fmt.Sprintf("the published number %d breaks its own bounds", n.Guide), "correct min and max")
	}
}
