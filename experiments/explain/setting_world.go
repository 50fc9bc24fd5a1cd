package explain

import (
	"fmt"
	"slices"
	"time"

	"bufsim/experiments/scenario"
)

// worldKnobs are the knobs that are no flags: what clients, operators and faults do.
func (s *Setting) worldKnobs(name string) []knob {
	if s.Scenario == nil {
		return nil
	}
	switch name {
	case "prs":
		return s.shorterOutage()
	case "watcher":
		return s.promptWatcher()
	case "read-timeout":
		return s.readTimeout()
	case "later":
		return s.laterOperation()
	case "without-operation":
		return s.withoutOperations()
	case "without-fault":
		return s.withoutFaults()
	}
	return nil
}

// shorterOutage makes a planned reparent promote faster.
func (s *Setting) shorterOutage() []knob {
	promote := s.Scenario.Cluster.Steps.PromoteDelay
	now := max(promote.Value, promote.Max, promote.P99).Std()
	if now < fine || !slices.ContainsFunc(s.Scenario.Timeline, func(o scenario.Operation) bool { return o.Do == scenario.DoPlannedReparentShard }) {
		return nil
	}
	step := fine
	return []knob{{
		name: "prs", what: "the promotion step", now: int64(now / step), limit: 0, step: step,
		set: func(t *Setting, n int64) error {
			t.Scenario.Cluster.Steps.PromoteDelay = scenario.Constant(time.Duration(n) * step)
			return nil
		},
	}}
}

// promptWatcher has the gate's keyspace event watcher take up news earlier.
func (s *Setting) promptWatcher() []knob {
	delay := s.Scenario.Cluster.CPU.WatcherDelay
	now := max(delay.Value, delay.Max, delay.P99).Std()
	step := stepFor(now)
	if now < step {
		return nil
	}
	return []knob{{
		name: "watcher", what: "the delay of the keyspace event watcher", now: int64(now / step), limit: 0, step: step,
		set: func(t *Setting, n int64) error {
			t.Scenario.Cluster.CPU.WatcherDelay = scenario.Constant(time.Duration(n) * step)
			return nil
		},
	}}
}

// readTimeout lets clients wait longer.
func (s *Setting) readTimeout() []knob {
	now := time.Duration(0)
	for _, g := range s.Scenario.Workload {
		now = max(now, readTimeoutOf(&g))
	}
	if now == 0 {
		return nil
	}
	list := up("read-timeout", now, s.Scenario.Duration.Std()+longest, func(t *Setting, d time.Duration) {
		for i := range t.Scenario.Workload {
			setReadTimeout(&t.Scenario.Workload[i], d)
		}
	})
	list[0].what = "the clients' read timeout"
	return list
}

// laterOperation moves the last operation away from the one before it.
func (s *Setting) laterOperation() []knob {
	n := len(s.Scenario.Timeline)
	if n < 2 {
		return nil
	}
	last := n - 1
	for last > 0 && s.Scenario.Timeline[last].After == "" {
		last--
	}
	if last == 0 {
		return nil
	}
	o := s.Scenario.Timeline[last]
	now := o.Wait.Std()
	return []knob{{
		name: "later", what: "the pause before " + nameOf(&o, last), now: int64(now / coarse), limit: int64((now + 10*time.Minute) / coarse), step: coarse,
		set: func(t *Setting, n int64) error {
			wait := time.Duration(n) * coarse
			t.Scenario.Duration += scenario.Duration(max(0, wait-now))
			t.Scenario.Timeline[last].Wait = scenario.Duration(wait)
			return nil
		},
	}}
}

func nameOf(o *scenario.Operation, i int) string {
	if o.ID != "" {
		return o.ID
	}
	return fmt.Sprintf("op%d", i+1)
}

// withoutOperations leaves one operation out at a time: what saves then shows the culprit.
func (s *Setting) withoutOperations() []knob {
	var list []knob
	for i := range s.Scenario.Timeline {
		o := &s.Scenario.Timeline[i]
		list = append(list, once("without-operation", fmt.Sprintf("leaving out the operation %s (%s)", nameOf(o, i), o.Do), func(t *Setting) error {
			gone := t.Scenario.Timeline[i]
			t.Scenario.Timeline = slices.Delete(t.Scenario.Timeline, i, i+1)
			for k := range t.Scenario.Timeline {
				if t.Scenario.Timeline[k].After == gone.ID && gone.ID != "" {
					return fmt.Errorf("%s waits for %s", nameOf(&t.Scenario.Timeline[k], k), gone.ID)
				}
			}
			return nil
		}))
	}
	return list
}

// withoutFaults leaves one fault out at a time.
func (s *Setting) withoutFaults() []knob {
	var list []knob
	for i := range s.Scenario.Faults {
		list = append(list, once("without-fault", fmt.Sprintf("leaving out the fault %q", s.Scenario.Faults[i].String()), func(t *Setting) error {
			t.Scenario.Faults = slices.Delete(t.Scenario.Faults, i, i+1)
			return nil
		}))
	}
	return list
}

func readTimeoutOf(g *scenario.ClientGroup) time.Duration {
	switch {
	case g.Gateslap != nil:
		return g.Gateslap.Config.MySQL.ReadTimeout
	case g.Closed != nil:
		return g.Closed.ReadTimeout.Std()
	case g.Open != nil:
		return g.Open.ReadTimeout.Std()
	}
	return 0
}

// setReadTimeout changes a group in place of its own, since groups are shared by settings.
func setReadTimeout(g *scenario.ClientGroup, d time.Duration) {
	if readTimeoutOf(g) == 0 {
		return
	}
	switch {
	case g.Gateslap != nil:
		own := *g.Gateslap
		own.Config.MySQL.ReadTimeout = d
		g.Gateslap = &own
	case g.Closed != nil:
		own := *g.Closed
		own.ReadTimeout = scenario.Duration(d)
		g.Closed = &own
	case g.Open != nil:
		own := *g.Open
		own.ReadTimeout = scenario.Duration(d)
		g.Open = &own
	}
}
