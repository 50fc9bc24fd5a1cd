package scenario

import (
	"time"

	"bufsim/experiments/workload/gateslap"
)

// ClientGroup is a number of equal clients: exactly one of Gateslap, Closed
// and Open is set.
type ClientGroup struct {
	// Name appears in reports; the group's number if left out.
	Name string `json:"name,omitempty" jsonschema:"name in reports"`
	// Start is when the group begins.
	Start    Duration  `json:"start" jsonschema:"when the group begins"`
	Gateslap *Gateslap `json:"gateslap,omitempty" jsonschema:"a gateslap configuration: a built-in name or the path of an .ini file"`
	Closed   *Closed   `json:"closed,omitempty" jsonschema:"clients that wait for each answer"`
	Open     *Open     `json:"open,omitempty" jsonschema:"requests that arrive whatever happens to earlier ones"`
}

// Gateslap is a group that plays a gateslap configuration. It is written as
// the name alone.
type Gateslap struct {
	// Source is a built-in name, or the path of an .ini file relative to the
	// scenario file.
	Source string
	// Config is what the file says.
	Config gateslap.Config
	// Text is the file itself with the SQL files behind it; it takes part in
	// [Scenario.Hash].
	Text string
	// Files are the custom SQL files that the configuration names.
	Files map[string][]gateslap.Line
}

// Closed is a closed loop: each client has one statement under way at most.
type Closed struct {
	Clients int `json:"clients" jsonschema:"number of clients, each with a connection of its own"`
	// Think is the pause after each statement.
	Think      Dist       `json:"think" jsonschema:"pause after each statement"`
	Statements Statements `json:"statements" jsonschema:"weights of the kinds of statements"`
	// Transaction has each round be BEGIN, some INSERTs and COMMIT, instead of Statements.
	Transaction *Transaction `json:"transaction,omitempty" jsonschema:"run transactions instead of single statements"`
	// SQL is the one statement that the clients send, instead of Statements.
	SQL string `json:"sql,omitempty" jsonschema:"the one statement to send, such as SELECT SLEEP(10), instead of a mix"`
	// AtOnce has the clients begin with a statement; else a pause comes first, so that they do
	// not march in step.
	AtOnce bool `json:"at_once,omitempty" jsonschema:"begin with a statement instead of a pause"`
	// Kind names the statements in the counts by kind; left out, it follows from what they do.
	Kind string `json:"kind,omitempty" jsonschema:"name of the statements in the counts by kind"`
	// OnConnect are statements that each new connection runs first.
	OnConnect []string `json:"on_connect,omitempty" jsonschema:"statements that each new connection runs first"`
	Keyspace  string   `json:"keyspace,omitempty" jsonschema:"keyspace the statements go to; may be left out if there is only one"`
	// Database is what the clients name at connect, such as commerce@replica or commerce/-80;
	// left out, it is made from Keyspace and TabletType.
	Database   string     `json:"database,omitempty" jsonschema:"database named at connect, such as commerce@replica, instead of keyspace and tablet_type"`
	TabletType TabletType `json:"tablet_type" jsonschema:"type of tablet the statements go to"`
	// OnError says what a client does when a statement fails.
	OnError OnError `json:"on_error" jsonschema:"what a client does when a statement fails"`
	// RetryWait is the pause after a failure; RetryCount bounds the tries of
	// one statement with OnErrorRetry, 0 meaning no bound.
	RetryWait  Duration `json:"retry_wait" jsonschema:"pause after a failed statement"`
	RetryCount int      `json:"retry_count" jsonschema:"tries of one statement with on_error: retry; 0 is no limit"`
	// ReadTimeout ends a statement without an answer; 0 waits for ever.
	ReadTimeout Duration `json:"read_timeout" jsonschema:"longest wait for an answer; 0 waits for ever"`
}

func (c *Closed) setDefaults(*decoder) {
	*c = Closed{
		Think:      Uniform(500*time.Millisecond, time.Second),
		Statements: Statements{Insert: 50, Select: 50},
		TabletType: TypePrimary,
		OnError:    OnErrorFast,
	}
}

// Transaction is what a client of transactions does in each round: BEGIN, INSERTs, COMMIT.
type Transaction struct {
	// Inserts is the number of INSERT statements.
	Inserts int `json:"inserts" jsonschema:"number of INSERT statements"`
	// Think is the pause before each statement after BEGIN.
	Think Dist `json:"think" jsonschema:"pause before each statement after BEGIN"`
}

func (t *Transaction) setDefaults(*decoder) { *t = Transaction{Inserts: 2} }

// OnError is a client's policy for failed statements.
type OnError string

// The policies.
const (
	// OnErrorExit ends the client.
	OnErrorExit OnError = "exit"
	// OnErrorRetry reconnects, waits and sends the same statement again, up to
	// RetryCount times; then the client ends.
	OnErrorRetry OnError = "retry"
	// OnErrorFast reconnects, waits and goes on with the next statement.
	OnErrorFast OnError = "fast"
	// OnErrorKeep waits and goes on with the next statement on the same connection.
	OnErrorKeep OnError = "keep"
)

// Values lists the policies.
func (OnError) Values() []string {
	return []string{string(OnErrorExit), string(OnErrorRetry), string(OnErrorFast), string(OnErrorKeep)}
}

// retryWaitDefault is the pause after a failure when none is given.
func (o OnError) retryWaitDefault() Duration {
	if o == OnErrorRetry {
		return Duration(5 * time.Second)
	}
	return Duration(50 * time.Millisecond)
}

// Statements are the weights of the kinds of statements in a mix.
type Statements struct {
	Insert int `json:"insert" jsonschema:"weight of INSERT"`
	Select int `json:"select" jsonschema:"weight of SELECT"`
	Update int `json:"update" jsonschema:"weight of UPDATE"`
	Delete int `json:"delete" jsonschema:"weight of DELETE"`
	// Rows is the number of rows that all clients of the group share; 0 gives each client rows
	// of its own. Where rows are shared, INSERT is REPLACE.
	Rows int `json:"rows,omitempty" jsonschema:"number of rows that all clients of the group share; each client has its own if left out"`
}

// setDefaults empties the mix: a file that gives weights gives all of them.
func (s *Statements) setDefaults(*decoder) { *s = Statements{} }

// Sum is the sum of all weights.
func (s Statements) Sum() int { return s.Insert + s.Select + s.Update + s.Delete }

// Open is an open loop: arrivals do not wait for answers.
type Open struct {
	// Rate is the mean number of arrivals of the whole group.
	Rate    Rate    `json:"rate" jsonschema:"mean arrivals of the whole group, such as 200/s"`
	Arrival Arrival `json:"arrival" jsonschema:"how arrivals are spaced"`
	// Connections bounds the requests under way; an arrival beyond it waits
	// for a free connection. 0 is no bound.
	Connections int        `json:"connections" jsonschema:"most requests under way; 0 is no limit"`
	Statements  Statements `json:"statements" jsonschema:"weights of the kinds of statements"`
	Keyspace    string     `json:"keyspace,omitempty" jsonschema:"keyspace the statements go to; may be left out if there is only one"`
	TabletType  TabletType `json:"tablet_type" jsonschema:"type of tablet the statements go to"`
	// ReadTimeout ends a statement without an answer; 0 waits for ever.
	ReadTimeout Duration `json:"read_timeout" jsonschema:"longest wait for an answer; 0 waits for ever"`
}

func (o *Open) setDefaults(*decoder) {
	*o = Open{
		Arrival:    ArrivalPoisson,
		Statements: Statements{Insert: 50, Select: 50},
		TabletType: TypePrimary,
	}
}

// Arrival is the spacing of an open loop.
type Arrival string

// The spacings.
const (
	// ArrivalPoisson draws the gaps independently.
	ArrivalPoisson Arrival = "poisson"
	// ArrivalUniform makes all gaps equal.
	ArrivalUniform Arrival = "uniform"
)

// Values lists the spacings.
func (Arrival) Values() []string { return []string{string(ArrivalPoisson), string(ArrivalUniform)} }
