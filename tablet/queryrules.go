package tablet

import (
	"slices"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// RuleAction is what a query rule does with a statement.
type RuleAction uint8

// The actions.
const (
	// RuleFail refuses it for good.
	RuleFail RuleAction = iota
	// RuleFailRetry refuses it with a code that the gate may retry on.
	RuleFailRetry
	// RuleBuffer holds it until the rule is taken away, at most for the rule's timeout.
	RuleBuffer
)

// QueryRule is an operator's rule for statements, besides the denied tables of the shard
// record.
// spec: T-48
type QueryRule struct {
	Description string
	// Table is the table that a statement must touch; empty is any.
	Table  string
	Action RuleAction
	// BufferTimeout bounds RuleBuffer; 0 leaves it to the statement's own context.
	BufferTimeout time.Duration
}

// queryRules are the rules in force. They are nil, without a lock, in a tablet that never had
// any.
type queryRules struct {
	mu    *sim.Mutex
	rules []QueryRule
	// replaced happens when these rules are not in force any more.
	replaced *sim.Event
}

// SetQueryRules puts rules in force instead of those before; none takes them away. Statements
// that a buffering rule holds go on.
func (t *Tablet) SetQueryRules(rules ...QueryRule) {
	r := t.qs.rules
	if r.mu == nil {
		r.mu = t.env.NewMutex("query-rules")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.replaced != nil {
		r.replaced.Set()
	}
	r.rules, r.replaced = slices.Clone(rules), t.env.NewEvent("query-rules-replaced")
}

// match gives the first rule for a statement.
func (r *queryRules) match(st query.Statement) (rule QueryRule, replaced *sim.Event, found bool) {
	if r.mu == nil {
		return QueryRule{}, nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.rules, func(q QueryRule) bool { return q.Table == "" || q.Table == st.Table })
	if i < 0 {
		return QueryRule{}, nil, false
	}
	return r.rules[i], r.replaced, true
}

// checkRules refuses a statement, or holds it, as the rules say.
// spec: T-48
func (q *queryService) checkRules(ctx *sim.Context, r *query.ExecuteRequest) error {
	rule, replaced, found := q.rules.match(r.Statement)
	if !found {
		return nil
	}
	if rule.Action != RuleBuffer {
		return vterr.RuleRefused(rule.Description, rule.Action == RuleFailRetry, r.CallerID)
	}
	cases := []sim.Case{sim.OnEvent(replaced), sim.OnDone(ctx)}
	if rule.BufferTimeout > 0 {
		cases = append(cases, q.env.After(rule.BufferTimeout))
	}
	switch started := q.env.Now(); q.env.Select(cases...) {
	case 0:
		return nil
	case 1:
		return vterr.RuleTimedOut(q.env.Now().Sub(started), rule.Description, r.CallerID)
	default:
		return vterr.RuleTimedOut(rule.BufferTimeout, rule.Description, r.CallerID)
	}
}
