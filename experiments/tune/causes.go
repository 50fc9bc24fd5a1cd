package tune

import (
	"cmp"
	"slices"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/experiments/workload"
	"bufsim/model/query"
	"bufsim/model/vterr"
)

// Cause is one reason for which statements failed.
type Cause struct {
	// Why says it in words; Text is an error that clients saw.
	Why  string `json:"why"`
	Text string `json:"text"`
	// Elsewhere says that no flag of the buffer decides about it.
	Elsewhere bool `json:"no_buffer_flag_decides"`
	Count     int  `json:"count"`
}

// errLostConnection is what a client sees whose own time limit ended. spec: W-25
const errLostConnection = 2013

// reason is what errors with a text come from.
type reason struct {
	part, why string
	elsewhere bool
}

// reasons are looked up in this order: what the buffer says itself stands before what it
// wraps.
func reasons() []reason {
	return []reason{
		{vterr.ErrBufferFull.Error(), "the buffer was full", false},
		{vterr.ErrBufferEvicted.Error(), "the buffer was full, and a newer request took the place", false},
		{"context was canceled before failover finished", "the client or the gate gave up while the request was held", true},
		{vterr.InconsistentState().Error(), "a race: the gate had seen the new primary's event and not yet its health", true},
		{vterr.TextBeingResharded, "a race: the gate took the reparent for a resharding", true},
		{vterr.TextVT15001, inTransaction, true},
		{"QueryList.TerminateAll()", "the demotion killed the statement when the grace period ended", true},
		{vterr.TextShuttingDown, "the tablet shut down and the gate did not hold the request", false},
		{vterr.TextReparent, "the gate knew of no primary and did not hold the request, or not any longer", false},
		{vterr.TextReparentV13, "the gate knew of no primary and did not hold the request, or not any longer", false},
		{vterr.TextNotServing, "the tablet did not serve and the gate did not hold the request, or not any longer", false},
		{"(potential transaction timeout)", inTransaction, true},
		{"is either down or nonexistent", inTransaction, true},
		{"transaction pool connection limit exceeded", "the primary's transaction pool was full for a second: too many writes at once", false},
		{"no healthy tablet available", "the gate had no tablet left to try", false},
		{"read-only", "the statement reached a MySQL server that was read-only already", true},
	}
}

// causeOf tells from an error what made it. spec: G-24, G-63, B-30
func causeOf(e runner.ErrorCount) Cause {
	c := Cause{Why: "other", Text: e.Text, Count: e.Count}
	for _, k := range reasons() {
		if strings.Contains(e.Text, k.part) {
			c.Why, c.Elsewhere = k.why, k.elsewhere
			return c
		}
	}
	if e.Num == errLostConnection {
		c.Why, c.Elsewhere = "the client's own time limit ended, or its connection broke", true
	}
	return c
}

// causes groups the errors of a run by their reasons.
func causes(r *runner.Result) (list []Cause) {
	last := map[int]query.Verb{} // each client's statement before
	for i := range r.Journal.Records {
		rec := &r.Journal.Records[i]
		if rec.First != nil {
			list = merge(list, causeOfRecord(rec, last[rec.Client] == query.VerbBegin))
		}
		last[rec.Client] = rec.Verb
	}
	return list
}

// inTransaction is why statements of open transactions fail.
const inTransaction = "a transaction was open at its tablet; only the statement that opens one is held"

// causeOfRecord is what made a statement fail. opens says that it stands behind BEGIN and so
// opens its transaction at the tablet: it goes through the buffer as others do, and only its
// text is another one. Later ones never do. spec: G-14, G-60, G-62, G-64
func causeOfRecord(rec *workload.Record, opens bool) Cause {
	e := runner.ErrorCount{Num: rec.First.Num, State: rec.First.State, Text: rec.First.Text, Count: 1}
	inside := rec.Kind == workload.KindTransactionWrite || rec.Verb == query.VerbCommit
	switch {
	case inside && opens:
		bare := e
		bare.Text = strings.ReplaceAll(e.Text, vterr.TextVT15001, "")
		c := causeOf(bare)
		c.Text = e.Text
		return c
	case inside && e.Num != errLostConnection:
		return Cause{Why: inTransaction, Text: e.Text, Elsewhere: true, Count: 1}
	}
	return causeOf(e)
}

func merge(list []Cause, c Cause) []Cause {
	for i := range list {
		if list[i].Why == c.Why {
			list[i].Count += c.Count
			return list
		}
	}
	return append(list, c)
}

// Causes are the reasons of all runs, the most frequent first.
func (o *Outcome) Causes() (list []Cause) {
	for i := range o.Runs {
		for _, c := range o.Runs[i].Causes {
			list = merge(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b Cause) int { return cmp.Compare(b.Count, a.Count) })
	return list
}
