package invariant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"bufsim/gate"
	"bufsim/gate/gateway"
	"bufsim/sim/trace"
)

// linearRows is as clients see them.
func linearRows() Invariant {
	return Invariant{
		ID:      "rows-linearizable",
		Meaning: "Reads and writes of a row through the primary look as if they had happened one after the other, each between its statement and its answer, but for reads that share the answer of an equal one that began before; a write that failed may have happened at any later time, or never.",
		Rules:   []string{"R-220", "R-222", "GI-11", "T-50a"},
		Kinds:   slices.Concat(operationKinds(), []string{string(gate.KindStatement), string(gate.KindAnswer), string(gateway.KindBegin)}),
		New: func(f Facts) Checker {
			return &linearChecker{operations: newOperations(), open: map[string]*rowOperation{}, rows: map[rowName]*rowHistory{}}
		},
		Fail: failLinearRows,
	}
}

func failLinearRows(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// rowName is a row of a keyspace.
type rowName struct {
	keyspace, table string
	key             int64
}

// rowOperation is a statement on a row.
type rowOperation struct {
	statement trace.Event
	row       rowName
	write     bool
	// value is what it wrote, or read.
	value    int64
	answered bool
	// dropped operations say nothing: reads that failed, and those inside of transactions.
	dropped bool
}

// rowHistory are the operations on a row, by the places at which they began and ended among
// all of its beginnings and ends.
type rowHistory struct {
	ends []rowEnd
	// loose: it was written inside of a transaction, whose time of effect is another one.
	loose bool
}

// rowEnd is the beginning or the end of an operation.
type rowEnd struct {
	*rowOperation
	begin bool
}

type linearChecker struct {
	findings
	operations *operations
	open       map[string]*rowOperation // by request
	rows       map[rowName]*rowHistory
	order      []rowName
	kept       int
	// excuse is why rows may be stale or lost in this run.
	excuse string
}

// operationsMax bounds the statements that are kept until the end of a run.
const operationsMax = 1 << 16

// Record implements Checker.
func (c *linearChecker) Record(e trace.Event) {
	if op := c.operations.observe(&e); op != nil && op.name != plannedReparent && c.excuse == "" {
		c.excuse = op.name + " may lose writes and leave an old primary that answers reads (R-221, R-222 i)"
	}
	switch e.Kind {
	case gate.KindStatement:
		verb := e.Text("verb")
		if verb == "SELECT" || isWrite(verb) {
			c.open[e.Text("request")] = &rowOperation{
				statement: keep(e), write: verb != "SELECT", value: written(&e), dropped: e.Number("in_transaction") != 0,
			}
		}
	case gateway.KindBegin:
		if o := c.open[e.Text("request")]; o != nil {
			c.begin(o, &e)
		}
	case gate.KindAnswer:
		if o := c.open[e.Text("request")]; o != nil {
			delete(c.open, e.Text("request"))
			c.end(o, &e)
		}
	}
}

// written is what a statement leaves in its row: 0 is no row.
func written(e *trace.Event) int64 {
	if e.Text("verb") == "DELETE" {
		return 0
	}
	return e.Number("value")
}

// begin takes a statement into its row's history once it is known where it goes. What lies
// between is the gate's own work, in which nothing happens to rows.
func (c *linearChecker) begin(o *rowOperation, e *trace.Event) {
	shard, primary := primaryTarget(e.Text("target"))
	if o.row != (rowName{}) || c.kept >= operationsMax {
		return
	}
	keyspace, _, _ := strings.Cut(shard, "/")
	o.row = rowName{keyspace, o.statement.Text("table"), o.statement.Number("key")}
	o.dropped = o.dropped || !primary || e.Text("method") != "query.Execute"
	h := c.rows[o.row]
	if h == nil {
		h = &rowHistory{}
		c.rows[o.row] = h
		c.order = append(c.order, o.row)
	}
	h.loose = h.loose || o.dropped && o.write
	h.ends = slices.Insert(h.ends, h.shared(o), rowEnd{o, true})
	c.kept++
}

// shared is the place at which an operation may have had its effect at the earliest. A tablet
// gives a read the answer of an equal one that is running, which may have looked at the row
// before this one came; any other operation begins at the end of what has happened so far.
// spec: T-50a
func (h *rowHistory) shared(o *rowOperation) int {
	for i, e := range h.ends {
		if running := e.begin && !e.write && !e.answered && !e.dropped; running && !o.write && !o.dropped {
			return i + 1
		}
	}
	return len(h.ends)
}

func (c *linearChecker) end(o *rowOperation, e *trace.Event) {
	h := c.rows[o.row]
	if h == nil {
		return
	}
	switch ok := e.Number("errno") == 0; {
	case ok && !o.write:
		o.answered, o.value = true, e.Number("value")
	case ok:
		o.answered = true
	case !o.write:
		o.dropped = true
	}
	if o.answered {
		h.ends = append(h.ends, rowEnd{o, false})
	}
}

// Finish implements Checker. spec
func (c *linearChecker) Finish(end End) {
	for _, row := range c.order {
		h := c.rows[row]
		if h.loose {
			continue
		}
		name := fmt.Sprintf("%s.%s row %d", row.keyspace, row.table, row.key)
		switch h.judge() {
		case rowIllegal:
			c.excused(c.excuse, name, end.Time, h.shown(), "no order of its %d reads and writes explains what clients saw", len(h.ends)/2)
		case rowUnknown:
			c.excused("inconclusive: more than "+fmt.Sprint(searchMax)+" orders were tried", name, end.Time, nil, "its history was not judged")
		}
	}
	if c.kept >= operationsMax {
		c.excused("inconclusive: only the first "+fmt.Sprint(operationsMax)+" statements were judged", "all rows", end.Time, nil, "the run has more statements than are kept")
	}
}

// rowVerdict is what became of the search for an order.
type rowVerdict int

const (
	rowLegal rowVerdict = iota
	rowIllegal
	rowUnknown
)

// searchMax bounds the search for an order of one row's operations, in steps of the model.
const searchMax = 200_000

// judge looks for an order of the row's operations. A search that gets too long is cut off by
// refusing every further step.
func (h *rowHistory) judge() rowVerdict {
	events := h.events()
	steps := 0
	legal := porcupine.CheckEvents(porcupine.Model{
		Init: func() any { return int64(0) },
		Step: func(state, input, output any) (bool, any) {
			if steps++; steps > searchMax {
				return false, state
			}
			if o := input.(*rowOperation); !o.write {
				return o.value == state.(int64), state
			} else {
				return true, o.value
			}
		},
	}, events)
	switch {
	case legal:
		return rowLegal
	case steps > searchMax:
		return rowUnknown
	default:
		return rowIllegal
	}
}

// events are the history for the search. A write that failed has no end, so that it ends with
// the history; if nobody read what it wrote, it need not have happened at all.
func (h *rowHistory) events() []porcupine.Event {
	read := map[int64]bool{}
	for _, e := range h.ends {
		if !e.write && e.answered {
			read[e.value] = true
		}
	}
	var events, late []porcupine.Event
	ids := map[*rowOperation]int{}
	for _, e := range h.ends {
		o := e.rowOperation
		if o.dropped || !o.answered && !(o.write && read[o.value]) {
			continue
		}
		if e.begin {
			ids[o] = len(ids)
			events = append(events, porcupine.Event{Kind: porcupine.CallEvent, Value: o, Id: ids[o]})
			if !o.answered {
				late = append(late, porcupine.Event{Kind: porcupine.ReturnEvent, Value: o, Id: ids[o]})
			}
			continue
		}
		events = append(events, porcupine.Event{Kind: porcupine.ReturnEvent, Value: o, Id: ids[o]})
	}
	return append(events, late...)
}

// shown are the last statements on the row.
func (h *rowHistory) shown() (list []trace.Event) {
	const most = 6
	for _, e := range slices.Backward(h.ends) {
		if e.begin && !e.dropped && len(list) < most {
			list = append(list, e.statement)
		}
	}
	slices.Reverse(list)
	return list
}
