package explain

import (
	"slices"
	"strings"
)

// Cause is a reason why a statement fails. The list is closed: see [Causes].
type Cause struct {
	// ID is short and stable.
	ID string `json:"id"`
	// Title is the cause in a few words, Meaning in plain sentences for people who do not know
	// Vitess.
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
	// Rules are where the specification says so.
	Rules []string `json:"rules"`
	// Flags are the Vitess flags that decide it, without dashes in front; empty if no flag does.
	Flags []string `json:"flags,omitempty"`

	holds func(*evidence) bool
	// try names the settings that may save its requests, the most direct first.
	try []string
}

// evidence is what a cause is decided by.
type evidence struct {
	account *Account
	failure *Failure
	request *Request // nil if nothing reached a gate
	pass    *Pass    // nil if it had no retry loop
}

// Causes are all causes in the order in which they are looked for: what happened last to a
// request comes before what happened first. spec: buffer 5, gateway 4
func Causes() []*Cause {
	return slices.Concat(silentCauses(), heldCauses(), skippedCauses(), neverHeldCauses(), endedCauses(), missedCauses(), otherCauses())
}

// cause is the first cause that fits.
func (a *Account) cause(f *Failure) *Cause {
	e := &evidence{account: a, failure: f, request: f.Request}
	if f.Request != nil {
		e.pass = f.Request.decisive()
	}
	for _, c := range a.causes() {
		if c.holds(e) {
			return c
		}
	}
	panic("explain: the last cause fits everything") // a mistake in this package
}

// causes is one list for an account, so that equal causes are one pointer.
func (a *Account) causes() []*Cause {
	if a.list == nil {
		a.list = Causes()
	}
	return a.list
}

// CauseByID finds a cause.
func CauseByID(id string) (*Cause, bool) {
	for _, c := range Causes() {
		if c.ID == id {
			return c, true
		}
	}
	return nil, false
}

// hold is the request's stay in the buffer, nil if there was none.
func (e *evidence) hold() *Hold {
	if e.pass == nil {
		return nil
	}
	return e.pass.Hold
}

func (e *evidence) heldUntil(how string) bool { h := e.hold(); return h != nil && h.How == how }

func (e *evidence) skipped(reasons ...string) bool {
	return e.pass != nil && e.pass.skipped(reasons...)
}

// answeredInTime says that the gate had answered before the client gave up.
func (e *evidence) answeredInTime() bool {
	return e.request != nil && e.request.Answered && e.request.To <= e.failure.Seen && e.request.Errno == int64(e.failure.Errno)
}

// said looks for a text in what the request's pass or the gate ended with.
func (e *evidence) said(text string) bool {
	if e.request != nil && strings.Contains(e.request.Error, text) {
		return true
	}
	return e.pass != nil && strings.Contains(e.pass.Error, text)
}

// silentCauses are those of statements that got no answer.
func silentCauses() []*Cause {
	return []*Cause{
		{
			ID: "no-gate", Title: "no gate took the statement",
			Meaning: "The connection to the gate was refused or ended before the gate had the statement: the gate was down, starting, or closing.",
			Rules:   []string{"G-84", "G-86"},
			holds:   func(e *evidence) bool { return e.request == nil },
			try:     []string{"without-fault", "without-operation"},
		},
		{
			ID: "client-timeout", Title: "the client gave up waiting",
			Meaning: "The gate was still working on the statement, or holding it in its buffer, when the client's own read timeout ended the wait. The gate does not notice: what it holds for such a client takes up room for nothing.",
			Rules:   []string{"G-79b"},
			holds:   func(e *evidence) bool { return !e.answeredInTime() && !e.gateDied() },
			try:     []string{"read-timeout", "prs", "without-fault", "without-operation"},
		},
		{
			ID: "gate-lost", Title: "the gate died with the statement",
			Meaning: "The process of the gate ended while it worked on the statement. Buffering does not protect from the end of the gate itself.",
			Rules:   []string{"G-87"},
			holds:   func(e *evidence) bool { return !e.answeredInTime() },
			try:     []string{"without-fault", "without-operation"},
		},
	}
}

// gateDied says that the request's gate crashed between the request and the client's error.
func (e *evidence) gateDied() bool {
	for _, m := range e.account.watch.moments {
		if m.host == e.request.Gate && m.what == "crash" && m.at >= e.request.From && m.at <= e.failure.Seen {
			return true
		}
	}
	return false
}

// heldCauses are those of statements that the buffer had held.
func heldCauses() []*Cause {
	return []*Cause{
		{
			ID: "evicted-full", Title: "pushed out of a full buffer by a newer request",
			Meaning: "All slots of the gate's buffer were taken. A newer request of the same shard took the slot of the oldest, and the oldest failed.",
			Rules:   []string{"B-22", "B-72"}, Flags: []string{"buffer-size"},
			holds: func(e *evidence) bool { return e.heldUntil("BufferFull") },
			try:   []string{"buffer-size", "prs", "without-fault"},
		},
		{
			ID: "window", Title: "held longer than the window",
			Meaning: "The request was held for the full window. Then it was tried once more although the failover was not over, and found no primary; a request is held only once.",
			Rules:   []string{"B-36", "G-30"}, Flags: []string{"buffer-window"},
			holds: func(e *evidence) bool { return e.heldUntil("WindowExceeded") },
			try:   []string{"buffer-window", "prs", "without-fault", "without-operation"},
		},
		{
			ID: "max-duration", Title: "the failover took longer than the buffer waits",
			Meaning: "The buffer waits a limited time for a failover. Then it gave all held requests free, though there was no primary yet, and their last try failed.",
			Rules:   []string{"B-38", "G-30"}, Flags: []string{"buffer-max-failover-duration", "buffer-window"},
			holds: func(e *evidence) bool { return e.heldUntil("MaxDurationExceeded") },
			try:   []string{"buffer-max-failover-duration", "buffer-window", "prs", "without-fault", "without-operation"},
		},
		{
			ID: "context", Title: "the statement's time was over while it was held",
			Meaning: "The time in the buffer counts towards the statement's own time limit at the gate. The limit came before the end of the failover.",
			Rules:   []string{"B-27", "B-30", "G-79c"}, Flags: []string{"query-timeout", "mysql-server-query-timeout"},
			holds: func(e *evidence) bool { return e.heldUntil("ContextDone") },
			try:   []string{"query-timeout", "mysql-server-query-timeout", "prs"},
		},
		{
			ID: "shutdown", Title: "the gate was shutting down",
			Meaning: "A gate that ends waits a while for what is under way. Then it gives all held requests free at once and holds no new ones, whatever the state of the shard.",
			Rules:   []string{"B-9", "B-65", "G-86", "G-87", "G-88"}, Flags: []string{"onterm-timeout"},
			holds: func(e *evidence) bool { return e.heldUntil("Shutdown") || e.skipped("Shutdown") },
			try:   []string{"onterm-timeout", "without-fault", "without-operation"},
		},
		{
			ID: "resharded", Title: "the shard was gone after a resharding",
			Meaning: "The request was held for a shard that a resharding replaced, and planning it anew for the new shards did not help.",
			Rules:   []string{"B-56", "G-73"},
			holds:   func(e *evidence) bool { return e.heldUntil("ReshardingComplete") },
			try:     []string{"without-operation"},
		},
		{
			ID: "same-primary", Title: "the failover ended where it had begun",
			Meaning: "The request had failed on the old primary and was then held. The failover was undone and the same primary serves again, but a tablet that failed a request is not asked a second time: the request gets its first error.",
			Rules:   []string{"G-25", "G-31"},
			holds: func(e *evidence) bool {
				h := e.hold()
				return h != nil && h.Drained && !e.said("disallowed due to rule") && len(e.pass.Calls) > 0 && e.pass.Calls[len(e.pass.Calls)-1].At < h.To
			},
			try: []string{"without-fault", "without-operation"},
		},
		{
			ID: "released-early", Title: "set free, but its next try failed too",
			Meaning: "The buffer heard that the shard was whole again and gave the request free; the primary then did not answer it well. A request is held only once.",
			Rules:   []string{"B-57", "G-30"},
			holds:   func(e *evidence) bool { return e.hold() != nil && !e.said("disallowed due to rule") },
			try:     []string{"without-fault", "without-operation"},
		},
	}
}
