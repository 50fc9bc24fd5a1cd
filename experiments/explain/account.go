package explain

import (
	"cmp"
	"slices"

	"bufsim/experiments/runner"
	"bufsim/experiments/workload"
	"bufsim/model/flags"
	"bufsim/sim"
)

// Account is what became of the statements of a run.
type Account struct {
	Result *runner.Result
	Flags  flags.Set
	// Requests are all requests that reached a gate, in order.
	Requests []*Request
	// Failures are the statements whose clients saw an error, in order of the errors.
	Failures []Failure
	watch    *Watch
	list     []*Cause
}

// Failure is a statement that its client saw failing.
type Failure struct {
	// Statement is its number among the statements of its client, from 1 on, in order of their
	// beginnings: it is the same statement in a run with other settings.
	Statement int    `json:"statement"`
	Client    int    `json:"client"`
	Name      string `json:"client_name"`
	// Start is when the client turned to the statement, Seen when it saw the first error.
	Start sim.Time `json:"start_ns"`
	Seen  sim.Time `json:"seen_ns"`
	// Lost says that the statement failed in the end; else the client tried again and succeeded.
	Lost  bool   `json:"lost"`
	Errno int    `json:"errno"`
	Error string `json:"error"`
	// Request is the execution that decided it; nil if none reached a gate.
	Request *Request `json:"request,omitempty"`
	Cause   *Cause   `json:"cause"`
}

// NewAccount puts together what the watch has seen of a run with what its clients saw. set are
// the flags of the run.
func NewAccount(w *Watch, r *runner.Result, set flags.Set) *Account {
	a := &Account{Result: r, Flags: set, Requests: w.requests, watch: w}
	byClient := map[int][]*Request{}
	for _, q := range w.requests {
		byClient[q.Client] = append(byClient[q.Client], q)
	}
	used := map[*Request]bool{}
	for _, s := range statements(r.Journal) {
		if s.First == nil {
			continue
		}
		f := Failure{
			Statement: s.number, Client: s.Client, Name: r.Journal.Clients[s.Client].Name, Start: s.Start, Seen: s.FirstAt, Lost: s.Failed,
			Errno: s.First.Num, Error: s.First.Text,
		}
		if f.Request = decisive(byClient[s.Client], &f, used); f.Request != nil {
			used[f.Request] = true
		}
		f.Cause = a.cause(&f)
		a.Failures = append(a.Failures, f)
	}
	slices.SortStableFunc(a.Failures, func(x, y Failure) int { return cmp.Compare(x.Seen, y.Seen) })
	return a
}

// statement is a record with its number among those of its client.
type statement struct {
	*workload.Record
	number int
}

// statements numbers the records of each client in order of their beginnings.
func statements(j *workload.Journal) []statement {
	var list []statement
	for i := range j.Records {
		list = append(list, statement{Record: &j.Records[i]})
	}
	slices.SortStableFunc(list, func(a, b statement) int { return cmp.Compare(a.Start, b.Start) })
	count := map[int]int{}
	for i := range list {
		count[list[i].Client]++
		list[i].number = count[list[i].Client]
	}
	return list
}

// decisive is the request that gave a client its error: the last one with this error that was
// answered in the statement's time, or else the last that had no answer by then.
func decisive(of []*Request, f *Failure, used map[*Request]bool) *Request {
	var answered, silent *Request
	for _, q := range of {
		switch {
		case used[q] || q.From < f.Start || q.From > f.Seen:
		case q.Answered && q.To <= f.Seen:
			if q.Errno == int64(f.Errno) {
				answered = q
			}
		default:
			silent = q
		}
	}
	if answered != nil {
		return answered
	}
	return silent
}

// Group is all failures with one cause.
type Group struct {
	Cause    *Cause    `json:"cause"`
	Failures []Failure `json:"failures"`
}

// Groups counts the failures by cause, the most frequent first.
func (a *Account) Groups() []Group {
	var list []Group
	index := map[*Cause]int{}
	for _, f := range a.Failures {
		at, known := index[f.Cause]
		if !known {
			at = len(list)
			index[f.Cause] = at
			list = append(list, Group{Cause: f.Cause})
		}
		list[at].Failures = append(list[at].Failures, f)
	}
	slices.SortStableFunc(list, func(x, y Group) int { return len(y.Failures) - len(x.Failures) })
	return list
}

// cycleBefore is the gate's last failover of a shard that had begun by an instant.
func (a *Account) cycleBefore(gate, shard string, at sim.Time) *cycle {
	var last *cycle
	for _, c := range a.watch.cycles {
		if c.gate == gate && c.shard == shard && c.start <= at {
			last = c
		}
	}
	return last
}

// operationBefore is the operation of the timeline that was the last to begin by an instant.
func (a *Account) operationBefore(at sim.Time) *runner.Operation {
	var last *runner.Operation
	for i := range a.Result.Operations {
		if o := &a.Result.Operations[i]; (o.Ended || o.Start > 0) && o.Start <= at && (last == nil || o.Start >= last.Start) {
			last = o
		}
	}
	return last
}
