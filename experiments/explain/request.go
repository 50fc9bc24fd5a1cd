package explain

import (
	"strings"

	"bufsim/sim"
)

// Request is one statement as its gate saw it. A client's driver may send a statement again
// after an error: that is another request.
type Request struct {
	// ID is the gate's name for it, such as gate-1/r42.
	ID            string `json:"id"`
	Gate          string `json:"gate"`
	Client        int    `json:"client"`
	Connection    int64  `json:"connection"`
	Verb          string `json:"verb"`
	InTransaction bool   `json:"in_transaction,omitempty"`
	// From and To are when it came and when it was answered; To means nothing unless Answered.
	From     sim.Time `json:"from_ns"`
	To       sim.Time `json:"to_ns"`
	Answered bool     `json:"answered"`
	// Errno, Code and Error are the answer; Errno is 0 on success.
	Errno int64  `json:"errno,omitempty"`
	Code  string `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
	// Passes are its ways through the gateway's retry loop, one for each shard and replan.
	Passes []*Pass `json:"passes"`
	// Direct are calls of a tablet that the session is bound to: they have no retry loop. spec: G-11
	Direct []Call `json:"direct,omitempty"`

	incarnation uint32 // of the gate
}

// Pass is one way through the gateway's retry loop.
type Pass struct {
	Method string `json:"method"`
	// Target is keyspace.shard.type.
	Target string   `json:"target"`
	From   sim.Time `json:"from_ns"`
	To     sim.Time `json:"to_ns"`
	Ended  bool     `json:"ended"`
	Error  string   `json:"error,omitempty"`
	Calls  []Call   `json:"calls,omitempty"`
	Skips  []Skip   `json:"skips,omitempty"`
	// Hold is the request's stay in the buffer, nil if there was none.
	Hold *Hold `json:"hold,omitempty"`
}

// Call is one call of a tablet. Code is empty if the tablet never finished it.
type Call struct {
	At     sim.Time `json:"at_ns"`
	Tablet string   `json:"tablet"`
	End    sim.Time `json:"end_ns"`
	Code   string   `json:"code,omitempty"`
	Error  string   `json:"error,omitempty"`
}

// Skip is the buffer not holding the request, and why.
type Skip struct {
	At     sim.Time `json:"at_ns"`
	Reason string   `json:"reason"`
}

// Hold is a stay in the buffer.
type Hold struct {
	Entry    int64    `json:"entry"`
	From     sim.Time `json:"from_ns"`
	Deadline sim.Time `json:"deadline_ns"`
	// Queued and Slots are the length of the shard's queue and the used slots of the gate, with
	// this request.
	Queued int64 `json:"queued"`
	Slots  int64 `json:"slots"`
	// To is when it ended and How why: the reason of its eviction, or of the stop of buffering
	// whose drain gave it free. How is empty while the request is held.
	To  sim.Time `json:"to_ns"`
	How string   `json:"how,omitempty"`
	// Drained says that a drain gave it free.
	Drained bool `json:"drained,omitempty"`
	// Error is what the drain told it, such as that the shard is gone.
	Error string `json:"error,omitempty"`
}

// shard is the target's keyspace/shard.
func (p *Pass) shard() string {
	parts := strings.Split(p.Target, ".")
	if len(parts) != 3 {
		return p.Target
	}
	return parts[0] + "/" + parts[1]
}

// toPrimary says that the pass asks for the primary: only then is there buffering.
func (p *Pass) toPrimary() bool { return strings.HasSuffix(p.Target, ".primary") }

// lastCall is the last call that a tablet has answered, nil without one.
func (p *Pass) lastCall() *Call {
	for i := len(p.Calls) - 1; i >= 0; i-- {
		if p.Calls[i].Code != "" {
			return &p.Calls[i]
		}
	}
	return nil
}

// skipped says that the buffer refused to hold the request for one of these reasons.
func (p *Pass) skipped(reasons ...string) bool {
	for _, s := range p.Skips {
		for _, r := range reasons {
			if s.Reason == r {
				return true
			}
		}
	}
	return false
}

// decisive is the pass that decided the request: the last that failed or is not over.
func (r *Request) decisive() *Pass {
	for i := len(r.Passes) - 1; i >= 0; i-- {
		if p := r.Passes[i]; !p.Ended || p.Error != "" {
			return p
		}
	}
	if n := len(r.Passes); n > 0 {
		return r.Passes[n-1]
	}
	return nil
}
