package tablet

import (
	"slices"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// healthStreamer sends the tablet's health to all who subscribed.
// spec: T-71
type healthStreamer struct {
	sm *stateManager
	// wake asks for a broadcast; requests that come together are one. spec: T-27
	wake *sim.Chan[struct{}]

	mu          *sim.Mutex
	isOpen      bool
	stop        *sim.Event // of the timer
	last        *query.StreamHealthResponse
	subscribers []*subscriber
	delivery    delivery
}

// subscriber is one health stream.
type subscriber struct {
	messages *sim.Chan[*query.StreamHealthResponse]
	ended    *sim.Event
	err      error // why, once ended
}

func newHealthStreamer(sm *stateManager) *healthStreamer {
	env := sm.env.Named("health")
	h := &healthStreamer{sm: sm, wake: sim.NewChan[struct{}](env, "wake", 1), mu: env.NewMutex("mu")}
	h.last = h.response(sm.target, false, 0, vterr.HealthUninitialized, 0)
	return h
}

// open starts the streamer and its timer, unless they run.
// spec: T-20.1
func (h *healthStreamer) open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isOpen {
		return
	}
	h.isOpen, h.stop = true, h.sm.env.NewEvent("health-stop")
	stop := h.stop
	h.sm.env.GoDaemon("health-ticks", func() { h.tick(stop) })
}

// tick broadcasts periodically and when asked; both restart the period.
// spec: T-72, T-144
func (h *healthStreamer) tick(stop *sim.Event) {
	env := h.sm.env
	for {
		var none struct{}
		var open bool
		if env.Select(sim.OnRecv(h.wake, &none, &open), sim.OnEvent(stop), env.After(h.sm.t.opts.Flags.VTTablet.HealthCheckInterval)) == 1 {
			return
		}
		h.sm.broadcast()
	}
}

// trigger asks for a broadcast, which happens as soon as the state's lock is free.
func (h *healthStreamer) trigger() { h.wake.TrySend(struct{}{}) }

// close ends all streams, now and later, and the timer.
// spec: T-71
func (h *healthStreamer) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isOpen {
		return
	}
	h.isOpen = false
	h.stop.Set()
	for _, s := range h.subscribers {
		s.end(vterr.TabletShutDown())
	}
	h.subscribers = nil
}

func (s *subscriber) end(why error) {
	s.err = why
	s.ended.Set()
}

// serve is the handler of a health stream: the present state, then every broadcast.
// spec: T-71, T-156
func (h *healthStreamer) serve(ctx *sim.Context, _ any, out *simnet.ServerStream) error {
	if h.sm.t.stopping.IsSet() {
		return vterr.DialRefused(h.sm.t.address())
	}
	s, err := h.subscribe()
	if err != nil {
		return err
	}
	defer h.unsubscribe(s)
	for {
		var msg *query.StreamHealthResponse
		var open bool
		switch h.sm.env.Select(sim.OnRecv(s.messages, &msg, &open), sim.OnEvent(s.ended), sim.OnDone(ctx)) {
		case 0:
			if err := h.send(ctx, s, out, msg); err != nil {
				return err
			}
		case 1:
			return s.err
		default:
			return ctx.Err()
		}
	}
}

func (h *healthStreamer) subscribe() (*subscriber, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isOpen {
		return nil, vterr.TabletShutDown()
	}
	env := h.sm.env
	size := max(h.sm.t.opts.Flags.VTTablet.StreamHealthBufferSize, 1)
	s := &subscriber{messages: sim.NewChan[*query.StreamHealthResponse](env, "subscriber", size), ended: env.NewEvent("subscriber-ended")}
	s.messages.TrySend(h.last)
	h.subscribers = append(h.subscribers, s)
	return s, nil
}

func (h *healthStreamer) unsubscribe(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers = slices.DeleteFunc(h.subscribers, func(o *subscriber) bool { return o == s })
}

// publish makes a new state and sends it to all subscribers; one whose buffer is full is
// cut off.
func (h *healthStreamer) publish(msg *query.StreamHealthResponse) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = msg
	h.subscribers = slices.DeleteFunc(h.subscribers, func(s *subscriber) bool {
		full := !s.messages.TrySend(msg)
		if full {
			s.end(vterr.HealthStreamOverflow())
		}
		return full
	})
}

// noTermSeconds is Go's zero time in seconds: what a primary that stops its service sends.
// spec: T-143
const noTermSeconds = -62135596800

func (h *healthStreamer) response(target query.Target, serving bool, term topodata.Timestamp, healthError string, lag uint32) *query.StreamHealthResponse {
	msg := &query.StreamHealthResponse{
		Target: target, Serving: serving, TabletAlias: h.sm.t.opts.Alias,
		RealtimeStats: &query.RealtimeStats{HealthError: healthError, ReplicationLagSeconds: lag},
	}
	msg.Target.Cell = ""
	switch {
	case target.TabletType != topodata.Primary:
	case term.IsZero():
		msg.PrimaryTermStartTimestamp = noTermSeconds
	default:
		msg.PrimaryTermStartTimestamp = term.Seconds()
	}
	return msg
}

// broadcast computes the health anew and sends it.
func (sm *stateManager) broadcast() {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.broadcastLocked()
}

// spec: T-74, T-76, T-150
func (sm *stateManager) broadcastLocked() {
	lag, err := sm.refreshReplicationHealth()
	healthError := ""
	switch {
	case err != nil:
		healthError = err.Error()
	case sm.stalled:
		healthError = vterr.HealthDemotionStalled
	}
	msg := sm.health.response(sm.target, sm.advertisedServing(), sm.term, healthError, lag)
	sm.env.Emit(KindHealth, trace.Str("type", msg.Target.TabletType.String()), trace.Bool("serving", msg.Serving),
		trace.Int("pts_s", msg.PrimaryTermStartTimestamp), trace.Str("error", healthError))
	sm.health.publish(msg)
}

// advertisedServing is what the health stream calls serving; the caller holds the lock.
// spec: T-12
func (sm *stateManager) advertisedServing() bool {
	return sm.state == Serving && sm.wantState == Serving && sm.healthy && !sm.stalled && !sm.lameduck && !sm.disk.isStalled()
}

// refreshReplicationHealth asks the tracker and decides whether replication is healthy; the
// caller holds the lock.
// spec: T-74, T-75
func (sm *stateManager) refreshReplicationHealth() (lagSeconds uint32, err error) {
	if sm.target.TabletType == topodata.Primary {
		sm.healthy = true
		return 0, nil
	}
	lag, err := sm.tracker.status()
	sm.healthy = err == nil && lag <= sm.t.opts.Flags.VTTablet.UnhealthyThreshold
	return uint32(lag.Seconds()), err
}
