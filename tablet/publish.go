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
	if tm.publishOnce() {
		tm.endPublishing()
		return
	}
	tm.env.GoDaemon("publish", func() {
		for !tm.publishOnce() {
			tm.env.Sleep(tm.t.opts.Flags.VTTablet.PublishRetryInterval)
		}
		tm.endPublishing()
	})
}

func (tm *tabletManager) endPublishing() {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	tm.publishing = false
}

// publishOnce writes the record and reports whether nothing is left to do. A record that
// another process owns is left alone; one that has vanished ends this process.
// spec: T-84, T-140
func (tm *tabletManager) publishOnce() bool {
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.remoteTimeout())
	defer cancel()
	self := tm.self()
	_, err := tm.t.topo.UpdateTabletFields(ctx, self.Alias, func(r *topodata.Tablet) error {
		if r.Hostname != self.Hostname || r.PortMap.VT != self.PortMap.VT {
			return topo.NewError(topo.NoUpdateNeeded, self.Alias.String())
		}
		*r = self.Clone()
		return nil
	})
	switch {
	case err == nil || topo.IsErrType(err, topo.NoUpdateNeeded):
		tm.env.Emit(KindRecord, trace.Str("type", self.Type.String()), trace.Int("pts", int64(self.PrimaryTermStartTime)))
	case topo.IsErrType(err, topo.NoNode):
		tm.env.Logf("error", "Tablet record was deleted, shutting down")
		tm.env.GoDaemon("terminate", tm.t.Terminate)
	default:
		tm.env.Logf("error", "Unable to publish state to topo, will keep retrying: %v", err)
		return false
	}
	return tm.self().Type == self.Type && tm.self().PrimaryTermStartTime == self.PrimaryTermStartTime
}
