package srvtopo

import (
	"fmt"

	"bufsim/sim"
	"bufsim/topo"
)

// watchState is the state of a watched value's watch.
type watchState uint8

const (
	idle watchState = iota
	starting
	running
)

// watchEntry is one watched value. spec: O-58..O-63
type watchEntry[T any] struct {
	env    *sim.Env
	opts   Options
	counts *counters
	key    string
	start  func(ctx *sim.Context) (*T, *sim.Chan[topo.Watched[T]], error)

	mu        *sim.Mutex // guards all below; held while listeners are called
	state     watchState
	started   *sim.Event // while starting: set when the attempt has ended
	value     *T
	valueTime sim.Time // when the value was known to be good
	err       error
	errTime   sim.Time
	failed    bool // errTime is set
	listeners []func(*T, error) bool
}

func newWatchEntry[T any](env *sim.Env, opts Options, counts *counters, key string, start func(*sim.Context) (*T, *sim.Chan[topo.Watched[T]], error)) *watchEntry[T] {
	return &watchEntry[T]{env: env, opts: opts, counts: counts, key: key, start: start, mu: env.NewMutex("entry")}
}

// get gives the value. spec: O-58, O-59
func (e *watchEntry[T]) get(ctx *sim.Context) (*T, error) {
	e.counts.queries.Add(1)
	attempt, value, err := e.lookup()
	if attempt == nil {
		return value, err
	}
	if e.env.Select(sim.OnEvent(attempt), sim.OnDone(ctx)) == 1 {
		return nil, fmt.Errorf("timed out waiting for %s: %w", e.key, ctx.Err())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.answer()
}

// lookup gives the value, or the attempt that the caller has to wait for.
func (e *watchEntry[T]) lookup() (attempt *sim.Event, value *T, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == running {
		return nil, e.value, e.err
	}
	e.ensureWatching()
	switch {
	case e.fresh():
		e.counts.cached.Add(1)
	case e.state == starting:
		return e.started, nil, nil
	}
	value, err = e.answer()
	return nil, value, err
}

// addListener registers a listener and calls it with what get gives, whatever it
// returns then. If that takes an attempt, the listener hears of the attempt's
// result twice. spec: O-62, D-51
func (e *watchEntry[T]) addListener(listener func(*T, error) bool) {
	e.mu.Lock()
	e.listeners = append(e.listeners, listener)
	e.mu.Unlock()
	attempt, value, err := e.lookup()
	if attempt != nil {
		attempt.Wait()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if attempt != nil {
		value, err = e.answer()
	}
	listener(value, err)
}

// All below: mu is held, except in watch.

// answer prefers an old value to an error.
func (e *watchEntry[T]) answer() (*T, error) {
	if e.value != nil {
		return e.value, nil
	}
	return nil, e.err
}

func (e *watchEntry[T]) fresh() bool {
	return e.value != nil && e.env.Now().Sub(e.valueTime) < e.opts.CacheTTL
}

// ensureWatching opens the watch if there is none and the last failure is long
// enough ago, or somebody listens. spec: O-59
func (e *watchEntry[T]) ensureWatching() {
	if e.state != idle {
		return
	}
	if e.failed && e.env.Now().Sub(e.errTime) <= e.opts.CacheRefresh && len(e.listeners) == 0 {
		return
	}
	e.state = starting
	e.started = e.env.NewEvent("watch-started")
	e.env.GoDaemon("watch/"+e.key, e.watch)
}

// watch is the proc of one watch, from its attempt to its end.
func (e *watchEntry[T]) watch() {
	ctx, cancel := e.env.WithCancel(e.env.Background())
	defer cancel()
	value, changes, err := e.start(ctx)
	if err != nil {
		e.fail(err, e.startFailed)
		return
	}
	e.succeed(value)
	for {
		msg, ok := changes.Recv()
		switch {
		case !ok: // the connection was closed: an end without an error, spec: O-26
			e.fail(topo.NewError(topo.Interrupted, e.key), e.streamFailed)
			return
		case msg.Err != nil:
			e.fail(msg.Err, e.streamFailed)
			return
		}
		e.succeed(msg.Value)
	}
}

// succeed takes a new value.
func (e *watchEntry[T]) succeed(value *T) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attemptEnded(running)
	e.value, e.valueTime = value, e.env.Now()
	e.err, e.failed = nil, false
	e.tell()
}

// fail takes the error that ended an attempt or a watch; judge decides what
// becomes of the value. spec: O-60
func (e *watchEntry[T]) fail(err error, judge func(error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if topo.IsErrType(err, topo.NoNode) {
		e.value = nil
	}
	e.counts.errors.Add(1)
	e.errTime, e.failed = e.env.Now(), true
	judge(err)
	e.attemptEnded(idle)
	if len(e.listeners) > 0 && !topo.IsErrType(err, topo.Interrupted) {
		e.retryLater()
	}
	if e.opts.TellEveryError || e.value == nil {
		e.tell()
	}
}

func (e *watchEntry[T]) attemptEnded(state watchState) {
	e.state = state
	if e.started != nil {
		e.started.Set()
		e.started = nil
	}
}

// startFailed keeps the value, unless it is stale and the error is a plain
// topology error. spec: O-8, O-60
func (e *watchEntry[T]) startFailed(err error) {
	e.err = err
	_, plain := err.(*topo.Error)
	if plain && e.value != nil && e.env.Now().Sub(e.valueTime) > e.opts.CacheTTL {
		e.env.Logf("error", "WatchSrvKeyspace clearing cached entry for %s", e.key)
		e.value = nil
	}
}

// streamFailed keeps the value for a full lifetime from now. spec: O-60, D-80
func (e *watchEntry[T]) streamFailed(err error) {
	if !topo.IsErrType(err, topo.Interrupted) {
		e.err = fmt.Errorf("ResilientWatch stream failed for %s: %w", e.key, err)
		e.env.Logf("error", "%v", e.err)
	}
	e.valueTime = e.env.Now()
}

// retryLater opens the watch again after a refresh interval.
func (e *watchEntry[T]) retryLater() {
	e.env.GoDaemon("rewatch/"+e.key, func() {
		e.env.Sleep(e.opts.CacheRefresh)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.ensureWatching()
	})
}

// tell calls the listeners and drops those that return false. spec: O-63
func (e *watchEntry[T]) tell() {
	listeners := e.listeners
	e.listeners = nil
	var kept []func(*T, error) bool
	for _, listener := range listeners {
		if listener(e.value, e.err) {
			kept = append(kept, listener)
		}
	}
	e.listeners = kept
}
