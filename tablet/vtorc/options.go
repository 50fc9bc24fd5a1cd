package vtorc

import (
	"time"

	"bufsim/model/flags"
	"bufsim/model/release"
)

// Options are the release and the flags of a VTOrc process. Zero parts take the defaults: the
// latest release, that release's flags, and the timeouts below.
type Options struct {
	Release release.Profile
	Common  flags.Common
	VTOrc   flags.VTOrc
	// WaitReplicasTimeout (WRT) is VTOrc's own `--wait-replicas-timeout`; zero is 30s.
	// spec
	WaitReplicasTimeout time.Duration
	// TolerableReplicationLag is VTOrc's own flag of that name (v19); zero is no limit.
	TolerableReplicationLag time.Duration
}

func (o Options) withDefaults() Options {
	if o.Release.Name == "" {
		o.Release = release.Latest()
	}
	defaults := flags.Defaults(o.Release)
	if o.Common == (flags.Common{}) {
		o.Common = defaults.Common
	}
	if o.VTOrc == (flags.VTOrc{}) {
		o.VTOrc = defaults.VTOrc
	}
	if o.WaitReplicasTimeout == 0 {
		o.WaitReplicasTimeout = waitReplicasTimeoutDefault
	}
	return o
}

// Constants of VTOrc that no flag changes.
const (
	// waitReplicasTimeoutDefault is VTOrc's WRT. spec: R-7
	waitReplicasTimeoutDefault = 30 * time.Second
	// pingTimeout bounds the look whether a primary that fails its checks answers at all.
	// spec: R-141
	pingTimeout = 2 * time.Second
	// failedChecksMin failed checks within healthWindow make a primary incapacitated.
	// MODEL: the rule gives no length of the window; it holds six polls.
	failedChecksMin = 3
	healthWindow    = 30 * time.Second
	// pingFailuresMin is how many pings in a row a replica must have missed. spec: R-146
	pingFailuresMin = 3
	// restartPause is the least time between two restarts of one replica. spec: R-141
	restartPause = time.Minute
)
