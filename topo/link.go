package topo

import (
	"errors"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// redialAttempt is how long an attempt to reconnect gets at least. spec: O-36a
const redialAttempt = 20 * time.Second

// refused: a request was not sent.
const refused = simnet.Refused

var (
	// errUnavailable: the connection broke when a write may or may not have been done.
	errUnavailable = errors.New("topology server unavailable")
	// errConnClosed: this side closed the connection.
	errConnClosed = errors.New("topology connection closed")
)

// link is one client connection to a server. While it is broken a proc of its own
// dials again (if the implementation does), and calls may wait for it.
type link struct {
	env     *sim.Env
	host    string
	conn    *simnet.Conn
	rand    *sim.Rand
	closing *sim.Event
	pause   func(n int) time.Duration // before attempt n to reconnect
	slots   *sim.Semaphore            // of calls in flight; nil without a limit
	greeted *sim.Counter              // 1 once the server has answered

	mu *sim.Mutex
	up *sim.Event // nil while connected, else set at the reconnection; guarded by mu
}

func newLink(env *sim.Env, node *simnet.Node, host string, f *flavour) *link {
	dial := simnet.DialOptions{KeepaliveTime: f.keepalive, KeepaliveTimeout: f.keepalive}
	l := &link{
		env: env, host: host, conn: node.Dial(host, dial), closing: env.NewEvent("closing"), pause: f.redial,
		rand: env.Rand(env.HostName() + "/topo/redial/" + host), greeted: env.NewCounter(), mu: env.NewMutex("link"),
	}
	if f.calls > 0 {
		l.slots = env.NewSemaphore("calls", f.calls)
	}
	return l
}

// stream opens a stream; errors are those of the link's readiness, and *simnet.Error.
func (l *link) stream(ctx *sim.Context, method string, req any) (*simnet.ClientStream, error) {
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
func (l *link) ready(ctx *sim.Context) error {
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
func (l *link) reportBroken() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up == nil && l.pause != nil && !l.closing.IsSet() {
		l.up = l.env.NewEvent("connected")
		l.env.GoDaemon("redial", l.redial)
	}
}

// redial tries until the server answers. The pauses have a jitter of a fifth.
func (l *link) redial() {
	for n := 0; ; n++ {
		pause := l.pause(n)
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
func (l *link) answers(limit time.Duration) bool {
	ctx, cancel := l.env.WithTimeout(l.env.Background(), limit)
	defer cancel()
	_, err := l.conn.Call(ctx, wire.MethodStatus, wire.StatusRequest{})
	return err == nil
}

func (l *link) close() {
	if l.closing.Set() {
		l.conn.Close()
	}
}
