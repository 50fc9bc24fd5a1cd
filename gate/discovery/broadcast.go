package discovery

import "bufsim/sim"

// subscriber is one reader of all updates.
type subscriber struct {
	name string
	ch   *sim.Chan[*TabletHealth]
}

// Subscribe gives a channel that receives each later update, in order. What does not fit into
// it (2048 messages; 2 in old releases) is dropped and counted. The channel is closed when
// the health check is. spec: D-48, D-49, D-50
func (hc *HealthCheck) Subscribe(name string) *sim.Chan[*TabletHealth] {
	s := &subscriber{name, sim.NewChan[*TabletHealth](hc.env, "updates/"+name, hc.opts.Behaviors.HealthCheckChannelCapacity)}
	hc.subsMu.Lock()
	defer hc.subsMu.Unlock()
	hc.subs = append(hc.subs, s)
	return s.ch
}

// broadcast tells all subscribers without waiting; the caller holds the health mutex, so that
// all subscribers see one order.
func (hc *HealthCheck) broadcast(h *TabletHealth) {
	hc.traceUpdate(h)
	hc.subsMu.Lock()
	defer hc.subsMu.Unlock()
	for _, s := range hc.subs {
		if s.ch.TrySend(h) {
			continue
		}
		hc.env.Mark("health-update-dropped")
		if hc.opts.Behaviors.HealthCheckDropCounted {
			hc.counts.channelFull.With().Add(1)
			hc.env.Logf("warning", "HealthCheck broadcast channel is full for %s, dropping message for %s", s.name, shortName(h.Alias()))
		}
	}
}

func (hc *HealthCheck) closeSubscribers() {
	hc.subsMu.Lock()
	defer hc.subsMu.Unlock()
	for _, s := range hc.subs {
		s.ch.Close()
	}
	hc.subs = nil
}
