package workload

import (
	"sort"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// Record is one statement of one client, as its user saw it.
type Record struct {
	// Client is the client's number in the journal.
	Client int
	Verb   query.Verb
	// Start is the send of the first execution (in an open loop: the intended
	// instant), End the instant of the final result.
	Start, End sim.Time
	// Waited is the part of End-Start that the client spent in retry pauses.
	Waited time.Duration
	// Executions counts the executions at the gate, hidden ones included.
	Executions int
	// First is the first error that the application saw, nil if none; Failed
	// says that the statement was lost in the end.
	First  *vterr.MySQLError
	Failed bool
}

// Latency is the time from the first send to the final result, without retry
// pauses. spec: W-74
func (r *Record) Latency() time.Duration { return r.End.Sub(r.Start) - r.Waited }

// Journal collects what clients saw, in order of completion.
type Journal struct {
	// Clients are the clients' names.
	Clients []string
	Records []Record
	// Ended lists the clients that gave up, in order.
	Ended []int
	// Executions and FailedExecutions count single executions at the gate.
	Executions, FailedExecutions int
	// Transcript holds the lines that gateslap prints, if Keep is set.
	Transcript []Line
	Keep       bool
	// running counts the clients that have not ended.
	running int
	idle    *sim.Event
}

// Line is one line on a client's terminal.
type Line struct {
	Time   sim.Time
	Client int
	Text   string
}

// NewJournal returns an empty journal; Idle of it happens when the last client
// has ended.
func NewJournal(env *sim.Env) *Journal { return &Journal{idle: env.NewEvent("clients-ended")} }

// Idle happens when all clients have finished their work or given up.
func (j *Journal) Idle() *sim.Event { return j.idle }

// enter registers a client and returns its number.
func (j *Journal) enter(name string) int {
	j.Clients = append(j.Clients, name)
	j.running++
	return len(j.Clients) - 1
}

// leave says that a client has ended; gaveUp if it did so because of an error.
func (j *Journal) leave(client int, gaveUp bool) {
	if gaveUp {
		j.Ended = append(j.Ended, client)
	}
	if j.running--; j.running == 0 {
		j.idle.Set()
	}
}

// executed counts one execution at the gate.
func (j *Journal) executed(err error) {
	j.Executions++
	if err != nil {
		j.FailedExecutions++
	}
}

func (j *Journal) print(env *sim.Env, client int, text string) {
	if j.Keep {
		j.Transcript = append(j.Transcript, Line{env.Now(), client, text})
	}
}

// Tally sums a journal up.
type Tally struct {
	// Statements counts finished statements; Errors those whose first visible
	// outcome was an error; Lost those that failed in the end.
	Statements, Errors, Lost int
	// ClientsEnded counts the clients that gave up.
	ClientsEnded int
	// ByError groups the first visible errors, the most frequent first.
	ByError []ErrorCount
}

// ErrorCount is one error with its frequency.
type ErrorCount struct {
	Num   int
	State string
	Text  string
	Count int
}

// Tally counts the journal's records. spec: W-73
func (j *Journal) Tally() Tally {
	t := Tally{Statements: len(j.Records), ClientsEnded: len(j.Ended)}
	index := map[vterr.MySQLError]int{}
	for i := range j.Records {
		r := &j.Records[i]
		if r.Failed {
			t.Lost++
		}
		if r.First == nil {
			continue
		}
		t.Errors++
		at, seen := index[*r.First]
		if !seen {
			at = len(t.ByError)
			index[*r.First] = at
			t.ByError = append(t.ByError, ErrorCount{Num: r.First.Num, State: r.First.State, Text: r.First.Text})
		}
		t.ByError[at].Count++
	}
	sort.SliceStable(t.ByError, func(a, b int) bool { return t.ByError[a].Count > t.ByError[b].Count })
	return t
}
