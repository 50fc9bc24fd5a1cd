package reparent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

func alias(uid uint32) topodata.TabletAlias { return topodata.TabletAlias{Cell: "zone1", UID: uid} }

func profile(t *testing.T, name string) release.Profile {
	t.Helper()
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p
}

// upTo is the transactions 1 to n of the first server.
func upTo(n int64) gtid.Set {
	var s gtid.Set
	s.AddRange(gtid.ServerUUID(100), 1, n)
	return s
}

func replica(uid uint32) *topodata.Tablet {
	return &topodata.Tablet{Alias: alias(uid), Type: topodata.Replica}
}

func primary(uid uint32, term int64) *topodata.Tablet {
	return &topodata.Tablet{Alias: alias(uid), Type: topodata.Primary, PrimaryTermStartTime: topodata.Timestamp(term)}
}

// status is the answer of a healthy replica of 100 that has received and executed n
// transactions.
func status(n int64) tmclient.ReplicationStatus {
	return tmclient.ReplicationStatus{
		Position: upTo(n), RelayLogPosition: upTo(n), SourceUUID: gtid.ServerUUID(100),
		IOState: tmclient.ThreadRunning, SQLState: tmclient.ThreadRunning,
	}
}

// shard is a fake shard: the topology and the tablets. By default everything works at once
// and takes a millisecond; behave changes that.
type shard struct {
	env      *sim.Env
	record   topodata.Shard
	keyspace topodata.Keyspace
	tablets  []*topodata.Tablet
	statuses map[topodata.TabletAlias]tmclient.ReplicationStatus
	// former are tablets that have no source, although their type may be any.
	former map[topodata.TabletAlias]bool
	// journal is how many rows a tablet's reparent journal has.
	journal map[topodata.TabletAlias]int
	// positions are what PrimaryPosition, DemotePrimary and PromoteReplica return.
	positions map[topodata.TabletAlias]gtid.Set
	// behave is asked in each call; what is the method and the tablet, such as
	// `DemotePrimary 100`, or a method of the topology such as `CheckShardLocked`.
	behave func(ctx *sim.Context, what string) error

	calls            []call
	locked, unlocked int
	checks           int
	// underWay counts the calls that had not ended when the lock was given up, afterUnlock
	// those that were made later.
	underWay, afterUnlock int
}

// call is one call that was made; ended is false while it is under way.
type call struct {
	what  string
	args  string
	err   error
	ended bool
}

// threeTablets is a shard with the primary 100 and the replicas 101 and 102.
func threeTablets() *shard {
	return &shard{
		record:   topodata.Shard{PrimaryAlias: alias(100), PrimaryTermStartTime: 7},
		keyspace: topodata.Keyspace{DurabilityPolicy: "semi_sync"},
		tablets:  []*topodata.Tablet{primary(100, 7), replica(101), replica(102)},
		statuses: map[topodata.TabletAlias]tmclient.ReplicationStatus{alias(101): status(10), alias(102): status(9)},
		positions: map[topodata.TabletAlias]gtid.Set{
			alias(100): upTo(10), alias(101): upTo(10), alias(102): upTo(10),
		},
	}
}

// failing makes the named call fail at once.
func failing(what string, err error) func(*sim.Context, string) error {
	return func(_ *sim.Context, called string) error {
		if called == what {
			return err
		}
		return nil
	}
}

// hanging makes the named call hang until its context ends.
func (s *shard) hanging(what string) func(*sim.Context, string) error {
	return func(ctx *sim.Context, called string) error {
		if called == what {
			return s.untilDone(ctx)
		}
		return nil
	}
}

// untilDone is how a call ends that gets no answer.
func (s *shard) untilDone(ctx *sim.Context) error {
	err := s.env.SleepCtx(ctx, 24*time.Hour)
	return vterr.NewRPCError(vterr.CodeOf(err), err.Error())
}

// method names the call of a method of a tablet.
func method(name string, tablet topodata.TabletAlias) string {
	return fmt.Sprintf("%s %d", name, tablet.UID)
}

func (s *shard) do(ctx *sim.Context, what, args string) error {
	if s.unlocked > 0 {
		s.afterUnlock++
	}
	i := len(s.calls)
	s.calls = append(s.calls, call{what: what, args: args})
	err := s.env.SleepCtx(ctx, time.Millisecond)
	if err != nil {
		err = vterr.NewRPCError(vterr.CodeOf(err), err.Error())
	} else if s.behave != nil {
		err = s.behave(ctx, what)
	}
	s.calls[i].err, s.calls[i].ended = err, true
	return err
}

// made lists the calls with their arguments, those that ran side by side in any order.
func (s *shard) made() []string {
	var out []string
	for _, c := range s.calls {
		out = append(out, strings.TrimSpace(c.what+" "+c.args))
	}
	return out
}

// count counts the calls of a method; the name may go on with a tablet's number.
func (s *shard) count(name string) int {
	n := 0
	for _, c := range s.calls {
		if c.what == name || strings.HasPrefix(c.what, name+" ") {
			n++
		}
	}
	return n
}

// failed reports whether a call of a method failed.
func (s *shard) failed(name string) bool {
	return slices.ContainsFunc(s.calls, func(c call) bool { return strings.HasPrefix(c.what, name+" ") && c.err != nil })
}

func (s *shard) LockShard(ctx *sim.Context, keyspace, name, action string) (*sim.Context, func(*error), error) {
	if err := s.do(ctx, "LockShard", keyspace+"/"+name+" "+action); err != nil {
		return nil, nil, err
	}
	s.locked++
	return s.env.WithValue(ctx, "lock", true), s.unlock, nil
}

func (s *shard) unlock(*error) {
	s.unlocked++
	for _, c := range s.calls {
		if !c.ended {
			s.underWay++
		}
	}
}

func (s *shard) CheckShardLocked(ctx *sim.Context, _, _ string) error {
	if ctx.Value("lock") == nil {
		return fmt.Errorf("shard is not locked")
	}
	s.checks++
	if s.behave == nil {
		return nil
	}
	return s.behave(ctx, fmt.Sprintf("CheckShardLocked %d", s.checks))
}

func (s *shard) GetKeyspace(*sim.Context, string) (*topodata.Keyspace, error) {
	rec := s.keyspace
	return &rec, nil
}

func (s *shard) GetShard(*sim.Context, string, string) (*topodata.Shard, error) {
	rec := s.record.Clone()
	return &rec, nil
}

func (s *shard) GetTabletMapForShard(ctx *sim.Context, _, _ string) ([]*topodata.Tablet, error) {
	if s.behave != nil {
		if err := s.behave(ctx, "GetTabletMapForShard"); err != nil {
			return nil, err
		}
	}
	return s.tablets, nil
}

func (s *shard) GetGlobalStatusVars(ctx *sim.Context, t topodata.TabletAlias) error {
	return s.do(ctx, method("GetGlobalStatusVars", t), "")
}

func (s *shard) ReplicationStatus(ctx *sim.Context, t topodata.TabletAlias) (tmclient.ReplicationStatus, error) {
	return s.statuses[t], s.do(ctx, method("ReplicationStatus", t), "")
}

func (s *shard) PrimaryPosition(ctx *sim.Context, t topodata.TabletAlias) (gtid.Set, error) {
	return s.positions[t], s.do(ctx, method("PrimaryPosition", t), "")
}

func (s *shard) DemotePrimary(ctx *sim.Context, t topodata.TabletAlias, force bool) (tmclient.PrimaryStatus, error) {
	return tmclient.PrimaryStatus{Position: s.positions[t]}, s.do(ctx, method("DemotePrimary", t), fmt.Sprintf("force=%t", force))
}

func (s *shard) UndoDemotePrimary(ctx *sim.Context, t topodata.TabletAlias, semiSync bool) error {
	return s.do(ctx, method("UndoDemotePrimary", t), fmt.Sprintf("semiSync=%t", semiSync))
}

func (s *shard) WaitForPosition(ctx *sim.Context, t topodata.TabletAlias, position gtid.Set) error {
	return s.do(ctx, method("WaitForPosition", t), fmt.Sprintf("%d transactions", position.Count()))
}

func (s *shard) PromoteReplica(ctx *sim.Context, t topodata.TabletAlias, semiSync bool) (gtid.Set, error) {
	return s.positions[t], s.do(ctx, method("PromoteReplica", t), fmt.Sprintf("semiSync=%t", semiSync))
}

func (s *shard) InitPrimary(ctx *sim.Context, t topodata.TabletAlias, semiSync bool) (gtid.Set, error) {
	return s.positions[t], s.do(ctx, method("InitPrimary", t), fmt.Sprintf("semiSync=%t", semiSync))
}

func (s *shard) SetReadWrite(ctx *sim.Context, t topodata.TabletAlias) error {
	return s.do(ctx, method("SetReadWrite", t), "")
}

func (s *shard) RefreshState(ctx *sim.Context, t topodata.TabletAlias) error {
	return s.do(ctx, method("RefreshState", t), "")
}

func (s *shard) PopulateReparentJournal(ctx *sim.Context, t topodata.TabletAlias, req tmclient.PopulateReparentJournalRequest) error {
	return s.do(ctx, method("PopulateReparentJournal", t), fmt.Sprintf("%s %s %d transactions", req.Action, req.Primary, req.Position.Count()))
}

func (s *shard) SetReplicationSource(ctx *sim.Context, t topodata.TabletAlias, req tmclient.SetReplicationSourceRequest) error {
	args := fmt.Sprintf("to %d journal=%t wait=%t force=%t semiSync=%t", req.Parent.UID, !req.JournalTime.IsZero(), req.HasWaitPosition, req.ForceStart, req.SemiSync)
	return s.do(ctx, method("SetReplicationSource", t), args)
}

// outcome is what came of a command.
type outcome struct {
	result *reparent.Result
	err    error
	took   time.Duration
	ended  bool // false if its process was killed
	counts []reparent.Count
}

// text is the error's, empty on success.
func (o outcome) text() string {
	if o.err == nil {
		return ""
	}
	return o.err.Error()
}

func (o outcome) events() []string {
	var out []string
	for _, e := range o.result.Events {
		out = append(out, e.Text)
	}
	return out
}

func (o outcome) phases() []reparent.PhaseName {
	var out []reparent.PhaseName
	for _, p := range o.result.Phases {
		out = append(out, p.Name)
	}
	return out
}

// play runs one PlannedReparentShard on the fake shard. meanwhile, if not nil, runs beside it
// on another host, and may end the context or kill the process.
func (s *shard) play(t *testing.T, p release.Profile, opts reparent.PlannedOptions, meanwhile func(env *sim.Env, cancel, kill func())) outcome {
	t.Helper()
	return s.playIn(t, sim.Config{Seed: 1}, reparent.Options{Release: p}, opts, meanwhile)
}

func (s *shard) playIn(t require.TestingT, cfg sim.Config, options reparent.Options, opts reparent.PlannedOptions, meanwhile func(env *sim.Env, cancel, kill func())) outcome {
	return s.run(t, cfg, options, meanwhile, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.PlannedReparentShard(ctx, "commerce", "0", opts)
	})
}

// run runs any operation on the fake shard.
func (s *shard) run(t require.TestingT, cfg sim.Config, options reparent.Options, meanwhile func(env *sim.Env, cancel, kill func()),
	operation func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error),
) outcome {
	w := sim.New(cfg)
	defer w.Close()
	s.env = w.AddHost("tablets", sim.HostOptions{}, nil).Env()
	var out outcome
	cancel := func() {}
	vtctld := w.AddHost("vtctld", sim.HostOptions{}, func(env *sim.Env) {
		ctx, stop := env.WithCancel(env.Background())
		cancel = stop
		begin := env.Now()
		r := reparent.New(env, s, s, options)
		out.result, out.err = operation(r, ctx)
		out.took, out.ended = env.Now().Sub(begin), true
		out.counts = r.Counts()
	})
	if meanwhile != nil {
		w.AddHost("driver", sim.HostOptions{}, func(env *sim.Env) {
			meanwhile(env, func() { cancel() }, vtctld.Crash)
		})
	}
	run := w.Run()
	require.Equal(t, sim.Finished, run.Kind, run.Detail)
	return out
}
