package tablet

import (
	"time"

	"bufsim/model/vterr"
	"bufsim/sim"
)

// replicationTracker measures a replica's lag. Without a flag it measures nothing, and a
// replica that does not replicate at all counts as healthy (T-137); with
// --enable-replication-reporter it asks MySQL. It is used under the state manager's lock
// or inside its transitions.
// spec: T-77
type replicationTracker struct {
	t       *Tablet
	primary bool
	// lag is the last one known, at the instant recorded.
	known    bool
	lag      time.Duration
	recorded sim.Time
}

func (r *replicationTracker) makePrimary() { r.set(true) }

func (r *replicationTracker) makeNonPrimary() { r.set(false) }

func (r *replicationTracker) set(primary bool) {
	r.t.sm.mu.Lock()
	defer r.t.sm.mu.Unlock()
	r.primary = primary
}

// status gives the lag, or why it is not known; the caller holds the state's lock.
func (r *replicationTracker) status() (time.Duration, error) {
	if r.primary || !r.t.opts.Flags.VTTablet.EnableReplicationReporter {
		return 0, nil
	}
	now := r.t.env.Now()
	status, err := r.t.mysql.ReplicationStatusNow()
	if err != nil {
		return 0, err
	}
	if !status.LagUnknown {
		r.known, r.lag, r.recorded = true, status.Lag, now
		return r.lag, nil
	}
	if !r.known {
		return 0, vterr.New(vterr.Unavailable, vterr.HealthReplicationStop)
	}
	return r.lag + now.Sub(r.recorded), nil
}
