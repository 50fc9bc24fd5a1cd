package tablet

import (
	"time"

	"bufsim/model/vterr"
	"bufsim/sim"
)

// replicationTracker measures a replica's lag. Without a flag it measures nothing, and a
// replica that does not replicate at all counts as healthy (T-137); with
// --enable-replication-reporter it asks MySQL; with --heartbeat-enable, which goes first, it
// compares a row of the primary with the clock. It is used under the state manager's lock or
// inside its transitions.
// spec: T-77, T-78
type replicationTracker struct {
	t       *Tablet
	primary bool
	beats   *heartbeats // nil without --heartbeat-enable
	// lag is the last one known, at the instant recorded.
	known    bool
	lag      time.Duration
	recorded sim.Time
}

// replicationQueryTimeout bounds the question to MySQL. spec: tablet 7
const replicationQueryTimeout = 5 * time.Second

func (r *replicationTracker) makePrimary() { r.set(true) }

func (r *replicationTracker) makeNonPrimary() { r.set(false) }

func (r *replicationTracker) set(primary bool) {
	r.t.sm.mu.Lock()
	r.primary = primary
	r.t.sm.mu.Unlock()
	if r.beats != nil {
		r.beats.start(primary)
	}
}

func (r *replicationTracker) close() {
	if r.beats != nil {
		r.beats.close()
	}
}

// status gives the lag, or why it is not known; the caller holds the state's lock.
// spec: T-74, T-78
func (r *replicationTracker) status() (time.Duration, error) {
	switch {
	case r.primary:
		return 0, nil
	case r.beats != nil:
		return r.beats.status()
	case r.t.opts.Flags.VTTablet.EnableReplicationReporter:
		return r.poll()
	default:
		return 0, nil
	}
}

// poll asks MySQL. When it does not know, the last known lag grows with the time.
func (r *replicationTracker) poll() (time.Duration, error) {
	status, err := r.t.mysql.ReplicationStatusWithin(replicationQueryTimeout)
	now := r.t.env.Now()
	switch {
	case err != nil:
		return 0, err
	case !status.LagUnknown:
		r.known, r.lag, r.recorded = true, status.Lag, now
		return r.lag, nil
	case !r.known:
		return 0, vterr.New(vterr.Unavailable, vterr.HealthReplicationStop)
	default:
		return r.lag + now.Sub(r.recorded), nil
	}
}
