package vtorc

import (
	"time"

	"bufsim/model/durability"
	"bufsim/model/flags"
	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// Snapshot is what VTOrc has stored about one shard.
type Snapshot struct {
	Keyspace, Shard string
	Policy          durability.Policy
	Record          topodata.Shard
	// EmergencyDisabled says that the records forbid emergency reparents here. spec: R-144
	EmergencyDisabled bool
	// Instances are the shard's tablets, sorted by alias.
	Instances []Instance
}

// Instance is what VTOrc knows of one tablet.
type Instance struct {
	Tablet topodata.Tablet
	Check  Check
	// Status is what the tablet said last; it means nothing before the first success.
	Status tmclient.FullStatus
	// DiskStalled says that the tablet answered with nothing but that its disk hangs.
	DiskStalled bool
	// StillSince is when the position of Status was first seen.
	StillSince sim.Time
	// Restarted is when VTOrc last restarted its replication; zero is never.
	Restarted sim.Time
}

// Check is how the polls of one tablet went.
// spec: R-140
type Check struct {
	// Attempted is when the latest poll began.
	Attempted sim.Time
	// Seen is when the latest success ended, Ever whether there was one.
	Seen sim.Time
	Ever bool
	// Failed says that the poll that ended last failed.
	Failed bool
	// Failures are the ends of recent failures, oldest first.
	Failures []sim.Time
	// Pings says that vttablet answered after the last failure.
	Pings bool
}

// valid reports whether the stored status can be trusted: the last check succeeded, and no
// check has been hanging for longer than the polls are apart.
// spec: R-140
func (c Check) valid(pollTime time.Duration) bool {
	return c.Ever && !c.Failed && c.Attempted.Sub(c.Seen) <= pollTime
}

// failuresWithin counts the failed checks of the last d.
func (c Check) failuresWithin(d time.Duration, now sim.Time) int {
	n := 0
	for _, at := range c.Failures {
		if now.Sub(at) <= d {
			n++
		}
	}
	return n
}

// Criteria are what an analysis depends on besides the snapshot.
type Criteria struct {
	Behaviors release.Behaviors
	Flags     flags.VTOrc
	Now       sim.Time
}

func (i *Instance) member() durability.Member {
	return durability.Member{Alias: i.Tablet.Alias, Type: i.Tablet.Type}
}

// isReplicaOf reports whether the instance is attached to a source.
func (i *Instance) isReplicaOf(source topodata.TabletAlias) bool {
	return i.Check.Ever && i.Status.Replication != nil && i.Status.Replication.Source == source
}

// replicates reports whether both threads run; a thread that connects does not.
func (i *Instance) replicates() bool {
	r := i.Status.Replication
	return r != nil && r.IOState == tmclient.ThreadRunning && r.SQLState == tmclient.ThreadRunning
}

func (i *Instance) executed() gtid.Set { return i.Status.Primary.Position }

// find gives the instance of a tablet, nil if there is none.
func (s *Snapshot) find(alias topodata.TabletAlias) *Instance {
	for i := range s.Instances {
		if s.Instances[i].Tablet.Alias == alias {
			return &s.Instances[i]
		}
	}
	return nil
}

// primary gives the shard's primary by the tablets' records, nil if there is none: the one of
// type PRIMARY with the latest term, of several the first.
// spec: R-14
func (s *Snapshot) primary() *Instance {
	var best *Instance
	for i := range s.Instances {
		t := &s.Instances[i]
		if t.Tablet.Type == topodata.Primary && (best == nil || t.Tablet.PrimaryTermStartTime > best.Tablet.PrimaryTermStartTime) {
			best = t
		}
	}
	return best
}
