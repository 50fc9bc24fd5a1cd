package tune

import (
	"fmt"
	"time"

	"bufsim/model/flags"
	"bufsim/model/release"
)

// Setting are the buffer's flags that are tuned.
type Setting struct {
	Window time.Duration `json:"buffer_window_ns"`
	Max    time.Duration `json:"buffer_max_failover_duration_ns"`
	Gap    time.Duration `json:"buffer_min_time_between_failovers_ns"`
	Size   int           `json:"buffer_size"`
	Drain  int           `json:"buffer_drain_concurrency"`
}

// apply switches buffering on with the setting.
func (s Setting) apply(set flags.Set) flags.Set {
	g := &set.VTGate
	g.EnableBuffer = true
	g.BufferWindow, g.BufferMaxFailoverDuration, g.BufferMinTimeBetweenFailovers = s.Window, s.Max, s.Gap
	g.BufferSize, g.BufferDrainConcurrency = s.Size, s.Drain
	return set
}

// names are the flags of a setting in the order of Vitess's table.
func names() []string {
	return []string{
		"enable-buffer", "buffer-window", "buffer-size", "buffer-max-failover-duration",
		"buffer-min-time-between-failovers", "buffer-drain-concurrency",
	}
}

// Flags spells the setting as a release writes its flags. All of them are there, those at
// their defaults too, so that they hold whatever the command line says now.
func (s Setting) Flags(p release.Profile) []string {
	var list []string
	set := s.apply(flags.Defaults(p))
	for _, name := range names() {
		for _, d := range flags.Descriptions() {
			switch {
			case d.Name != name, name == "buffer-drain-concurrency" && !p.Behaviors.DrainConcurrencyHonoured:
			case d.Kind == flags.KindBool:
				list = append(list, d.Spelled(p))
			default:
				list = append(list, d.Spelled(p)+"="+d.Value(set))
			}
		}
	}
	return list
}

// String is short, for progress and tables.
func (s Setting) String() string {
	return fmt.Sprintf("window %v, size %d, max %v, gap %v, drain %d", s.Window, s.Size, s.Max, s.Gap, s.Drain)
}

// gapMin is the shortest time between failovers that a release accepts with a maximum
// failover duration. spec: buffer 2.2
func gapMin(limit time.Duration, p release.Profile) time.Duration {
	if p.Behaviors.MinTimeCheck == release.MinTimeTwiceMax {
		return 2 * limit
	}
	return time.Second
}
