package tablet

import (
	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// HealthDelivery is what becomes of the messages of a tablet's health streams.
type HealthDelivery uint8

// The ways.
const (
	// HealthDelivered sends every message to its subscriber.
	HealthDelivered HealthDelivery = iota
	// HealthHeld sends nothing, as if the subscribers did not read: one message waits in each
	// stream's hand, others in its buffer, and when that overflows it is closed. spec: T-71
	HealthHeld
	// HealthDropped throws messages away on their way to the subscribers; the streams go on.
	HealthDropped
)

// delivery is the way of the moment, with an event that happens when it changes.
type delivery struct {
	way     HealthDelivery
	changed *sim.Event
}

func (h *healthStreamer) setDelivery(way HealthDelivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.delivery.changed != nil {
		h.delivery.changed.Set()
	}
	h.delivery = delivery{way: way, changed: h.sm.env.NewEvent("health-delivery")}
}

// send sends one message in the way of the moment; while messages are held, this one is in
// the sender's hand.
func (h *healthStreamer) send(ctx *sim.Context, s *subscriber, out *simnet.ServerStream, msg *query.StreamHealthResponse) error {
	way, changed := h.way()
	for way == HealthHeld {
		switch h.sm.env.Select(sim.OnEvent(changed), sim.OnEvent(s.ended), sim.OnDone(ctx)) {
		case 1:
			return s.err
		case 2:
			return ctx.Err()
		}
		way, changed = h.way()
	}
	if way == HealthDropped {
		return nil
	}
	return out.Send(msg)
}

func (h *healthStreamer) way() (HealthDelivery, *sim.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.delivery.way, h.delivery.changed
}
