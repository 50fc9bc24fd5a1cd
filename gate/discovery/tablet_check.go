package discovery

import (
	"fmt"
	"time"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// tabletCheck is the loop of one tablet and its view of it. Only the loop writes the view;
// others see snapshots.
type tabletCheck struct {
	hc     *HealthCheck
	tablet topodata.Tablet
	ctx    *sim.Context
	cancel func()

	connMu *sim.Mutex
	conn   TabletConn

	target    query.Target
	serving   bool
	logged    bool // the serving state has been logged
	term      int64
	stats     *query.RealtimeStats
	lastErr   error
	lastHeard int64 // wall clock, 0: never
	delay     time.Duration
}

func newTabletCheck(hc *HealthCheck, tablet topodata.Tablet) *tabletCheck {
	t := &tabletCheck{
		hc: hc, tablet: tablet, target: targetOfRecord(tablet), delay: hc.opts.RetryDelay,
		connMu: hc.env.NewMutex("conn/" + shortName(tablet.Alias)),
	}
	t.ctx, t.cancel = hc.env.WithCancel(hc.ctx)
	return t
}

// run opens stream after stream with growing pauses, until the tablet is removed. Only
// messages reset the pause. spec: D-11, D-12, D-101
func (t *tabletCheck) run() {
	env := t.hc.env
	defer t.closeConn()
	for {
		t.streamOnce()
		if env.SleepCtx(t.ctx, t.delay) != nil {
			return
		}
		t.delay = min(2*t.delay, t.hc.opts.Timeout)
	}
}

// streamOnce lives through one stream. A silent stream is cut, and tells so in an update of
// its own after that of the cut. spec: D-13, D-16
func (t *tabletCheck) streamOnce() {
	env, limit := t.hc.env, t.hc.opts.Timeout
	ctx, cancel := env.WithCancel(t.ctx)
	defer cancel()
	silent := sim.NewAtomic(env, "silent", false)
	silence := env.AfterFunc(limit, "silence", func() {
		silent.Store(true)
		cancel()
	})
	gone := t.stream(ctx, silence)
	silence.Stop()
	if silent.Load() && !gone {
		t.fail(vterr.HealthCheckTimedOut(t.latest()))
	}
}

// stream dials if need be, reads messages until the stream ends, and reports an end with an
// error. A clean end, and a dial that fails, change nothing. It says whether the tablet is
// checked no longer. spec: D-14, D-15, D-17
func (t *tabletCheck) stream(ctx *sim.Context, silence *sim.Timer) (gone bool) {
	conn := t.dial()
	if conn == nil {
		return false
	}
	var mismatch error
	err := conn.StreamHealth(ctx, func(msg *query.StreamHealthResponse) error {
		t.delay = t.hc.opts.RetryDelay
		silence.Reset(t.hc.opts.Timeout)
		if err := t.ctx.Err(); err != nil {
			return err
		}
		if msg.Target == (query.Target{}) || msg.RealtimeStats == nil {
			return vterr.HealthStatsInvalid(fmt.Sprintf("target:{%s} serving:%t", msg.Target, msg.Serving))
		}
		if !msg.TabletAlias.IsZero() && msg.TabletAlias != t.tablet.Alias {
			mismatch = vterr.HealthStatsMismatch(t.tablet.Alias.String(), msg.TabletAlias.String())
			return mismatch
		}
		t.process(msg)
		return nil
	})
	switch {
	case mismatch != nil:
		t.hc.env.Logf("warning", "deleting tablet %s from healthcheck due to health stream error: %v", shortName(t.tablet.Alias), mismatch)
		t.hc.RemoveTablet(t.tablet.Alias)
		return true
	case err != nil:
		t.fail(err)
	}
	return false
}

// fail records why the tablet cannot be used, with its last known target, and forgets the
// connection. spec: D-14
func (t *tabletCheck) fail(err error) {
	t.closeConn()
	t.setServing(false, err.Error())
	t.lastErr = err
	t.hc.counts.errors.With(t.target.Keyspace, t.target.Shard, t.target.TabletType.Lower()).Add(1)
	t.hc.update(t, t.snapshot(), t.target, false, false)
}

// process takes over one message. spec: D-18
func (t *tabletCheck) process(msg *query.StreamHealthResponse) {
	serving, healthErr := msg.Serving, error(nil)
	if text := msg.RealtimeStats.HealthError; text != "" {
		serving, healthErr = false, vterr.VTTabletHealth(text)
	}
	before, trivial := t.target, t.isTrivial(msg, healthErr)
	t.lastHeard = t.hc.env.Wall()
	t.target = msg.Target
	t.term = msg.PrimaryTermStartTimestamp
	t.stats = msg.RealtimeStats
	t.lastErr = healthErr
	reason := "healthCheck update"
	if healthErr != nil {
		reason = "healthCheck update error: " + healthErr.Error()
	}
	t.setServing(serving, reason)
	t.hc.update(t, t.snapshot(), before, trivial, serving)
}

// isTrivial says that a message cannot change a healthy list. It compares with the message
// before, not with what the list was made from. spec: D-19
func (t *tabletCheck) isTrivial(msg *query.StreamHealthResponse, healthErr error) bool {
	if t.lastErr != nil || !t.serving || healthErr != nil || !msg.Serving || t.stats == nil {
		return false
	}
	if t.target.TabletType == topodata.Primary || t.target.TabletType != msg.Target.TabletType {
		return false
	}
	low := uint64(t.hc.opts.LagLow / time.Second)
	was, is := uint64(t.stats.ReplicationLagSeconds), uint64(msg.RealtimeStats.ReplicationLagSeconds)
	return was <= low && is <= low || was > low && is > low && 10*is > 9*was && 10*is < 11*was
}

func (t *tabletCheck) setServing(serving bool, reason string) {
	if !t.logged || serving != t.serving {
		t.logged = true
		t.hc.env.Logf("info", "HealthCheckUpdate(Serving State): tablet: %s (%s) serving %t => %t for %s/%s (%s) reason: %s",
			shortName(t.tablet.Alias), t.tablet.Hostname, t.serving, serving, t.tablet.Keyspace, t.tablet.Shard, t.target.TabletType, reason)
	}
	t.serving = serving
}

func (t *tabletCheck) snapshot() *TabletHealth {
	return &TabletHealth{
		Tablet: t.tablet, Conn: t.currentConn(), Target: t.target, PrimaryTermStartTime: t.term,
		Stats: t.stats, LastError: t.lastErr, Serving: t.serving,
	}
}

func (t *tabletCheck) latest() string {
	return time.Unix(0, t.lastHeard).UTC().Format("2006-01-02 15:04:05.999999999 -0700 MST")
}

func (t *tabletCheck) currentConn() TabletConn {
	t.connMu.Lock()
	defer t.connMu.Unlock()
	return t.conn
}

func (t *tabletCheck) dial() TabletConn {
	t.connMu.Lock()
	defer t.connMu.Unlock()
	if t.conn == nil {
		conn, err := t.hc.dialer.Dial(t.tablet)
		if err != nil {
			t.lastErr = err
			return nil
		}
		t.conn = conn
	}
	return t.conn
}

func (t *tabletCheck) closeConn() {
	t.connMu.Lock()
	defer t.connMu.Unlock()
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
}
