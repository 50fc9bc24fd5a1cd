package tablet

import (
	"errors"
	"fmt"
	"time"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// heartbeats measures lag by a row that the primary writes again and again and replicas read.
// A primary writes, any other type reads.
// spec: tablet 7, T-78
type heartbeats struct {
	t        *Tablet
	env      *sim.Env
	interval time.Duration
	onDemand time.Duration

	mu *sim.Mutex
	// stop ends the loop of the moment; nil while none runs.
	stop *sim.Event
	// wanted is until when somebody wants heartbeats written, if they are written on demand.
	wanted sim.Time
	// lag and err are the last reading's; read is when one last succeeded.
	lag  time.Duration
	err  error
	read sim.Time
}

// heartbeatTable holds one row, whose value is when it was written, in nanoseconds.
const heartbeatTable = topodata.SidecarDBNameDefault + ".heartbeat"

// Limits of --heartbeat-interval. spec: tablet 7
const (
	heartbeatIntervalMax  = time.Second
	heartbeatIntervalZero = 250 * time.Millisecond
)

// newHeartbeats gives nil unless --heartbeat-enable is set.
func newHeartbeats(t *Tablet) *heartbeats {
	f := t.opts.Flags.VTTablet
	if !f.HeartbeatEnable {
		return nil
	}
	env := t.env.Named("heartbeat")
	h := &heartbeats{t: t, env: env, mu: env.NewMutex("mu"), onDemand: f.HeartbeatOnDemandDuration, interval: min(f.HeartbeatInterval, heartbeatIntervalMax)}
	if h.interval <= 0 {
		h.interval = heartbeatIntervalZero
	}
	return h
}

// start makes the tablet a writer or a reader of heartbeats.
func (h *heartbeats) start(primary bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end()
	stop, beat := h.env.NewEvent("stop"), h.receive
	if primary {
		beat = h.write
	}
	h.stop, h.read, h.err = stop, h.env.Now(), nil
	h.env.GoDaemon("beat", func() {
		for h.env.Select(sim.OnEvent(stop), h.env.After(h.interval)) == 1 {
			beat(stop)
		}
	})
}

// close ends the loop.
func (h *heartbeats) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end()
}

func (h *heartbeats) end() {
	if h.stop != nil {
		h.stop.Set()
		h.stop = nil
	}
}

// request asks for heartbeats, for as long as --heartbeat-on-demand-duration says.
func (h *heartbeats) request() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wanted = h.env.Now().Add(h.onDemand)
}

// write writes the row, an ordinary transaction: it takes a GTID and waits for semi-sync, but
// not longer than the next one. Failures leave the row old, which is what readers see.
func (h *heartbeats) write(stop *sim.Event) {
	h.mu.Lock()
	idle := h.onDemand > 0 && h.env.Now() >= h.wanted
	h.mu.Unlock()
	if idle {
		return
	}
	ctx, cancel := h.env.WithTimeout(h.env.Background(), h.interval)
	defer cancel()
	st := query.Statement{Verb: query.VerbReplace, Table: heartbeatTable, Key: 1, Value: h.env.Wall()}
	if err := h.t.tm.execute(ctx, st); err != nil && !stop.IsSet() {
		h.env.Logf("warning", "failed to write heartbeat: %v", err)
	}
}

// receive reads the row.
func (h *heartbeats) receive(stop *sim.Event) {
	ctx, cancel := h.env.WithTimeout(h.env.Background(), h.interval)
	defer cancel()
	result, err := h.t.tm.fetch(ctx, query.Statement{Verb: query.VerbSelect, Table: heartbeatTable, Key: 1})
	if err == nil && result.Value == 0 {
		err = errors.New("no heartbeat row")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case stop.IsSet():
	case err != nil:
		h.err = fmt.Errorf("%s%w", vterr.HealthHeartbeatRead, err)
	default:
		h.lag, h.err, h.read = max(0, time.Duration(h.env.Wall()-result.Value)), nil, h.env.Now()
	}
}

// status gives the lag, or why it is not known.
func (h *heartbeats) status() (time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.env.Now().Sub(h.read) > 2*h.interval {
		return 0, errors.New(vterr.HealthNoHeartbeat)
	}
	return h.lag, h.err
}
