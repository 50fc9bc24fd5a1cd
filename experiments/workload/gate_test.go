package workload_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/workload"
	"bufsim/experiments/workload/gateslap"
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// question is one statement that reached the fake gate.
type question struct {
	n    int // number of the statement, from 1
	conn int64
	stmt query.Statement
}

// fakeGate is a MySQL endpoint that answers as a test says and writes down what
// reached it: `3 connect`, `3 INSERT`, `3 ping`, `3 closed` for connection 3.
type fakeGate struct {
	// answer decides about each statement; nil answers well at once.
	answer func(env *sim.Env, q question) error
	// pingErr is the answer to pings.
	pingErr error
	// connectErr decides about the n-th connect, from 1.
	connectErr func(n int64) error
	autocommit bool

	log      []string
	asked    []question
	times    []sim.Time
	last     int64
	numbers  map[uint64]int64
	busy     int
	busyMost int
	open     int
	openMost int
}

func (g *fakeGate) serve(env *sim.Env, node *simnet.Node) {
	g.numbers = map[uint64]int64{}
	node.HandleDetached(query.MethodConnect, func(ctx *sim.Context, _ any) (any, error) {
		g.last++
		if g.connectErr != nil {
			if err := g.connectErr(g.last); err != nil {
				return nil, err
			}
		}
		g.numbers[simnet.ConnID(ctx)] = g.last
		g.note(g.last, "connect")
		g.open++
		g.openMost = max(g.openMost, g.open)
		return &query.ConnectResponse{ConnectionID: g.last, HandshakeAutocommit: g.autocommit}, nil
	})
	node.HandleDetached(query.MethodComQuery, func(_ *sim.Context, req any) (any, error) {
		command := req.(*query.ComQuery)
		q := question{len(g.asked) + 1, command.ConnectionID, command.Statement}
		g.asked, g.times = append(g.asked, q), append(g.times, env.Now())
		g.note(q.conn, q.stmt.Verb.String())
		g.busy++
		g.busyMost = max(g.busyMost, g.busy)
		defer func() { g.busy-- }()
		if g.answer != nil {
			if err := g.answer(env, q); err != nil {
				return nil, err
			}
		}
		return &query.ComQueryResponse{}, nil
	})
	node.HandleDetached(query.MethodComPing, func(_ *sim.Context, req any) (any, error) {
		g.note(req.(*query.ComPing).ConnectionID, "ping")
		return nil, g.pingErr
	})
	node.OnConnClosed(func(id uint64) {
		g.open--
		g.note(g.numbers[id], "closed")
	})
	node.Listen()
}

func (g *fakeGate) note(conn int64, what string) {
	g.log = append(g.log, fmt.Sprintf("%d %s", conn, what))
}

// stage is a world with a fake gate and clients.
type stage struct {
	gate    fakeGate
	host    *sim.Host // of the gate
	env     *sim.Env  // of the clients
	journal *workload.Journal
	over    *sim.Event
	// until is when the clients are told to end; 0 is never.
	until time.Duration
}

// run plays clients against the gate until all of them have ended.
func (s *stage) run(t testing.TB, seed uint64, clients func(env *sim.Env, d *workload.Driver)) {
	t.Helper()
	w := sim.New(sim.Config{Seed: seed, MaxTime: sim.Time(time.Hour)})
	net := simnet.New(w.AddHost("net", sim.HostOptions{}, nil).Env(), simnet.Options{})
	s.host = w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { s.gate.serve(env, net.Node(env)) })
	w.AddHost("clients", sim.HostOptions{}, func(env *sim.Env) {
		s.journal, s.over = workload.NewJournal(env), env.NewEvent("over")
		s.journal.Keep = true
		if s.until > 0 {
			env.AfterFunc(s.until, "over", func() { s.over.Set() })
		}
		s.env = env
		clients(env, workload.NewDriver(env, net.Node(env), "gate-1", "user", "commerce"))
		env.Sleep(time.Second) // for the last words on the network
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.True(t, s.journal.Idle().IsSet())
}

// gateslap plays a gateslap process; sql is the file of all its workers.
func (s *stage) gateslap(t testing.TB, seed uint64, cfg gateslap.Config, sql string) {
	t.Helper()
	files := map[string][]gateslap.Line{file: gateslap.ParseSQL([]byte(sql))}
	s.run(t, seed, func(env *sim.Env, d *workload.Driver) {
		workload.NewGateslap(env, d, "gateslap", cfg, files, s.over, s.journal).Run()
	})
}

// transcript is what the clients printed, without times.
func (s *stage) transcript() []string {
	var list []string
	for _, l := range s.journal.Transcript {
		list = append(list, l.Text)
	}
	return list
}

const file = "statements.sql"

// config is a configuration with workers of the given kinds on our file: no
// generated workers, no pauses, no errors handled, an empty pool.
func config(t testing.TB, kinds ...gateslap.Kind) gateslap.Config {
	t.Helper()
	cfg, err := gateslap.Builtin("01_light_traffic")
	require.NoError(t, err)
	g := &cfg.Gateslap
	g.PooledConns, g.OneoffConns, g.PersistConns, g.SleepBetweenQuery = 0, 0, 0, false
	cfg.Errors.DropTable, cfg.Pool.MinCached, cfg.Pool.Ping = false, 0, 0
	for _, kind := range kinds {
		switch kind {
		case gateslap.KindPooled:
			cfg.Custom.PooledSQL = append(cfg.Custom.PooledSQL, file)
		case gateslap.KindOneoff:
			cfg.Custom.OneoffSQL = append(cfg.Custom.OneoffSQL, file)
		case gateslap.KindPersist:
			cfg.Custom.PersistSQL = append(cfg.Custom.PersistSQL, file)
		}
	}
	return cfg
}

// lines is a file of n inserts.
func lines(n int) string { return strings.Repeat("insert into t1 values (1);\n", n) }

func mysqlError(num int) error {
	return &vterr.MySQLError{Num: num, State: "HY000", Text: fmt.Sprintf("error %d", num)}
}

// failing answers the statements with the given numbers by an error.
func failing(num int, statements ...int) func(*sim.Env, question) error {
	return func(_ *sim.Env, q question) error {
		for _, n := range statements {
			if q.n == n {
				return mysqlError(num)
			}
		}
		return nil
	}
}

var allKinds = []gateslap.Kind{gateslap.KindOneoff, gateslap.KindPersist, gateslap.KindPooled}
