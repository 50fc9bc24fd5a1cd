package topo

import (
	"errors"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// The pauses between attempts to reconnect, as gRPC makes them: each 1.6 times
// the one before, up to a limit, with a jitter of a fifth; an attempt itself gets
// at least 20 s. spec: O-36a
const (
	redialFirst   = time.Second
	redialMax     = 2 * time.Minute
	redialAttempt = 20 * time.Second
)

var (
	// errUnavailable: the connection broke when a write may or may not have been done.
	errUnavailable = errors.New("topology server unavailable")
	// errConnClosed: this side closed the connection.
	errConnClosed = errors.New("topology connection closed")
)

// etcdLink is one client connection to an etcd server. While it is broken a proc
// of its own dials again, and calls wait for it until their context ends.
type etcdLink struct {
	env     *sim.Env
	conn    *simnet.Conn
	rand    *sim.Rand
	closing *sim.Event

	mu *sim.Mutex
	up *sim.Event // nil while connected, else set at the reconnection; guarded by mu
}

func newEtcdLink(env *sim.Env, node *simnet.Node, host string) *etcdLink {
	return &etcdLink{
		env: env, conn: node.Dial(host, simnet.DialOptions{}), closing: env.NewEvent("closing"),
		rand: env.Rand(env.HostName() + "/topo/redial/" + host), mu: env.NewMutex("link"),
	}
}

// call makes one call. If the connection breaks, a repeatable call is made again
// when the server is back; another one only if it was not sent, else the error is
// errUnavailable and its outcome is unknown. Other errors: the context's,
// errConnClosed.
func (l *etcdLink) call(ctx *sim.Context, method string, req any, repeatable bool) (any, error) {
	for {
		if err := l.ready(ctx); err != nil {
			return nil, err
		}
		resp, err := l.conn.Call(ctx, method, req)
		kind, broken := brokenBy(err)
		if !broken {
			return resp, err
		}
		l.reportBroken()
		if kind != simnet.Refused && !repeatable {
			return nil, errUnavailable
		}
	}
}

// stream opens a stream; errors are those of call, and *simnet.Error, after which
// the caller tries again.
func (l *etcdLink) stream(ctx *sim.Context, method string, req any) (*simnet.ClientStream, error) {
	if err := l.ready(ctx); err != nil {
		return nil, err
	}
	s, err := l.conn.Stream(ctx, method, req)
	if _, broken := brokenBy(err); broken {
		l.reportBroken()
	}
	return s, err
}

// brokenBy tells the kind of a transport error.
func brokenBy(err error) (simnet.ErrorKind, bool) {
	var e *simnet.Error
	if errors.As(err, &e) {
		return e.Kind, true
	}
	return 0, false
}

// ready waits until the connection is believed to work.
func (l *etcdLink) ready(ctx *sim.Context) error {
	if l.closing.IsSet() {
		return errConnClosed
	}
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	if err := ctx.Err(); err != nil || up == nil {
		return err
	}
	switch l.env.Select(sim.OnEvent(up), sim.OnDone(ctx), sim.OnEvent(l.closing)) {
	case 0:
		return nil
	case 1:
		return ctx.Err()
	default:
		return errConnClosed
	}
}

// reportBroken starts the redialling unless it is under way.
func (l *etcdLink) reportBroken() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up == nil && !l.closing.IsSet() {
		l.up = l.env.NewEvent("connected")
		l.env.GoDaemon("redial", l.redial)
	}
}

// redial tries until the server answers.
func (l *etcdLink) redial() {
	for pause := redialFirst; ; pause = min(pause*8/5, redialMax) {
		started := l.env.Now()
		if l.answers(max(pause, redialAttempt)) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.up.Set()
			l.up = nil
			return
		}
		jittered := pause * time.Duration(800+l.rand.Intn(401)) / 1000
		if l.env.Select(sim.OnEvent(l.closing), sim.At(started.Add(jittered))) == 0 {
			return
		}
	}
}

// answers reports whether the server answers within limit.
func (l *etcdLink) answers(limit time.Duration) bool {
	ctx, cancel := l.env.WithTimeout(l.env.Background(), limit)
	defer cancel()
	_, err := l.conn.Call(ctx, wire.MethodStatus, wire.StatusRequest{})
	return err == nil
}

func (l *etcdLink) close() {
	if l.closing.Set() {
		l.conn.Close()
	}
}
