package workload

import (
	"errors"
	"fmt"
	"io"
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
	// Kind names the sort of statement in [Tally.ByKind]; "" is the name that Verb gives it.
	Kind string
	// Start is when the client turned to the statement (in an open loop: the
	// intended instant): connecting and waiting for a connection are part of what
	// its user waits for. End is the instant of the final result.
	Start, End sim.Time
	// Waited is the part of End-Start that the client spent in retry pauses.
	Waited time.Duration
	// Executions counts the executions at the gate, hidden ones included.
	Executions int
	// First is the first error that the application saw, nil if none; Failed
	// says that the statement was lost in the end.
	First  *vterr.MySQLError
	Failed bool
	// FirstAt is when the application saw the first error; meaningless without one.
	FirstAt sim.Time
}

// Latency is the time from the first attempt to the final result, without retry
// pauses. spec: W-74
func (r *Record) Latency() time.Duration { return r.End.Sub(r.Start) - r.Waited }

// see remembers the first error that the application saw.
func (j *Journal) see(r *Record, err error) {
	var own *vterr.MySQLError
	if r.First == nil && errors.As(err, &own) {
		r.First, r.FirstAt = own, j.env.Now()
	}
}

// Client is one client: a worker of gateslap, a closed-loop client, or a whole
// open loop.
type Client struct {
	// Group is the group of clients that it belongs to.
	Group, Name string
	// Lines is the number of lines in the file of a gateslap worker, Executed and
	// Skipped how many of them it has turned to; 0 for other clients. spec: I-W2
	Lines, Executed, Skipped int
	// GaveUp says that it ended because of an error.
	GaveUp bool
	// End is when it ended; meaningless while it works.
	End sim.Time
}

// NotReached is the number of lines that the client never came to.
func (c *Client) NotReached() int { return c.Lines - c.Executed - c.Skipped }

// Journal collects what clients saw. It is an observer of one simulated world, not
// a part of it, and so has no lock.
type Journal struct {
	Clients []Client
	// Records are the finished statements in order of completion.
	Records []Record
	// Executions and FailedExecutions count single executions at the gate, also
	// those that belong to no client's statement (tables are created and dropped).
	Executions, FailedExecutions int
	// Transcript holds the lines that gateslap prints, if Keep is set.
	Transcript []Line
	Keep       bool
	env        *sim.Env
	begun      int
	holds      int
	idle       *sim.Event
}

// Line is one line on a client's terminal. Client is -1 for what the process
// prints itself.
type Line struct {
	Time   sim.Time
	Client int
	Text   string
}

// NewJournal returns an empty journal.
func NewJournal(env *sim.Env) *Journal {
	return &Journal{env: env, idle: env.NewEvent("clients-ended")}
}

// Idle happens when all clients have finished their work or given up, and nobody
// holds the journal.
func (j *Journal) Idle() *sim.Event { return j.idle }

// Hold keeps Idle from happening until [Journal.Release]: more clients will come.
func (j *Journal) Hold() { j.holds++ }

// Release undoes one Hold.
func (j *Journal) Release() {
	if j.holds--; j.holds == 0 {
		j.idle.Set()
	}
}

// enter registers a client and returns its number.
func (j *Journal) enter(group, name string) int {
	j.Clients = append(j.Clients, Client{Group: group, Name: name})
	j.Hold()
	return len(j.Clients) - 1
}

// leave says that a client has ended; gaveUp if it did so because of an error.
func (j *Journal) leave(client int, gaveUp bool) {
	c := &j.Clients[client]
	c.GaveUp, c.End = gaveUp, j.env.Now()
	j.Release()
}

// begin says that a client has turned to a statement, which [Journal.finish] ends.
func (j *Journal) begin(client int, verb query.Verb, start sim.Time) Record {
	j.begun++
	return Record{Client: client, Verb: verb, Start: start}
}

// finish notes the final result of a statement: err is nil for success.
func (j *Journal) finish(r *Record, err error) {
	r.End, r.Failed = j.env.Now(), err != nil
	j.Records = append(j.Records, *r)
}

// executed counts one execution at the gate; r is its statement, or nil. What the
// library itself refused never reached the gate.
func (j *Journal) executed(r *Record, err error) {
	if err != nil && (classOf(err) == interfaceError || numberOf(err) == crServerGone) {
		return
	}
	j.Executions++
	if r != nil {
		r.Executions++
	}
	if err != nil {
		j.FailedExecutions++
	}
}

func (j *Journal) print(client int, text string) {
	if j.Keep {
		j.Transcript = append(j.Transcript, Line{j.env.Now(), client, text})
	}
}

// WriteTranscript writes what the clients printed: virtual time, client, text.
// spec: W-72
func (j *Journal) WriteTranscript(w io.Writer) error {
	for _, l := range j.Transcript {
		name := "gateslap"
		if l.Client >= 0 {
			name = j.Clients[l.Client].Name
		}
		if _, err := fmt.Fprintf(w, "%s %s: %s\n", l.Time, name, l.Text); err != nil {
			return err
		}
	}
	return nil
}

// Tally sums a journal up. spec: W-73
type Tally struct {
	// Statements counts finished statements; Errors those whose first visible
	// outcome was an error; Lost those that failed in the end.
	Statements, Errors, Lost int
	// Unfinished counts the statements that were under way at the end of the run;
	// they are in none of the other numbers.
	Unfinished int
	// NotSent counts the lines that gateslap workers did not come to because an
	// error had ended them.
	NotSent int
	// ClientsEnded counts the clients that gave up.
	ClientsEnded int
	// ByError groups the first visible errors, the most frequent first.
	ByError []ErrorCount
	// ByKind counts the finished statements by kind, in the order of the names.
	ByKind []KindCount
}

// ErrorCount is one error with its frequency.
type ErrorCount struct {
	vterr.MySQLError
	Count int
}

// Tally counts the journal's records.
func (j *Journal) Tally() Tally {
	t := Tally{Statements: len(j.Records), Unfinished: j.begun - len(j.Records), ByKind: j.kinds()}
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
			t.ByError = append(t.ByError, ErrorCount{MySQLError: *r.First})
		}
		t.ByError[at].Count++
	}
	sort.SliceStable(t.ByError, func(a, b int) bool { return t.ByError[a].Count > t.ByError[b].Count })
	for i := range j.Clients {
		if c := &j.Clients[i]; c.GaveUp {
			t.ClientsEnded++
			t.NotSent += c.NotReached()
		}
	}
	return t
}
