package buffer

import (
	"fmt"
	"time"

	"bufsim/sim"
)

// tooRecentLogInterval is how often a shard logs that a failover is too recent.
// spec: B-70
const tooRecentLogInterval = 5 * time.Second

// throttledLog prints at most one line per interval; the others it counts, and says at the end
// of the interval how many there were.
// spec: B-70
type throttledLog struct {
	env      *sim.Env
	name     string
	interval time.Duration
	summary  *sim.Timer

	mu      *sim.Mutex // guards the fields below; never held across a choice point
	printed instant
	skipped int
}

func newThrottledLog(env *sim.Env, name string, interval time.Duration) *throttledLog {
	l := &throttledLog{env: env, name: name, interval: interval, mu: env.NewMutex("log " + name)}
	l.summary = env.NewTimer("log "+name, l.summarise)
	return l
}

// infof prints the line, or counts it.
func (l *throttledLog) infof(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.env.Now()
	if !l.printed.set || now.Sub(l.printed.at) > l.interval {
		l.printed = at(now)
		if l.env.Tracing() {
			l.env.Logf("info", "%s: %s", l.name, fmt.Sprintf(format, args...))
		}
		return
	}
	if l.skipped == 0 {
		l.summary.ResetAt(l.printed.at.Add(l.interval))
	}
	l.skipped++
}

func (l *throttledLog) summarise() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.env.Logf("info", "%v: skipped %v log messages", l.name, l.skipped)
	l.skipped = 0
}
