package flags

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/model/release"
	"bufsim/model/topodata"
)

// Validate makes the checks that Vitess's programs make at their start. The first failure is
// returned with Vitess's exact text.
func Validate(s Set, p release.Profile) error {
	if err := ValidateBuffer(s.VTGate, p); err != nil {
		return err
	}
	if s.Common.SrvTopoCacheRefresh > s.Common.SrvTopoCacheTTL {
		return errors.New("srv-topo-cache-refresh must be less than or equal to srv-topo-cache-ttl")
	}
	if err := validateTypesToWait(s.VTGate.TabletTypesToWait); err != nil {
		return err
	}
	return validateInitType(s.VTTablet.InitTabletType)
}

// ValidateBuffer makes the start-up check of the buffer flags, in its order. It is made
// although buffering is off. On failure the gate logs `Invalid buffer configuration: <text>`
// and exits with status 1.
// spec: buffer 2.2, 8.1
func ValidateBuffer(g VTGate, p release.Profile) error {
	name := func(flag string) string { // looks through the whole table: for texts only
		d, _ := find(flag)
		return d.Spelled(p)
	}
	listed := ParseKeyspaceShards(g.BufferKeyspaceShards)
	switch {
	case g.BufferWindow < time.Second:
		return fmt.Errorf("%s must be >= 1s (specified value: %v)", name("buffer-window"), g.BufferWindow)
	case g.BufferWindow > g.BufferMaxFailoverDuration:
		return fmt.Errorf("%s must be <= %s: %v vs. %v", name("buffer-window"), name("buffer-max-failover-duration"), g.BufferWindow, g.BufferMaxFailoverDuration)
	case g.BufferSize < 1:
		return fmt.Errorf("%s must be >= 1 (specified value: %d)", name("buffer-size"), g.BufferSize)
	}
	if err := validateMinTime(g, p, name); err != nil {
		return err
	}
	switch {
	case g.BufferDrainConcurrency < 1:
		return fmt.Errorf("%s must be >= 1 (specified value: %d)", name("buffer-drain-concurrency"), g.BufferDrainConcurrency)
	case g.BufferKeyspaceShards != "" && !g.EnableBuffer:
		return fmt.Errorf("%s=%s also requires that %s is set", name("buffer-keyspace-shards"), g.BufferKeyspaceShards, enableBufferInText(p))
	case g.EnableBuffer && g.EnableBufferDryRun && listed.IsEmpty():
		return fmt.Errorf("both the dry-run mode and actual buffering is enabled. To avoid ambiguity, keyspaces and shards for actual buffering must be explicitly listed in %s", doubleDashed(name("buffer-keyspace-shards")))
	}
	if err := listed.validate(func() string { return name("buffer-keyspace-shards") }); err != nil {
		return err
	}
	return validateImplementation(g, p)
}

func validateMinTime(g VTGate, p release.Profile, name func(string) string) error {
	minTime := g.BufferMinTimeBetweenFailovers
	const flag = "buffer-min-time-between-failovers"
	switch p.Behaviors.MinTimeCheck {
	case release.MinTimeTwiceMax:
		if minTime < 2*g.BufferMaxFailoverDuration {
			return fmt.Errorf("%s should be at least twice the length of %s: %v vs. %v", name(flag), name("buffer-max-failover-duration"), minTime, g.BufferMaxFailoverDuration)
		}
	case release.MinTimeOneSecond:
		if minTime < time.Second {
			return fmt.Errorf("%s must be >= 1s (specified value: %v)", name(flag), minTime)
		}
	case release.MinTimeUnchecked:
	}
	return nil
}

// enableBufferInText is the second name in check 6, which kept its underscore.
// spec: buffer 2.2, check 6
func enableBufferInText(p release.Profile) string {
	if p.Behaviors.FlagSpelling == release.SpellingSingleDash {
		return "-enable_buffer"
	}
	return "--enable_buffer"
}

// doubleDashed is the name in check 7, which always has two dashes.
// spec: buffer 2.2 note (e)
func doubleDashed(name string) string { return "--" + strings.TrimLeft(name, "-") }

func validateImplementation(g VTGate, p release.Profile) error {
	known := []string{"keyspace_events", "healthcheck"}
	if p.Behaviors.LegacyBuffer && !slices.Contains(known, g.BufferImplementation) {
		return fmt.Errorf("unknown buffering implementation for TabletGateway: %q", g.BufferImplementation)
	}
	return nil
}

// validateTypesToWait drops types that do not serve and wants one to be left; an empty flag
// leaves the choice to the scenario.
// spec: gateway 2
func validateTypesToWait(list string) error {
	types, err := topodata.ParseTabletTypes(list)
	if err != nil {
		return err
	}
	if len(types) > 0 && !slices.ContainsFunc(types, topodata.TabletType.IsServing) {
		return errors.New("tablet-types-to-wait must contain at least one serving tablet type")
	}
	return nil
}

// validateInitType wants a type that a tablet may start with.
// spec: T-85
func validateInitType(name string) error {
	t, err := topodata.ParseTabletType(name)
	if err != nil {
		return err
	}
	if !slices.Contains([]topodata.TabletType{topodata.Replica, topodata.RDOnly, topodata.Spare}, t) {
		return fmt.Errorf("invalid init-tablet-type %v; can only be REPLICA, RDONLY or SPARE", t)
	}
	return nil
}
