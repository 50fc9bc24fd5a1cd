package vtorc

// Analyze says what is wrong with a shard. At most one problem is given for each tablet. A
// problem that calls for another primary stands alone: what is wrong with the replicas follows
// from it. The order is that of the recoveries.
//
// It is a pure function.
// spec: R-141
func Analyze(s *Snapshot, c Criteria) []Problem {
	problem := func(i *Instance, a Analysis) Problem {
		return Problem{Analysis: a, Tablet: i.Tablet.Alias, Keyspace: s.Keyspace, Shard: s.Shard}
	}
	primary := s.primary()
	if primary == nil {
		if i, a := s.withoutPrimary(); i != nil {
			return []Problem{problem(i, a)}
		}
		return nil
	}
	v := newView(s, c, primary)
	if a := v.shardWide(); a != "" {
		return []Problem{problem(primary, a)}
	}
	var list []Problem
	if a := v.ofPrimary(); a != "" {
		list = append(list, problem(primary, a))
	}
	for i := range s.Instances {
		other := &s.Instances[i]
		if other == primary {
			continue
		}
		if a := v.ofOther(other); a != "" {
			list = append(list, problem(other, a))
		}
	}
	return list
}

// withoutPrimary judges a shard in which no tablet is PRIMARY: it never had one, or its record
// is gone. The problem is noted at the first tablet that could follow one.
func (s *Snapshot) withoutPrimary() (*Instance, Analysis) {
	for i := range s.Instances {
		if t := &s.Instances[i]; t.Tablet.Type.IsReplicaType() {
			if s.Record.PrimaryTermStartTime.IsZero() {
				return t, ClusterHasNoPrimary
			}
			return t, PrimaryTabletDeleted
		}
	}
	return nil, ""
}

// view is a shard that has a primary, with its replicas counted.
type view struct {
	*Snapshot
	Criteria
	primary *Instance
	// primaryValid: the check of the primary can be trusted.
	primaryValid bool
	// replicas are attached to the primary; of these some can be trusted, and of these again
	// some replicate. ackers can be trusted and have their side of semi-sync on.
	replicas, valid, replicating, ackers int
}

func newView(s *Snapshot, c Criteria, primary *Instance) *view {
	v := &view{Snapshot: s, Criteria: c, primary: primary, primaryValid: primary.Check.valid(c.Flags.InstancePollTime)}
	for i := range s.Instances {
		t := &s.Instances[i]
		if t == primary || !t.isReplicaOf(primary.Tablet.Alias) {
			continue
		}
		v.replicas++
		if !t.Check.valid(c.Flags.InstancePollTime) {
			continue
		}
		v.valid++
		if t.replicates() {
			v.replicating++
		}
		if t.Status.SemiSyncReplicaEnabled {
			v.ackers++
		}
	}
	return v
}
