package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

func behaviors(name string) release.Behaviors {
	profile, err := release.Lookup(name)
	if err != nil {
		panic(err)
	}
	return profile.Behaviors
}

// scripted stands for everything around a gateway: it answers as the test says and writes down
// what it was asked.
type scripted struct {
	healthy   []*discovery.TabletHealth
	resharded bool
	primary   topodata.TabletAlias
	should    bool
	// hold is what the buffer does with its nth call; calls after the last pass.
	hold  []func() (buffer.RetryDone, error)
	asked []error
	done  int
	// looks are the healthy lists that were given, with the number of calls made before.
	looks []look
	calls *[]string
}

// look is one look at the healthy list.
type look struct {
	list  []*discovery.TabletHealth
	calls int
}

func (s *scripted) HealthyTablets(query.Target) []*discovery.TabletHealth {
	s.looks = append(s.looks, look{s.healthy, len(*s.calls)})
	return s.healthy
}

func (s *scripted) TabletByAlias(alias topodata.TabletAlias) (*discovery.TabletHealth, error) {
	for _, h := range s.healthy {
		if h.Alias() == alias {
			return h, nil
		}
	}
	return nil, vterr.TabletDown(alias.String())
}

func (s *scripted) MarkShardNotServing(string, string, bool) bool                  { return true }
func (s *scripted) TargetIsBeingResharded(query.Target) bool                       { return s.resharded }
func (s *scripted) HandleKeyspaceEvent(*buffer.KeyspaceEvent)                      {}
func (s *scripted) ProcessPrimaryHealth(query.Target, topodata.TabletAlias, int64) {}

func (s *scripted) ShouldStartBufferingForTarget(query.Target) (topodata.TabletAlias, bool) {
	return s.primary, s.should
}

func (s *scripted) WaitForFailoverEnd(_ *sim.Context, _, _ string, _ buffer.KeyspaceEventWatcher, cause error) (buffer.RetryDone, error) {
	s.asked = append(s.asked, cause)
	if n := len(s.asked) - 1; n < len(s.hold) {
		return s.hold[n]()
	}
	return nil, nil
}

func (s *scripted) released() (buffer.RetryDone, error) { return func() { s.done++ }, nil }
func (s *scripted) evicted() (buffer.RetryDone, error) {
	return func() { s.done++ }, vterr.ErrBufferEvicted
}
func passed() (buffer.RetryDone, error)  { return nil, nil }
func tooFull() (buffer.RetryDone, error) { return nil, vterr.ErrBufferFull }

// loop plays one request through a gateway and gives the text of its error and the calls that
// each tablet got.
type loop struct {
	opts   gateway.Options
	target query.Target
	method string
	req    query.ExecuteRequest
}

func (l loop) run(t *testing.T, prepare func(env *sim.Env, s *scripted, add func(alias string, answers ...error) *gatetest.Tablet)) (text string, calls []string, s *scripted) {
	t.Helper()
	s = &scripted{calls: &calls}
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		all := gatetest.NewTablets(env)
		add := func(alias string, answers ...error) *gatetest.Tablet {
			tablet := all.Add(gatetest.Record(alias, "ks", "0", topodata.Primary))
			tablet.Answer = func(_ *sim.Context, method string, _ any) (any, error) {
				calls = append(calls, alias)
				if len(answers) == 0 {
					return tablet.Open(method), nil
				}
				err := answers[0]
				answers = answers[1:]
				return nil, err
			}
			s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet, Serving: true})
			return tablet
		}
		prepare(env, s, add)
		if l.opts.Behaviors == (release.Behaviors{}) {
			l.opts.Behaviors = behaviors("main")
		}
		l.opts.LocalCell = "zone1"
		g := gateway.New(env, s, s, s, l.opts)
		if l.target == (query.Target{}) {
			l.target = query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}
		}
		if l.method == "" {
			l.method = query.MethodExecute
		}
		l.req.Target = l.target
		_, err := g.Execute(env.Background(), l.method, &l.req)
		env.Assert(env.Now() == 0, "no time passes")
		if err != nil {
			text = err.Error()
		}
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	return text, calls, s
}

func notServing() error { return vterr.NotServing() }

func unavailable() error { return vterr.New(vterr.Unavailable, "connection refused") }

// Each row is one way through the loop. spec: G-22..G-34, G-24a, G-24b, G-24c, G-32a
func TestLoop(t *testing.T) {
	two := gateway.Options{RetryCount: 2}
	type world = func(*sim.Env, *scripted, func(string, ...error) *gatetest.Tablet)
	for _, row := range []struct {
		name  string
		opts  gateway.Options
		world world
		text  string
		calls string
		asked int // calls of the buffer
		done  int // calls of retry-done functions
	}{
		{"success", two, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) { add("zone1-1") }, "", "zone1-1", 1, 0},
		{
			"nothing known", two, func(*sim.Env, *scripted, func(string, ...error) *gatetest.Tablet) {},
			`target: ks.0.primary: no healthy tablet available for 'keyspace:"ks" shard:"0" tablet_type:PRIMARY'`, "", 1, 0,
		},
		{
			"resharding", two, func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) { s.resharded = true },
			"target: ks.0.primary: current keyspace is being resharded", "", 3, 0,
		},
		{
			"reparent", two, func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) { s.should = true },
			"target: ks.0.primary: primary is not serving, there may be a reparent operation in progress", "", 3, 0,
		},
		{
			"inconsistent", two, func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) { s.primary.UID = 1 },
			"target: ks.0.primary: inconsistent state detected, primary is serving but initially found no available tablet", "", 3, 0,
		},
		{
			"no other tablet", two, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
				add("zone1-1", unavailable())
			},
			"target: ks.0.primary: connection refused", "zone1-1", 2, 0,
		},
		{"another tablet", two, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
			add("zone1-1", unavailable())
			add("zone2-2", notServing())
			add("zone2-3", notServing())
		}, "target: ks.0.primary: operation not allowed in state NOT_SERVING", "3 calls", 3, 0},
		{"not retryable", two, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
			add("zone1-1", gatetest.ErrApplication())
			add("zone2-2")
		}, "target: ks.0.primary: syntax error", "zone1-1", 1, 0},
		{"released", two, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.hold = append(s.hold, s.released)
			add("zone1-1")
		}, "", "zone1-1", 1, 1},
		{"released, and held only once", two, func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) {
			s.hold, s.should = append(s.hold, passed, s.released), true
		}, "target: ks.0.primary: primary is not serving, there may be a reparent operation in progress", "", 2, 1},
		{"released to the tablet that failed (G-31)", two, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.hold = append(s.hold, passed, s.released)
			add("zone1-1", notServing())
		}, "target: ks.0.primary: operation not allowed in state NOT_SERVING", "zone1-1", 2, 1},
		{"evicted", two, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.hold = append(s.hold, s.evicted)
			add("zone1-1")
		}, "target: ks.0.primary: failed to automatically buffer and retry failed request during failover. original err (type=<nil>): <nil>: buffer full: request evicted for newer request", "", 1, 1},
		{"buffer full", two, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.hold = append(s.hold, passed, tooFull)
			add("zone1-1", notServing())
		}, "target: ks.0.primary: failed to automatically buffer and retry failed request during failover. original err (type=*vterrors.fundamental): Code: CLUSTER_EVENT\noperation not allowed in state NOT_SERVING\n: primary buffer is full", "zone1-1", 2, 0},
		{"no connection", two, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			add("zone1-1")
			s.healthy[0].Conn = nil
		}, "target: ks.0.primary: VT14003: no connection for tablet zone1-0000000001", "", 2, 0},
		{"retry-count 0 (G-33)", gateway.Options{}, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.hold = append(s.hold, passed, s.released)
			add("zone1-1", notServing())
		}, "target: ks.0.primary: operation not allowed in state NOT_SERVING", "zone1-1", 1, 0},
		{"v15 words", gateway.Options{RetryCount: 2, Behaviors: behaviors("v15")}, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			add("zone1-1")
			s.healthy[0].Conn = nil
		}, "target: ks.0.primary: no connection for tablet zone1-0000000001", "", 2, 0},
		{
			"v12 fails fast",
			gateway.Options{RetryCount: 2, Behaviors: behaviors("v12")},
			func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) { s.should = true },
			`target: ks.0.primary: no healthy tablet available for 'keyspace:"ks" shard:"0" tablet_type:PRIMARY'`, "", 1, 0,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			text, calls, s := loop{opts: row.opts}.run(t, row.world)
			require.Equal(t, row.text, text)
			if row.calls == "3 calls" {
				require.Len(t, calls, 3)
				require.Equal(t, "zone1-1", calls[0], "the local cell goes first")
			} else {
				require.Equal(t, row.calls, strings.Join(calls, " "))
			}
			require.Len(t, s.asked, row.asked)
			require.Equal(t, row.done, s.done)
		})
	}
}

// Which calls may be held and tried on another tablet. spec: gateway 3, G-10, G-12, G-62, GI-3
func TestWhichCallsAreRetried(t *testing.T) {
	for _, row := range []struct {
		method           string
		txID, reservedID int64
		asked, calls     int
		wrapped          bool
	}{
		{query.MethodExecute, 0, 0, 3, 2, false},
		{query.MethodExecute, 1, 0, 0, 1, true},
		{query.MethodExecute, 0, 1, 0, 1, false},
		{query.MethodBeginExecute, 0, 0, 3, 2, true},
		{query.MethodBeginExecute, 0, 1, 0, 1, true},
		{query.MethodReserveExecute, 0, 0, 3, 2, false},
		{query.MethodReserveExecute, 1, 0, 0, 1, false},
		{query.MethodReserveBeginExecute, 0, 0, 3, 2, false},
	} {
		t.Run(fmt.Sprint(row.method, row.txID, row.reservedID), func(t *testing.T) {
			l := loop{opts: gateway.Options{RetryCount: 2}, method: row.method, req: query.ExecuteRequest{TransactionID: row.txID, ReservedID: row.reservedID}}
			text, calls, s := l.run(t, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
				add("zone1-1", notServing())
				add("zone1-2", notServing())
			})
			require.Len(t, s.asked, row.asked)
			require.Len(t, calls, row.calls)
			require.Equal(t, row.wrapped, strings.HasPrefix(text, "VT15001: "), text)
		})
	}
}

// Replicas are tried one after the other and never held. spec: G-71, G-20, G-21
func TestReplicas(t *testing.T) {
	target := query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Replica}
	text, calls, s := loop{opts: gateway.Options{RetryCount: 2}, target: target}.run(t, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
		for i := range 4 {
			add(fmt.Sprintf("zone1-%d", i+1), notServing())
		}
		s.hold = append(s.hold, s.released)
	})
	require.Equal(t, "target: ks.0.replica: operation not allowed in state NOT_SERVING", text)
	require.Len(t, calls, 3)
	require.Empty(t, s.asked)

	nobody := func(*sim.Env, *scripted, func(string, ...error) *gatetest.Tablet) {}
	text, _, _ = loop{target: target, req: query.ExecuteRequest{TransactionID: 1}}.run(t, nobody)
	require.Equal(t, "tabletGateway's query service can only be used for non-transactional queries on replicas", text)

	allowed := gateway.Options{AllowedTabletTypes: []topodata.TabletType{topodata.Primary, topodata.RDOnly}}
	text, _, _ = loop{target: target, opts: allowed}.run(t, nobody)
	require.Equal(t, "requested tablet type REPLICA is not part of the allowed tablet types for this vtgate: [PRIMARY RDONLY]", text)

	suspicious := func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) { s.should = true }
	text, _, _ = loop{target: target}.run(t, suspicious)
	require.Contains(t, text, "no healthy tablet available for")
	text, _, _ = loop{target: target, opts: gateway.Options{Behaviors: behaviors("v18")}}.run(t, suspicious)
	require.Contains(t, text, "there may be a reparent operation in progress", "the watcher was asked for all types")
}

// All tablets of the local cell get their share, the others none, whatever the order of the
// list. spec: G-51, D-47
func TestChoiceIsFair(t *testing.T) {
	w := sim.New(sim.Config{Seed: 7})
	got := map[string]int{}
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		all, s := gatetest.NewTablets(env), &scripted{calls: new([]string)}
		for _, alias := range []string{"zone1-1", "zone1-2", "zone2-3", "zone1-4"} {
			tablet := all.Add(gatetest.Record(alias, "ks", "0", topodata.Replica))
			tablet.Answer = func(*sim.Context, string, any) (any, error) {
				got[alias]++
				return nil, nil
			}
			s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
		}
		g := gateway.New(env, s, nil, nil, gateway.Options{LocalCell: "zone1", Behaviors: behaviors("main")})
		for range 3000 {
			_, _ = g.Execute(env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Replica}})
		}
		status := g.Status()[0]
		env.Assert(status.Sent == 3000 && status.Errors == 0 && status.LastMinute == 3000, "status")
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Len(t, got, 3)
	for alias, n := range got {
		require.InDelta(t, 1000, n, 100, alias)
	}
}

// A call that is bound to a tablet is made once, whatever comes. spec: G-11, D-40
func TestBound(t *testing.T) {
	for name, want := range map[string]string{
		"main": "VT15001: transaction error, issue ROLLBACK and retry the transaction: target: ks.0.primary: operation not allowed in state NOT_SERVING",
		"v14":  "operation not allowed in state NOT_SERVING",
	} {
		w := sim.New(sim.Config{})
		var text, unknown string
		var calls int
		w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
			s, tablet := &scripted{calls: new([]string)}, gatetest.NewTablets(env).Add(gatetest.Record("zone1-1", "ks", "0", topodata.Primary))
			tablet.Answer = func(*sim.Context, string, any) (any, error) { return nil, notServing() }
			s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
			g := gateway.New(env, s, s, s, gateway.Options{RetryCount: 2, Behaviors: behaviors(name)})
			bound, err := g.ByAlias(tablet.Record.Alias)
			env.Assert(err == nil, "known")
			_, err = bound.Execute(env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: tablet.Target(), TransactionID: 1})
			text, calls = err.Error(), len(tablet.Calls)
			env.Assert(len(s.asked) == 0, "never held")
			_, err = g.ByAlias(topodata.TabletAlias{Cell: "zone1", UID: 9})
			unknown = err.Error()
		})
		out := w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.Equal(t, want, text)
		require.Equal(t, 1, calls)
		require.Equal(t, "tablet: zone1-0000000009 is either down or nonexistent", unknown)
	}
}

// The end of a request's context ends the loop. spec: G-13
func TestNoRetryAfterTheDeadline(t *testing.T) {
	w := sim.New(sim.Config{})
	calls := 0
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		all, s := gatetest.NewTablets(env), &scripted{calls: new([]string)}
		for _, alias := range []string{"zone1-1", "zone1-2"} {
			tablet := all.Add(gatetest.Record(alias, "ks", "0", topodata.Primary))
			tablet.Answer = func(*sim.Context, string, any) (any, error) {
				calls++
				env.Sleep(2 * time.Second)
				return nil, unavailable()
			}
			s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
		}
		ctx, cancel := env.WithTimeout(env.Background(), time.Second)
		defer cancel()
		_, _ = gateway.New(env, s, nil, nil, gateway.Options{RetryCount: 2, Behaviors: behaviors("main")}).Execute(ctx, query.MethodExecute,
			&query.ExecuteRequest{Target: query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}})
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, 1, calls)
}

// consumer notes the events that it gets.
type consumer struct {
	*scripted
	keyspaces []string
}

func (c *consumer) HandleKeyspaceEvent(ev *buffer.KeyspaceEvent) {
	c.keyspaces = append(c.keyspaces, ev.Keyspace)
}

// Events are handled one at a time and in order, until one is nil, the channel closes, or the
// context ends; so are messages of health. spec: G-4, L-1
func TestConsumers(t *testing.T) {
	w := sim.New(sim.Config{})
	var got []string
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		for _, end := range []func(ch *sim.Chan[*buffer.KeyspaceEvent], cancel func()){
			func(ch *sim.Chan[*buffer.KeyspaceEvent], _ func()) { ch.Send(nil) },
			func(ch *sim.Chan[*buffer.KeyspaceEvent], _ func()) { ch.Close() },
			func(_ *sim.Chan[*buffer.KeyspaceEvent], cancel func()) { cancel() },
		} {
			c := &consumer{scripted: &scripted{calls: new([]string)}}
			g := gateway.New(env, c, c, c, gateway.Options{Behaviors: behaviors("main")})
			events := sim.NewChan[*buffer.KeyspaceEvent](env, "events", 10)
			ctx, cancel := env.WithCancel(env.Background())
			g.ConsumeKeyspaceEvents(ctx, events)
			events.Send(&buffer.KeyspaceEvent{Keyspace: "a"})
			events.Send(&buffer.KeyspaceEvent{Keyspace: "b"})
			env.Sleep(time.Millisecond)
			end(events, cancel)
			env.Sleep(time.Millisecond)
			got = append(got, strings.Join(c.keyspaces, " "))
		}
		g := gateway.New(env, nil, nil, nil, gateway.Options{Behaviors: behaviors("v12")})
		health := sim.NewChan[*discovery.TabletHealth](env, "health", 10)
		g.ConsumeHealth(env.Background(), health)
		health.Close()
		env.Sleep(time.Millisecond)
		health2 := sim.NewChan[*discovery.TabletHealth](env, "health", 10)
		ctx, cancel := env.WithCancel(env.Background())
		g.ConsumeHealth(ctx, health2)
		cancel()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []string{"a b", "a b", "a b"}, got)
}

// The status table sorts its targets; the cell in a target does not matter. spec: G-91
func TestStatusOfTargets(t *testing.T) {
	w := sim.New(sim.Config{})
	var rows []string
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s, tablet := &scripted{calls: new([]string)}, gatetest.NewTablets(env).Add(gatetest.Record("zone1-1", "ks", "0", topodata.Primary))
		s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
		g := gateway.New(env, s, nil, nil, gateway.Options{Behaviors: behaviors("main")})
		for _, target := range []query.Target{
			{Keyspace: "b", Shard: "0", TabletType: topodata.Primary},
			{Keyspace: "a", Shard: "80-", TabletType: topodata.Replica, Cell: "zone1"},
			{Keyspace: "a", Shard: "80-", TabletType: topodata.Replica},
			{Keyspace: "a", Shard: "80-", TabletType: topodata.Primary},
			{Keyspace: "a", Shard: "-80", TabletType: topodata.Primary},
		} {
			_, _ = g.Execute(env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: target})
		}
		for _, row := range g.Status() {
			rows = append(rows, fmt.Sprint(row.Target.Lower(), " ", row.Sent, " ", row.Errors, " ", row.LastMinute))
		}
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []string{"a.-80.primary 1 0 1", "a.80-.primary 1 0 1", "a.80-.replica 2 0 2", "b.0.primary 1 0 1"}, rows)
}

// Without a buffer a request takes as long as its calls, whatever the watcher says.
// spec: GI-6, GI-7, G-29
func TestNoWaitWithoutBuffer(t *testing.T) {
	var took []sim.Time
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		all, s := gatetest.NewTablets(env), &scripted{calls: new([]string), should: true}
		g := gateway.New(env, s, s, nil, gateway.Options{RetryCount: 2, Behaviors: behaviors("main")})
		target := query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}
		for _, alias := range []string{"", "zone1-1", "zone1-2", "zone1-3", "zone1-4"} {
			if alias != "" {
				tablet := all.Add(gatetest.Record(alias, "ks", "0", topodata.Primary))
				tablet.Answer = func(*sim.Context, string, any) (any, error) {
					env.Sleep(time.Second)
					return nil, notServing()
				}
				s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
			}
			began := env.Now()
			_, _ = g.Execute(env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: target})
			took = append(took, env.Now()-began)
		}
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []sim.Time{0, 1e9, 2e9, 3e9, 3e9}, took)
}
