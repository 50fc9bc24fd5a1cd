package reparent

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// Event is one progress report of an operation. spec: R-170
type Event struct {
	At   sim.Time
	Text string
}

// PhaseName names a phase of an operation.
type PhaseName string

// The phases of a PlannedReparentShard. A demotion contains the old primary's drain, which
// only the tablet sees.
const (
	PhasePreflight      PhaseName = "preflight"
	PhaseElection       PhaseName = "election"
	PhaseCandidateCheck PhaseName = "candidate_check"
	PhaseDemotion       PhaseName = "demotion"
	PhaseCatchUp        PhaseName = "catch_up"
	PhaseUndo           PhaseName = "undo"
	PhasePromotion      PhaseName = "promotion"
	PhaseRepointing     PhaseName = "repointing"
	PhaseJournal        PhaseName = "journal"
)

// The phases that only other operations have; they share the rest with the above.
const (
	// PhaseStopReplication: an emergency reparent stops the receivers of all tablets that it
	// reaches, and with them the old primary's acknowledged writes.
	PhaseStopReplication PhaseName = "stop_replication"
	// PhaseRelayLogs: candidates apply what they have received.
	PhaseRelayLogs PhaseName = "relay_logs"
	// PhaseErrantCheck: the journals of the candidates are compared.
	PhaseErrantCheck PhaseName = "errant_check"
	// PhaseIntermediate: candidates catch up with the most advanced one.
	PhaseIntermediate PhaseName = "intermediate_source"
	// PhaseReset: an initialisation wipes the GTID history.
	PhaseReset PhaseName = "reset_replication"
	// PhaseDatabase: an initialisation makes the database.
	PhaseDatabase PhaseName = "create_database"
)

// Phase is the time that a phase took. From v18 on promotion and journal lie inside
// repointing.
type Phase struct {
	Name       PhaseName
	Begin, End sim.Time
}

// Result is what an operation did. It is there for failed operations, too.
type Result struct {
	Keyspace, Shard string
	// PromotedPrimary is the elected tablet; zero until one was elected and if nothing was
	// to be done.
	PromotedPrimary topodata.TabletAlias
	// OldPrimary is whom the shard's record named before; zero if nobody.
	OldPrimary topodata.TabletAlias
	Events     []Event
	// Phases are in the order of their beginnings.
	Phases []Phase
	Log    []LogLine
}

// Phase gives the first phase of a name, and whether there was one.
func (r *Result) Phase(name PhaseName) (Phase, bool) {
	for _, p := range r.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// progress collects the Result of a running operation, from all of its procs.
type progress struct {
	host      *sim.Env
	operation string
	file      string // of Vitess, for log lines
	shard     string

	mu     *sim.Mutex // guards result
	result *Result
}

func newProgress(env *sim.Env, operation, file, keyspace, shard string) *progress {
	return &progress{
		host: env, operation: operation, file: file, shard: keyspace + "/" + shard,
		mu: env.NewMutex("progress"), result: &Result{Keyspace: keyspace, Shard: shard},
	}
}

// event reports progress.
func (p *progress) event(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Events = append(p.result.Events, Event{At: p.host.Now(), Text: text})
	if p.host.Tracing() {
		p.host.Emit(KindEvent, trace.Str("operation", p.operation), trace.Str("shard", p.shard), trace.Str("text", text))
	}
}

// during runs a phase.
func (p *progress) during(name PhaseName, do func() error) error {
	i := p.begin(name)
	err := do()
	p.end(i)
	return err
}

func (p *progress) begin(name PhaseName) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tracePhase(name, "begin")
	p.result.Phases = append(p.result.Phases, Phase{Name: name, Begin: p.host.Now()})
	return len(p.result.Phases) - 1
}

func (p *progress) end(i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Phases[i].End = p.host.Now()
	p.tracePhase(p.result.Phases[i].Name, "end")
}

func (p *progress) tracePhase(name PhaseName, what string) {
	if p.host.Tracing() {
		p.host.Emit(KindPhase, trace.Str("operation", p.operation), trace.Str("shard", p.shard),
			trace.Str("phase", string(name)), trace.Str("what", what))
	}
}

// promoted notes the elected tablet.
func (p *progress) promoted(alias topodata.TabletAlias) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.PromotedPrimary = alias
}

// replaces notes the primary of the shard's record.
func (p *progress) replaces(alias topodata.TabletAlias) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.OldPrimary = alias
}
