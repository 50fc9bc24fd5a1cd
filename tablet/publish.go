package tablet

import (
	"bufsim/model/topodata"
	"bufsim/sim/trace"
	"bufsim/topo"
)

// publish writes the tablet's record, at once and, if that fails, every
// --publish-retry-interval until it works.
// spec: T-84
func (tm *tabletManager) publish() {
	tm.mu.Lock()
	busy := tm.publishing
	tm.publishing = true
	tm.mu.Unlock()
	if busy {
		return // the loop takes the newest record
	}
	if tm.publishNewest() {
		return
	}
	tm.env.GoDaemon("publish", func() {
		for !tm.publishNewest() {
			tm.env.Sleep(tm.t.opts.Flags.VTTablet.PublishRetryInterval)
		}
	})
}

// publishNewest writes the record, and again while it changes meanwhile; false if it could
// not.
func (tm *tabletManager) publishNewest() bool {
	for {
		self := tm.self()
		if !tm.publishOnce(self) {
			return false
		}
		if tm.endPublishing(self) {
			return true
		}
	}
}

// endPublishing ends the duty to publish, unless the record has changed since it was written:
// whoever changed it relied on this publisher.
func (tm *tabletManager) endPublishing(written topodata.Tablet) (done bool) {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	done = tm.record.Type == written.Type && tm.record.PrimaryTermStartTime == written.PrimaryTermStartTime
	tm.publishing = !done
	return done
}

// publishOnce writes the record and reports whether that is settled. A record that another
// process owns is left alone; one that has vanished ends this process.
// spec: T-84, T-140, O-70
func (tm *tabletManager) publishOnce(self topodata.Tablet) bool {
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.remoteTimeout())
	defer cancel()
	owned := true
	_, err := tm.t.topo.UpdateTabletFields(ctx, self.Alias, func(r *topodata.Tablet) error {
		owned = r.Hostname == self.Hostname && r.PortMap.VT == self.PortMap.VT
		if !owned {
			return topo.NewError(topo.NoUpdateNeeded, self.Alias.String())
		}
		*r = self.Clone()
		return nil
	})
	switch {
	case !owned:
		tm.env.Logf("warning", "tablet record of %v is owned by another process, not written", self.Alias)
	case err == nil:
		tm.env.Emit(KindRecord, trace.Str("type", self.Type.String()), trace.Int("pts", int64(self.PrimaryTermStartTime)))
	case topo.IsErrType(err, topo.NoNode):
		tm.env.Logf("error", "Tablet record was deleted, shutting down")
		tm.env.GoDaemon("terminate", tm.t.Terminate)
	default:
		tm.env.Logf("error", "Unable to publish state to topo, will keep retrying: %v", err)
		return false
	}
	return true
}
