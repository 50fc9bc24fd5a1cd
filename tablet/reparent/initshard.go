package reparent

import (
	"time"

	"bufsim/model/durability"
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// initName is the operation's name in events, traces, counters and the journal. Before v11 the
// command was called InitShardMaster.
const initName = "InitShardPrimary"

// InitOptions are the operator's wishes for InitShardPrimary.
type InitOptions struct {
	// NewPrimary is the tablet to promote.
	NewPrimary topodata.TabletAlias
	// Force goes on although another tablet is the primary.
	Force bool
	// WaitReplicasTimeout bounds the reset of all tablets and then the wait for the replicas;
	// zero is 30s.
	WaitReplicasTimeout time.Duration
}

// initialisation is one run of InitShardPrimary.
type initialisation struct {
	*Reparenter
	*progress
	keyspace, name string // of the shard
	opts           InitOptions

	record     *topodata.Shard
	durability durability.Policy
	tablets    []*topodata.Tablet // of the shard, sorted by alias
}

// InitShardPrimary makes the first primary of a shard. It wipes the GTID history of all
// tablets, so that they need not have one in common, and is for fresh shards only. It blocks:
// for the shard lock, for the phases that the timeout bounds, and otherwise until ctx or the
// action timeout ends. Under semi-sync with nobody to acknowledge the journal's row hangs
// until the timeout, and the primary that it leaves hangs with every write.
// spec, O-86
func (r *Reparenter) InitShardPrimary(ctx *sim.Context, keyspace, shard string, opts InitOptions) (*Result, error) {
	if opts.WaitReplicasTimeout == 0 {
		opts.WaitReplicasTimeout = waitReplicasTimeoutUnset
	}
	p := &initialisation{
		Reparenter: r, progress: newProgress(r.env, initName, "server.go", keyspace, shard),
		keyspace: keyspace, name: shard, opts: opts,
	}
	if r.opts.Common.DisableActiveReparents {
		return p.result, activeReparentsDisabled()
	}
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	err := r.underLock(ctx, p.progress, keyspace, shard, initName+"("+opts.NewPrimary.String()+")", p.initialise)
	return p.result, err
}

// initialise is the operation itself. spec: R-125, O-86
func (p *initialisation) initialise(ctx *sim.Context) error {
	if err := p.during(PhasePreflight, func() error { return p.check(ctx) }); err != nil {
		return err
	}
	p.promoted(p.opts.NewPrimary)
	if err := p.during(PhaseReset, func() error { return p.resetAll(ctx) }); err != nil {
		return err
	}
	if err := p.checkLock(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	position, err := p.promote(ctx)
	if err != nil {
		return err
	}
	if err := p.checkLock(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	if err := p.during(PhaseRepointing, func() error { return p.attachAll(ctx, position) }); err != nil {
		return err
	}
	return p.during(PhaseDatabase, func() error { return p.createDatabase(ctx) })
}

// check reads the records and refuses to take the role from another tablet.
func (p *initialisation) check(ctx *sim.Context) error {
	var err error
	if p.record, err = p.ts.GetShard(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	p.replaces(p.record.PrimaryAlias)
	if p.durability, err = p.policy(ctx, p.keyspace); err != nil {
		return err
	}
	p.event("reading tablet map")
	if p.tablets, err = p.ts.GetTabletMapForShard(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	elect := findTablet(p.tablets, p.opts.NewPrimary)
	if elect == nil {
		return electNotInShard(p.opts.NewPrimary)
	}
	alone := true
	for _, t := range p.tablets {
		alone = alone && (t == elect || t.Type != topodata.Primary)
	}
	for _, c := range []struct {
		fine bool
		is   string
	}{
		{p.record.PrimaryAlias == elect.Alias, "is not the shard primary"},
		{elect.Type == topodata.Primary, "is not a primary in the shard"},
		{alone, "is not the only primary in the shard"},
	} {
		switch {
		case c.fine:
		case p.opts.Force:
			p.warn(lineForced, "primary-elect tablet %v %s, proceeding anyway as -force was used", elect.Alias, c.is)
		default:
			return forceNeeded(elect.Alias, c.is)
		}
	}
	return nil
}

// resetAll wipes the history of every tablet; all must be there.
func (p *initialisation) resetAll(ctx *sim.Context) error {
	p.event("resetting replication on all tablets")
	ctx, cancel := p.env.WithTimeout(ctx, p.opts.WaitReplicasTimeout)
	defer cancel()
	errs := make([]error, len(p.tablets))
	p.inParallel("reset", len(p.tablets), func(i int) {
		alias := p.tablets[i].Alias
		p.info(lineReset, "resetting replication on tablet %v", alias)
		errs[i] = resetFailed(fromTablet(p.tm.ResetReplication(ctx, alias), p.behaviors()), alias)
	})
	return joined(errs)
}

func (p *initialisation) promote(ctx *sim.Context) (position gtid.Set, err error) {
	p.info(lineInitPrimary, "initializing primary on %v", p.opts.NewPrimary)
	p.event("initializing primary")
	err = p.during(PhasePromotion, func() error {
		position, err = p.tm.InitPrimary(ctx, p.opts.NewPrimary, p.durability.AcksNeeded() > 0)
		return fromTablet(err, p.behaviors())
	})
	return position, err
}

// attachAll writes the journal while the others attach: under semi-sync the one needs the
// other. spec: R-126
func (p *initialisation) attachAll(ctx *sim.Context, position gtid.Set) error {
	p.event("reparenting all tablets")
	replicaCtx, cancel := p.env.WithTimeout(ctx, p.opts.WaitReplicasTimeout)
	defer cancel()
	journalTime := topodata.Timestamp(p.env.Wall())
	group, errs := p.initReplicas(replicaCtx, position, journalTime)
	err := p.writeJournal(replicaCtx, position, journalTime)
	if err != nil {
		p.warn(lineInitJournalFailed, "primary failed to PopulateReparentJournal, canceling replicas")
		cancel()
	} else {
		err = p.recordPrimary(ctx)
	}
	group.Wait()
	if err != nil {
		return err
	}
	return joined(errs)
}

func (p *initialisation) initReplicas(ctx *sim.Context, position gtid.Set, journalTime topodata.Timestamp) (*sim.WaitGroup, []error) {
	group, errs := p.env.NewWaitGroup("init-replicas"), make([]error, len(p.tablets))
	elect := findTablet(p.tablets, p.opts.NewPrimary)
	for i, t := range p.tablets {
		if t == elect {
			continue
		}
		group.Go("init-"+t.Alias.String(), func() {
			p.info(lineInitReplica, "initializing replica %v", t.Alias)
			err := p.tm.InitReplica(ctx, t.Alias, tmclient.InitReplicaRequest{
				Parent: elect.Alias, Position: position, JournalTime: journalTime,
				SemiSync: p.durability.IsAcker(member(elect), member(t)),
			})
			errs[i] = initReplicaFailed(fromTablet(err, p.behaviors()), t.Alias)
		})
	}
	return group, errs
}

func (p *initialisation) writeJournal(ctx *sim.Context, position gtid.Set, journalTime topodata.Timestamp) error {
	elect := p.opts.NewPrimary
	p.info(lineInitJournal, "populating reparent journal on new primary %v", elect)
	err := p.during(PhaseJournal, func() error {
		return fromTablet(p.tm.PopulateReparentJournal(ctx, elect, tmclient.PopulateReparentJournalRequest{
			JournalTime: journalTime, Action: initName, Primary: elect, Position: position,
		}), p.behaviors())
	})
	return initJournalFailed(err)
}

// recordPrimary names the primary in the shard's record, if its own loop has not done so yet
// (T-82). The term is the loop's.
func (p *initialisation) recordPrimary(ctx *sim.Context) error {
	if p.record.PrimaryAlias == p.opts.NewPrimary {
		return nil
	}
	_, err := p.ts.UpdateShardFields(ctx, p.keyspace, p.name, func(r *topodata.Shard) error {
		r.PrimaryAlias = p.opts.NewPrimary
		return nil
	})
	return shardRecordFailed(err)
}

// createDatabase makes the database on the primary, from where it replicates. Neither call has
// a bound of its own.
func (p *initialisation) createDatabase(ctx *sim.Context) error {
	p.info(lineDatabase, "Creating database..")
	sql := "CREATE DATABASE IF NOT EXISTS `vt_" + p.keyspace + "`"
	if err := p.tm.ExecuteFetchAsDBA(ctx, p.opts.NewPrimary, sql); err != nil {
		return databaseFailed(fromTablet(err, p.behaviors()))
	}
	if err := p.tm.RefreshState(ctx, p.opts.NewPrimary); err != nil {
		p.warn(lineInitRefreshFailed, "RefreshState failed: %v", err)
	}
	return nil
}
