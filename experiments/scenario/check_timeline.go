package scenario

import (
	"fmt"
	"reflect"
	"slices"
)

func (c *checker) timeline() {
	var earlier []string
	for i := range c.s.Timeline {
		o := &c.s.Timeline[i]
		path := fmt.Sprintf("timeline[%d]", i)
		if slices.Contains(earlier, o.ID) {
			c.fail(path+".id", fmt.Sprintf("the id %s appears twice", o.ID), "give one of them another id")
		}
		c.start(path, o, earlier)
		earlier = append(earlier, o.ID)
		spec, ok := specOf(o.Do)
		if !ok {
			c.fail(path, "the operation has no do", suggest("", o.Do.Values()))
			continue
		}
		c.arguments(path+".args", o, spec)
	}
}

// start checks when an operation begins.
func (c *checker) start(path string, o *Operation, earlier []string) {
	switch {
	case o.At == nil && o.After == "":
		c.fail(path, "the operation has no start", "write at: 6s, or after: previous")
	case o.At != nil && o.After != "":
		c.fail(path+".after", "the operation has both at and after", "remove one of the two")
	case o.At != nil && *o.At >= c.s.Duration:
		c.fail(path+".at", fmt.Sprintf("the operation starts at %v, but the run ends at %v", *o.At, c.s.Duration), "start it earlier or lengthen duration")
	case o.At != nil && o.Wait > 0:
		c.fail(path+".wait", "wait has no effect with at", "add it to at, or write after: previous")
	case o.After == previous && len(earlier) == 0:
		c.fail(path+".after", "there is no operation before the first", "write at: 6s")
	case o.After != "" && !slices.Contains(earlier, o.After):
		c.unknownName(path+".after", "earlier operation", o.After, earlier)
	}
}

// arguments checks that an operation has what it needs and nothing else.
func (c *checker) arguments(path string, o *Operation, spec operationSpec) {
	v := reflect.ValueOf(o.Args)
	for _, f := range fieldsOf(v.Type()) {
		set := !v.Field(f.index).IsZero()
		allowed := slices.Concat(spec.required, spec.optional)
		switch {
		case set && !slices.Contains(allowed, f.name):
			c.fail(path+"."+f.name, fmt.Sprintf("%s takes no %s", o.Do, f.name), suggest(f.name, allowed))
		case !set && slices.Contains(spec.required, f.name):
			c.fail(path, fmt.Sprintf("%s needs %s", o.Do, f.name), "add it under args")
		}
	}
	if o.Args.Target != "" {
		c.target(path+".target", o.Args.Target, spec)
	}
	if o.Args.Peer != "" {
		c.target(path+".peer", o.Args.Peer, spec)
	}
	if kind, _ := o.Args.Target.Parse(); o.Args.Component != "" && (kind == TargetGate || kind == TargetTopo) {
		c.fail(path+".component", fmt.Sprintf("a %s has only one process", kind), "remove component")
	}
	c.commandArguments(path, &o.Args, spec)
}

// commandArguments checks what a command names.
func (c *checker) commandArguments(path string, a *Args, spec operationSpec) {
	if a.Cell != "" {
		c.cell(path+".cell", a.Cell)
	}
	for i, cell := range a.CellsToWatch {
		c.cell(fmt.Sprintf("%s.cells_to_watch[%d]", path, i), cell)
	}
	if spec.onKeyspace && c.s.Cluster.keyspace(a.Keyspace) == nil {
		c.missing(path+".keyspace", "keyspace", a.Keyspace, c.s.Cluster.keyspaceNames())
	}
	if spec.reparents {
		c.reparent(path, a)
	}
}

// target checks that what an operation acts on exists and is of a fitting sort.
func (c *checker) target(path string, t Target, spec operationSpec) {
	kind, name := t.Parse()
	if !slices.Contains(spec.targets, kind) {
		var kinds []string
		for _, k := range spec.targets {
			kinds = append(kinds, string(k))
		}
		c.fail(path, fmt.Sprintf("%s cannot act on %q", spec.do, string(t)), suggest(string(kind), kinds))
		return
	}
	if known := c.s.Cluster.names(kind); !slices.Contains(known, name) {
		what := string(kind)
		if kind == TargetPrimary || kind == TargetReplicas {
			what = "shard"
		}
		c.unknownName(path, what, name, known)
	}
}

// reparent checks that a reparent can work at all.
//
// spec
func (c *checker) reparent(path string, a *Args) {
	cl := &c.s.Cluster
	k := cl.keyspace(a.Keyspace)
	if k == nil {
		c.missing(path+".keyspace", "keyspace", a.Keyspace, cl.keyspaceNames())
		return
	}
	s := k.shard(a.Shard)
	if s == nil {
		c.missing(path+".shard", "shard", string(a.Shard), k.shardNames())
		return
	}
	if a.NewPrimary == "" && len(s.Tablets) > 0 && !slices.ContainsFunc(s.Tablets, func(t Tablet) bool { return t.Type == TypeReplica }) {
		c.fail(path, fmt.Sprintf("the shard %s/%s has no replica that could be promoted", k.Name, s.Name), "add a tablet with type: replica")
	}
	if a.NewPrimary != "" && a.NewPrimary == a.AvoidPrimary {
		c.fail(path+".avoid_primary", fmt.Sprintf("%s is both the tablet to promote and the one to avoid", a.NewPrimary), "remove one of the two")
	}
	c.inShard(path+".new_primary", a.NewPrimary, k, s)
	c.inShard(path+".avoid_primary", a.AvoidPrimary, k, s)
	if t := a.WaitReplicasTimeout; t != nil && *t == 0 {
		c.fail(path+".wait_replicas_timeout", "a timeout of 0 lets every reparent fail", "write a duration such as 15s, or leave it out")
	}
}

// missing reports a name that was left out though there is a choice, or that
// does not exist.
func (c *checker) missing(path, kind, name string, known []string) {
	if name == "" {
		c.fail(path, fmt.Sprintf("the %s is missing", kind), suggest("", known))
		return
	}
	c.unknownName(path, kind, name, known)
}

// inShard checks that a tablet belongs to the shard that is reparented.
func (c *checker) inShard(path, alias string, k *Keyspace, s *Shard) {
	var known []string
	for _, t := range s.Tablets {
		if t.Alias == alias {
			return
		}
		known = append(known, t.Alias)
	}
	if alias != "" {
		c.fail(path, fmt.Sprintf("the shard %s/%s has no tablet %q", k.Name, s.Name, alias), suggest(alias, known))
	}
}
