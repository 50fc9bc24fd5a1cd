package gate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// below stands for all that is under a gate's executor: the health check lists its tablet, and
// the buffer does with its nth call what a test says.
type below struct {
	tablet *gatetest.Tablet
	fates  []error // nil lets pass, errReleased holds and releases
	asked  int
	held   int
	ended  int
	passes int
}

func (b *below) HealthyTablets(query.Target) []*discovery.TabletHealth {
	return []*discovery.TabletHealth{{Tablet: b.tablet.Record, Conn: b.tablet}}
}

func (b *below) TabletByAlias(topodata.TabletAlias) (*discovery.TabletHealth, error) {
	return b.HealthyTablets(query.Target{})[0], nil
}

func (b *below) HandleKeyspaceEvent(*buffer.KeyspaceEvent)                      {}
func (b *below) ProcessPrimaryHealth(query.Target, topodata.TabletAlias, int64) {}

func errReleased() error { return vterr.New(vterr.OK, "released") }

func (b *below) WaitForFailoverEnd(*sim.Context, string, string, buffer.KeyspaceEventWatcher, error) (buffer.RetryDone, error) {
	fate := b.fates[b.asked%len(b.fates)]
	b.asked++
	if fate == nil {
		return nil, nil
	}
	b.held++
	done := func() { b.ended++ }
	if vterr.CodeOf(fate) == vterr.OK {
		return done, nil
	}
	return done, fate
}

// Record counts the passes through the gateway's loop.
func (b *below) Record(e trace.Event) {
	if e.Kind == gateway.KindBegin {
		b.passes++
	}
}

// executed runs one statement in a gate that has only what it needs for that.
func executed(t require.TestingT, b *below, shards []string, stmt query.Statement, answer func(*sim.Context, string, any) (any, error)) error {
	var err error
	w := sim.New(sim.Config{Sink: b})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		b.tablet = gatetest.NewTablets(env).Add(gatetest.Record("zone1-100", "ks", "0", topodata.Primary))
		b.tablet.Answer = answer
		world := gatetest.NewTopo("zone1")
		world.SetKeyspace("ks", shards...)
		behaviors := release.Latest().Behaviors
		g := &Gate{
			env: env, srv: world, opts: Options{Cell: "zone1"}, behaviors: behaviors,
			counts: newCounters(metrics.NewRegistry(env)), vschema: newVSchemaManager(env),
			gateway: gateway.New(env, b, nil, b, gateway.Options{RetryCount: 2, Behaviors: behaviors}),
		}
		s := newSession(env, 1, 1, "app", database{keyspace: "ks", tabletType: topodata.Primary})
		_, err = g.execute(env.Background(), s, "", stmt)
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, "%s\n%s", out.String(), out.Detail)
	return err
}

func oneRow() query.Statement { return query.Statement{Verb: query.VerbInsert, Table: "t", Key: 1} }

// A statement whose shard is gone is sent three times, each time to the shards as they are then;
// after that it fails, with no target in front. spec: G-73
func TestUpstreamShardsAreNotAvailable(t *testing.T) {
	b := &below{fates: []error{vterr.ErrShardMissing}}
	err := executed(t, b, []string{"0"}, oneRow(), nil)
	require.EqualError(t, err, "upstream shards are not available")
	require.Equal(t, vterr.Unavailable, vterr.CodeOf(err))
	require.Equal(t, []int{3, 3, 3}, []int{b.passes, b.held, b.ended})
	require.Empty(t, b.tablet.Calls)
}

// The third time may succeed. spec: G-73
func TestThirdResolutionSucceeds(t *testing.T) {
	b := &below{fates: []error{vterr.ErrShardMissing, vterr.ErrShardMissing, errReleased()}}
	require.NoError(t, executed(t, b, []string{"0"}, oneRow(), nil))
	require.Equal(t, []int{3, 3, 3}, []int{b.passes, b.held, b.ended})
}

// If two shards of one statement are gone, nobody recognises that. spec: G-72, G-73
func TestTwoMissingShardsAreNotRetried(t *testing.T) {
	b := &below{fates: []error{vterr.ErrShardMissing}}
	err := executed(t, b, []string{"-80", "80-"}, query.Statement{Verb: query.VerbSelect, Table: "t"}, nil)
	require.Equal(t, 2, b.passes)
	const each = ".primary: failed to automatically buffer and retry failed request during failover. original err (type=<nil>): <nil>: destination shard is missing after a resharding operation"
	require.EqualError(t, err, "target: ks.-80"+each+"\ntarget: ks.80-"+each)
}

// A statement makes at most three passes for each plan and three plans, and is held at most once
// in each pass, whatever the buffer and the tablets do. spec: GI-2, GI-4, G-73, G-74
func TestPassesOfAStatement(t *testing.T) {
	fates := []error{nil, errReleased(), vterr.ErrShardMissing, vterr.ErrBufferEvicted}
	answers := []error{nil, vterr.DeniedTables(""), vterr.NotServing(), gatetest.ErrApplication()}
	rapid.Check(t, func(rt *rapid.T) {
		b := &below{fates: rapid.SliceOfN(rapid.SampledFrom(fates), 1, 30).Draw(rt, "fates")}
		next := rapid.SliceOfN(rapid.SampledFrom(answers), 1, 30).Draw(rt, "answers")
		calls := 0
		err := executed(rt, b, []string{"0"}, oneRow(), func(_ *sim.Context, method string, _ any) (any, error) {
			calls++
			if failed := next[calls%len(next)]; failed != nil {
				return nil, failed
			}
			return b.tablet.Open(method), nil
		})
		require.LessOrEqual(rt, b.passes, 9)
		require.LessOrEqual(rt, b.held, b.passes)
		require.Equal(rt, b.held, b.ended)
		if err == nil {
			require.Nil(rt, next[calls%len(next)], "GI-11: the last call succeeded")
		}
	})
}

// Three passes for each of three plans: in two the shard is gone, and in the third the tablet
// denies the table. spec: G-73, G-74
func TestBothLayersRetry(t *testing.T) {
	b := &below{fates: []error{vterr.ErrShardMissing, vterr.ErrShardMissing, errReleased()}}
	err := executed(t, b, []string{"0"}, oneRow(), func(*sim.Context, string, any) (any, error) {
		return nil, vterr.DeniedTables("")
	})
	require.ErrorContains(t, err, vterr.TextDeniedTables)
	require.Equal(t, 9, b.passes)
}

// The wait for newer rules ends with the statement's context. spec: G-74, G-79d
func TestWaitForRulesEndsWithTheContext(t *testing.T) {
	var took time.Duration
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		g := &Gate{env: env, vschema: newVSchemaManager(env)}
		ctx, cancel := env.WithTimeout(env.Background(), time.Second)
		defer cancel()
		g.awaitNewerVSchema(ctx, 0)
		took = time.Duration(env.Now())
	})
	require.Equal(t, sim.Finished, w.Run().Kind)
	require.Equal(t, time.Second, took)
}
