package runner

import (
	"fmt"
	"strings"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
	"bufsim/experiments/workload"
	"bufsim/model/flags"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/reparent"
)

// result collects what the run produced.
func (p *play) result(out sim.Outcome, events []trace.Event) (*Result, error) {
	r := &Result{
		Scenario: p.scenario.Name, Release: p.profile.Name, Seed: p.opts.Seed, Version: Version,
		Flags: p.spelledFlags(),
		Hash:  fmt.Sprintf("%016x", out.Hash), Steps: out.Steps, Ended: out.Kind.String(), Time: out.Time.Duration(),
		Errors: []ErrorCount{}, Operations: []Operation{}, Gates: []Gate{},
		Outcome: out, Journal: p.journal,
	}
	r.count(p.journal)
	if err := r.latencies(p.journal); err != nil {
		return nil, err
	}
	for _, o := range p.operations {
		r.Operations = append(r.Operations, o.report(events, p.notJudged()))
	}
	r.Faults = p.faultResults()
	for _, g := range p.gates {
		r.Gates = append(r.Gates, g.report(events))
	}
	r.Thresholds = thresholds(p.scenario.Thresholds, r)
	p.check(r, out)
	r.judge()
	return r, nil
}

func (r *Result) count(j *workload.Journal) {
	t := j.Tally()
	r.Statements = Statements{
		Total: t.Statements, OK: t.Statements - t.Errors, Errors: t.Errors, Lost: t.Lost,
		Unfinished: t.Unfinished, NotSent: t.NotSent,
		Executions: j.Executions, FailedExecs: j.FailedExecutions, Clients: len(j.Clients), ClientsEnded: t.ClientsEnded,
	}
	for _, e := range t.ByError {
		r.Errors = append(r.Errors, ErrorCount{Num: e.Num, State: e.State, Text: e.Text, Count: e.Count})
	}
}

// latencies summarises the statements that succeeded. spec: W-74
func (r *Result) latencies(j *workload.Journal) error {
	h := stats.NewLatencies()
	for i := range j.Records {
		rec := &j.Records[i]
		if rec.Failed {
			continue
		}
		if err := h.Record(rec.Latency()); err != nil {
			return fmt.Errorf("latency of %s: %w", j.Clients[rec.Client].Name, err)
		}
	}
	s := h.Summary()
	r.Latency = Latency{P50: s.P50, P90: s.P90, P99: s.P99, Max: s.Max}
	return nil
}

// report turns an operation into its result.
func (o *operation) report(events []trace.Event, notJudged string) Operation {
	out := Operation{
		ID: o.ID, Do: string(o.Do), What: o.what, Start: o.start, End: o.end, Ended: o.started && o.done.IsSet(), Output: o.output,
	}
	if o.err != nil {
		out.Error = o.err.Error()
	}
	if out.AsExpected = o.asWanted(out.Ended) && o.saysAll(); !out.AsExpected {
		out.NotJudged = notJudged
	}
	if o.result != nil {
		out.Phases = phases(o.result, events)
		out.Outage = outage(o.result)
	}
	return out
}

// notJudged says why the wishes of the timeline do not bind this run; "" if they do. What a
// scenario is built to show, it shows on its own release; others may differ.
func (p *play) notJudged() string {
	if p.profile.Name == p.scenario.Release {
		return ""
	}
	return fmt.Sprintf("the scenario's wish is for %s, this run is %s", p.scenario.Release, p.profile.Name)
}

// asWanted compares the operation's end with the scenario's wish.
func (o *operation) asWanted(ended bool) bool {
	return o.Outcome == scenario.OutcomeAny || ended && (o.err == nil) == (o.Outcome == scenario.OutcomeSuccess)
}

// saysAll looks for the texts that the scenario wants to be shown.
func (o *operation) saysAll() bool {
	shown := o.output
	if o.err != nil {
		shown += "\n" + o.err.Error()
	}
	for _, text := range o.Says {
		if !strings.Contains(shown, text) {
			return false
		}
	}
	return true
}

// outage is from the demotion until a primary serves again: the new one, or after
// an undo the old one.
func outage(r *reparent.Result) time.Duration {
	demotion, demoted := r.Phase(reparent.PhaseDemotion)
	if !demoted {
		return 0
	}
	if end, ok := r.Phase(reparent.PhasePromotion); ok {
		return end.End.Sub(demotion.Begin)
	}
	if end, ok := r.Phase(reparent.PhaseUndo); ok {
		return end.End.Sub(demotion.Begin)
	}
	return 0
}

// report reads a gate's metrics and log.
func (g *gateProcess) report(events []trace.Event) Gate {
	out := Gate{Name: g.name, Buffer: []Series{}}
	if g.gate == nil {
		return out
	}
	snapshot := g.gate.Snapshot()
	out.Metrics = snapshot.Text()
	for _, s := range snapshot.Samples() {
		if strings.HasPrefix(s.Name, "vtgate_buffer") && s.Value != 0 {
			out.Buffer = append(out.Buffer, Series{Name: s.Series(), Value: s.Value})
		}
	}
	for i := range events {
		if e := &events[i]; e.Host == g.name && e.Kind == trace.KindLog {
			out.Log = append(out.Log, LogLine{Time: sim.Time(e.Time), Level: e.Text("level"), Text: e.Text("text")})
		}
	}
	return out
}

// thresholds compares the run with the scenario's limits.
func thresholds(t scenario.Thresholds, r *Result) []ThresholdCheck {
	var list []ThresholdCheck
	add := func(name, limit, value string, ok bool) {
		list = append(list, ThresholdCheck{Name: name, Limit: limit, Value: value, OK: ok})
	}
	if m := t.ErrorRateMax; m != nil {
		rate := r.Statements.ErrorRate()
		add("error rate", fmt.Sprintf("%.2f %%", 100*float64(*m)), fmt.Sprintf("%.2f %%", 100*rate), rate <= float64(*m))
	}
	if m := t.ErrorsMax; m != nil {
		add("errors", fmt.Sprint(*m), fmt.Sprint(r.Statements.Errors), r.Statements.Errors <= *m)
	}
	if m := t.LatencyP99Max; m != nil {
		add("p99 latency", m.Std().String(), r.Latency.P99.String(), r.Latency.P99 <= m.Std())
	}
	if m := t.LatencyMax; m != nil {
		add("longest latency", m.Std().String(), r.Latency.Max.String(), r.Latency.Max <= m.Std())
	}
	if m := t.ClientsEndedMax; m != nil {
		add("clients that gave up", fmt.Sprint(*m), fmt.Sprint(r.Statements.ClientsEnded), r.Statements.ClientsEnded <= *m)
	}
	return list
}

// judge writes the verdict and decides whether the run is a finding.
func (r *Result) judge() {
	var wrong, others []string
	if r.Outcome.Failed() {
		wrong = append(wrong, "the simulated program failed: "+r.Outcome.Kind.String())
	}
	for _, o := range r.Operations {
		switch {
		case o.AsExpected:
		case o.NotJudged != "":
			others = append(others, o.ID+" ended otherwise than the scenario wants, which is not judged: "+o.NotJudged)
		default:
			wrong = append(wrong, o.ID+" ended otherwise than the scenario wants")
		}
	}
	for _, c := range r.Thresholds {
		if !c.OK {
			wrong = append(wrong, fmt.Sprintf("%s is %s, limit %s", c.Name, c.Value, c.Limit))
		}
	}
	for _, v := range r.Findings() {
		wrong = append(wrong, "the invariant "+v.Invariant+" did not hold for "+v.Object)
	}
	r.Finding = len(wrong) > 0
	r.Verdict = r.sentence()
	if r.Finding {
		r.Verdict += " Finding: " + strings.Join(wrong, "; ") + "."
	}
	if len(others) > 0 {
		r.Verdict += " Note: " + strings.Join(others, "; ") + "."
	}
}

// sentence says in one sentence what the clients felt and what the buffer did.
func (r *Result) sentence() string {
	s := r.Statements
	var buffered, drained, evicted, skipped int64
	for i := range r.Gates {
		g := &r.Gates[i]
		buffered += g.Sum("vtgate_buffer_requests_buffered")
		drained += g.Sum("vtgate_buffer_requests_drained")
		evicted += g.Sum("vtgate_buffer_requests_evicted")
		skipped += g.Sum("vtgate_buffer_requests_skipped")
	}
	felt := "no client saw an error"
	if s.Errors > 0 {
		felt = fmt.Sprintf("%d of %d statements failed", s.Errors, s.Total)
		if s.ClientsEnded > 0 {
			felt += fmt.Sprintf(" and %d of %d clients gave up", s.ClientsEnded, s.Clients)
		}
	}
	if s.Unfinished > 0 {
		felt += fmt.Sprintf(" (%d were still under way at the end)", s.Unfinished)
	}
	did := "nothing was buffered"
	if buffered > 0 {
		did = fmt.Sprintf("%s buffered, %d drained and %d evicted", requests(buffered), drained, evicted)
	}
	if skipped > 0 {
		did += fmt.Sprintf(", %d not buffered (skipped)", skipped)
	}
	text := fmt.Sprintf("In %s without a serving primary %s; %s; the longest wait was %s.",
		r.WriteOutage().Round(time.Millisecond), felt, did, r.Latency.Max.Round(time.Millisecond))
	if r.WriteOutage() == 0 {
		text = strings.ToUpper(felt[:1]) + felt[1:] + "; " + did + "."
	}
	return text
}

// requests says in words how many requests something happened to.
func requests(n int64) string {
	if n == 1 {
		return "1 request was"
	}
	return fmt.Sprintf("%d requests were", n)
}

// spelledFlags are the flags that differ from the release's defaults.
func (p *play) spelledFlags() []string {
	if p.opts.SpelledFlags != nil {
		return p.opts.SpelledFlags
	}
	return append([]string{}, flags.Format(p.flags, p.profile)...)
}
