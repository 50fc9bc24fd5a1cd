package topo

import (
	"maps"
	"slices"
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// ConnCount is what a process did with the topology of one cell. Its numbers are
// Vitess's TopologyConnOperations (calls and their time), TopologyConnErrors and
// TopologyConnReadWaits (waits and their time) with the labels Operation and Cell.
// spec: O-12
type ConnCount struct {
	// Operation is its name; all ways to lock are Lock.
	Operation wire.Operation
	Cell      string
	Calls     Timings
	Errors    int64
	ReadWaits Timings
}

// countedOperations are the operations that have counters, sorted.
func countedOperations() []wire.Operation {
	return []wire.Operation{
		wire.OpCreate, wire.OpDelete, wire.OpGet, wire.OpGetVersion, wire.OpList, wire.OpListDir, wire.OpLock,
		wire.OpElection, wire.OpUpdate, wire.OpWatch, wire.OpWatchRecursive,
	}
}

// connCounts are the counters of one cell.
type connCounts struct {
	ops    []wire.Operation
	counts []opCounts
}

// opCounts are the counters of one operation.
type opCounts struct {
	calls, waits timings
	errors       sim.Counter
}

// countsOf gives the counters of a cell, which outlive its connections. Nobody else
// asks while mu is held or the server is being made.
func (s *Server) countsOf(cell string) *connCounts {
	if c := s.counts[cell]; c != nil {
		return c
	}
	c := &connCounts{ops: countedOperations()}
	c.counts = make([]opCounts, len(c.ops))
	for i := range c.counts {
		n := &c.counts[i]
		n.calls.init(s.env)
		n.waits.init(s.env)
		s.env.InitCounter(&n.errors)
	}
	s.counts[cell] = c
	return c
}

func (c *connCounts) of(op wire.Operation) *opCounts { return &c.counts[slices.Index(c.ops, op)] }

func (c *connCounts) done(op wire.Operation, took time.Duration, err error) {
	n := c.of(op)
	n.calls.add(took)
	if err != nil {
		n.errors.Add(1)
	}
}

func (c *connCounts) waited(op wire.Operation, d time.Duration) {
	c.of(op).waits.add(d)
}

// ConnCounts gives the counters of the process, by cell and operation; those of
// operations that never happened are left out. spec: O-12
func (s *Server) ConnCounts() []ConnCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []ConnCount
	for _, cell := range slices.Sorted(maps.Keys(s.counts)) {
		c := s.counts[cell]
		for i, op := range c.ops {
			n := &c.counts[i]
			count := ConnCount{Operation: op, Cell: cell, Calls: n.calls.read(), Errors: n.errors.Value(), ReadWaits: n.waits.read()}
			if count.Calls.Count > 0 {
				list = append(list, count)
			}
		}
	}
	return list
}
