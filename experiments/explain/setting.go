package explain

import (
	"fmt"
	"slices"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/sim"
)

// Setting is what a run is a function of, apart from the version.
type Setting struct {
	// Scenario is nil for a run that is none of a cluster; then [Search.Play] must be given.
	Scenario *scenario.Scenario
	Release  release.Profile
	Flags    flags.Set
	Seed     uint64
	// Chooser makes the chooser of one run; nil is first come, first served.
	Chooser func() sim.Chooser
}

func (s *Setting) title() string {
	if s.Scenario == nil {
		return ""
	}
	return s.Scenario.Title
}

// options are those of a run of the setting, without a sink.
func (s *Setting) options() runner.Options {
	o := runner.Options{Seed: s.Seed, Release: s.Release, Flags: s.Flags}
	if s.Chooser != nil {
		o.Chooser = s.Chooser()
	}
	return o
}

// knob is one thing that can be changed, by whole steps: a value is a number of steps.
type knob struct {
	name string
	// what is how it is called in a remedy, such as --buffer-window.
	what string
	// now is the present value and limit the furthest one to try; the change goes from now
	// towards limit, which may be below it.
	now, limit int64
	step       time.Duration // 0: a plain number
	set        func(*Setting, int64) error
	// words gives the change in words where "name >= value" does not do.
	words func(int64) string
}

func (k *knob) value(n int64) string {
	if k.step == 0 {
		return fmt.Sprint(n)
	}
	return (time.Duration(n) * k.step).String()
}

// remedy is the change in words.
func (k *knob) remedy(n int64) string {
	switch {
	case k.words != nil:
		return k.words(n)
	case k.limit < k.now:
		return fmt.Sprintf("%s <= %s", k.what, k.value(n))
	}
	return fmt.Sprintf("%s >= %s", k.what, k.value(n))
}

const (
	// fine is the step of short durations, coarse of long ones.
	fine   = 10 * time.Millisecond
	coarse = 100 * time.Millisecond
	// longest is added to a run's duration for the longest useful wait.
	longest = time.Minute
)

// knobs gives the knobs of a name for a setting; none if there is nothing to change.
func (s *Setting) knobs(name string) []knob {
	g := &s.Flags.VTGate
	reach := s.reach()
	switch name {
	case "buffer-window":
		return up(name, g.BufferWindow, reach, setWindow)
	case "buffer-max-failover-duration":
		return up(name, g.BufferMaxFailoverDuration, reach, setMaximum)
	case "buffer-min-time-between-failovers":
		return s.shorterGap()
	case "buffer-size":
		return number(name, int64(g.BufferSize), 1<<20, func(t *Setting, n int64) { t.Flags.VTGate.BufferSize = int(n) })
	case "buffer-drain-concurrency":
		return number(name, int64(g.BufferDrainConcurrency), 1<<10, func(t *Setting, n int64) { t.Flags.VTGate.BufferDrainConcurrency = int(n) })
	case "retry-count":
		return number(name, int64(g.RetryCount), 20, func(t *Setting, n int64) { t.Flags.VTGate.RetryCount = int(n) })
	case "query-timeout":
		if g.QueryTimeout == 0 {
			return nil
		}
		list := number(name, int64(g.QueryTimeout)/100, int64(reach/coarse), func(t *Setting, n int64) { t.Flags.VTGate.QueryTimeout = int(n) * 100 })
		list[0].words = func(n int64) string { return fmt.Sprintf("--query-timeout >= %d (milliseconds)", n*100) }
		return list
	case "mysql-server-query-timeout":
		if g.MySQLServerQueryTimeout == 0 {
			return nil
		}
		return up(name, g.MySQLServerQueryTimeout, reach, func(t *Setting, d time.Duration) { t.Flags.VTGate.MySQLServerQueryTimeout = d })
	case "shutdown-grace-period":
		return up(name, s.Flags.VTTablet.ShutdownGracePeriod, reach, func(t *Setting, d time.Duration) { t.Flags.VTTablet.ShutdownGracePeriod = d })
	case "shorter-maximum":
		return down("buffer-max-failover-duration", g.BufferMaxFailoverDuration, time.Second, setMaximumWithWindow)
	case "sequential-drain":
		return number("buffer-drain-concurrency", int64(g.BufferDrainConcurrency), 1, func(t *Setting, n int64) { t.Flags.VTGate.BufferDrainConcurrency = int(n) })
	case "onterm-timeout":
		return up(name, s.Flags.Common.OnTermTimeout, reach, func(t *Setting, d time.Duration) { t.Flags.Common.OnTermTimeout = d })
	case "queryserver-config-query-timeout":
		return up(name, s.Flags.VTTablet.QueryTimeout, reach, func(t *Setting, d time.Duration) { t.Flags.VTTablet.QueryTimeout = d })
	case "enable-buffer":
		return s.enable()
	case "buffer-keyspace-shards":
		return s.allShards()
	}
	return s.worldKnobs(name)
}

// reach is the longest time that it makes sense to wait for something.
func (s *Setting) reach() time.Duration {
	if s.Scenario == nil {
		return 2 * longest
	}
	return s.Scenario.Duration.Std() + longest
}

// up is a flag that is to grow, in steps that fit its size.
func up(name string, now, limit time.Duration, set func(*Setting, time.Duration)) []knob {
	step := stepFor(now)
	return []knob{{
		name: name, what: "--" + name, now: int64(now / step), limit: int64(limit / step), step: step,
		set: func(s *Setting, n int64) error { set(s, time.Duration(n)*step); return nil },
	}}
}

// down is a flag that is to shrink.
func down(name string, now, limit time.Duration, set func(*Setting, time.Duration)) []knob {
	if now <= limit {
		return nil
	}
	return up(name, now, limit, set)
}

// setMaximumWithWindow takes the window along: it must not be longer. spec: buffer 2.2
func setMaximumWithWindow(s *Setting, d time.Duration) {
	s.Flags.VTGate.BufferMaxFailoverDuration = d
	s.Flags.VTGate.BufferWindow = min(s.Flags.VTGate.BufferWindow, d)
}

// shorterGap goes down to the shortest gap that the release allows.
func (s *Setting) shorterGap() []knob {
	for shortest := time.Second; shortest <= 2*time.Second; shortest += time.Second {
		t := s.copy()
		if setGap(t, shortest); flags.ValidateBuffer(t.Flags.VTGate, t.Release) == nil {
			return up("buffer-min-time-between-failovers", s.Flags.VTGate.BufferMinTimeBetweenFailovers, shortest, setGap)
		}
	}
	return nil
}

func stepFor(now time.Duration) time.Duration {
	switch {
	case now < 10*fine:
		return fine / 10
	case now < 5*time.Second:
		return fine
	}
	return coarse
}

func number(name string, now, limit int64, set func(*Setting, int64)) []knob {
	return []knob{{
		name: name, what: "--" + name, now: now, limit: limit,
		set: func(s *Setting, n int64) error { set(s, n); return nil },
	}}
}

// setWindow takes the maximum along: the window must not be longer. spec: buffer 2.2
func setWindow(s *Setting, d time.Duration) {
	s.Flags.VTGate.BufferWindow = d
	if s.Flags.VTGate.BufferMaxFailoverDuration < d {
		setMaximum(s, d)
	}
}

// setMaximum takes the gap along in releases that want it twice as long. spec: buffer 8.1
func setMaximum(s *Setting, d time.Duration) {
	g := &s.Flags.VTGate
	g.BufferMaxFailoverDuration = d
	if flags.ValidateBuffer(*g, s.Release) != nil {
		g.BufferMinTimeBetweenFailovers = max(g.BufferMinTimeBetweenFailovers, 2*d)
	}
}

// setGap takes maximum and window along where the release wants the gap twice as long.
func setGap(s *Setting, d time.Duration) {
	g := &s.Flags.VTGate
	g.BufferMinTimeBetweenFailovers = d
	if flags.ValidateBuffer(*g, s.Release) != nil {
		g.BufferMaxFailoverDuration = min(g.BufferMaxFailoverDuration, d/2)
		g.BufferWindow = min(g.BufferWindow, g.BufferMaxFailoverDuration)
	}
}

// enable turns buffering on.
func (s *Setting) enable() []knob {
	if s.Flags.VTGate.EnableBuffer {
		return nil
	}
	return []knob{once("enable-buffer", "--enable-buffer", func(t *Setting) error {
		t.Flags.VTGate.EnableBuffer = true
		return nil
	})}
}

// allShards buffers for all shards instead of those listed.
func (s *Setting) allShards() []knob {
	if !s.Flags.VTGate.EnableBuffer || s.Flags.VTGate.BufferKeyspaceShards == "" {
		return nil
	}
	return []knob{once("buffer-keyspace-shards", "--buffer-keyspace-shards='' (all shards)", func(t *Setting) error {
		t.Flags.VTGate.BufferKeyspaceShards, t.Flags.VTGate.EnableBufferDryRun = "", false
		return nil
	})}
}

// once is a knob with two values.
func once(name, words string, set func(*Setting) error) knob {
	return knob{
		name: name, what: words, now: 0, limit: 1,
		set:   func(s *Setting, _ int64) error { return set(s) },
		words: func(int64) string { return words },
	}
}

// changed lists the flags in which two settings differ, as --name=value of the second.
func changed(from, to *Setting) []string {
	var list []string
	for _, d := range flags.Descriptions() {
		if v := d.Value(to.Flags); v != d.Value(from.Flags) {
			list = append(list, "--"+d.Name+"="+v)
		}
	}
	return list
}

// copy is a setting whose scenario can be changed without changing s.
func (s *Setting) copy() *Setting {
	own := *s
	if s.Scenario == nil {
		return &own
	}
	sc := *s.Scenario
	sc.Timeline, sc.Faults, sc.Workload = slices.Clone(sc.Timeline), slices.Clone(sc.Faults), slices.Clone(sc.Workload)
	own.Scenario = &sc
	return &own
}
