package srvtopo

import (
	"fmt"
	"time"

	"bufsim/sim"
)

// queryEntry is one value that is queried and cached. spec: O-64
type queryEntry struct {
	env   *sim.Env
	opts  Options
	query func(ctx *sim.Context) ([]string, error)

	counts *counters

	mu         *sim.Mutex // guards all below
	value      []string
	valueTime  sim.Time
	known      bool // value is set
	err        error
	refreshing *sim.Event // nil unless a query is under way; set at its end
	asked      sim.Time   // when the last query began
	askedOnce  bool
}

func newQueryEntry(env *sim.Env, opts Options, counts *counters, query func(*sim.Context) ([]string, error)) *queryEntry {
	return &queryEntry{env: env, opts: opts, query: query, counts: counts, mu: env.NewMutex("query")}
}

func (e *queryEntry) get(ctx *sim.Context, staleOK bool) ([]string, error) {
	e.counts.queries.Add(1)
	query, value, err := e.lookup(staleOK)
	if query == nil {
		return value, err
	}
	if e.env.Select(sim.OnEvent(query), sim.OnDone(ctx)) == 1 {
		return nil, fmt.Errorf("timed out waiting for keyspace names: %w", ctx.Err())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.answer()
}

// lookup gives the value, or the query that the caller has to wait for.
func (e *queryEntry) lookup(staleOK bool) (query *sim.Event, value []string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	age := e.opts.CacheTTL
	if staleOK {
		age += 2 * e.opts.CacheRefresh
	}
	if e.refreshing == nil && e.mayAsk() {
		e.refresh()
	}
	switch {
	case e.younger(age):
		e.counts.cached.Add(1)
		return nil, e.value, nil
	case e.refreshing != nil:
		return e.refreshing, nil, nil
	}
	value, err = e.answer() // asked a moment ago
	return nil, value, err
}

// All below: mu is held, except in the proc of refresh.

// answer is the result of the last query: its error hides an older value.
func (e *queryEntry) answer() ([]string, error) {
	if e.err != nil {
		return nil, e.err
	}
	return e.value, nil
}

func (e *queryEntry) younger(age time.Duration) bool {
	return e.known && e.env.Now().Sub(e.valueTime) < age
}

// mayAsk reports whether the last query began more than a refresh interval ago.
func (e *queryEntry) mayAsk() bool {
	return !e.askedOnce || e.env.Now().Sub(e.asked) > e.opts.CacheRefresh
}

// refresh starts a query.
func (e *queryEntry) refresh() {
	e.asked, e.askedOnce = e.env.Now(), true
	done := e.env.NewEvent("refreshed")
	e.refreshing = done
	e.env.GoDaemon("query-names", func() {
		ctx, cancel := e.env.WithTimeout(e.env.Background(), e.opts.QueryTimeout)
		defer cancel()
		value, err := e.query(ctx)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.err = err
		if err == nil {
			e.value, e.valueTime, e.known = value, e.env.Now(), true
		} else {
			e.counts.errors.Add(1)
			e.env.Logf("error", "ResilientQuery(GetSrvKeyspaceNames) failed: %v", err)
		}
		e.refreshing = nil
		done.Set()
	})
}
