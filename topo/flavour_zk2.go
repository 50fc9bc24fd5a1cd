package topo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// flavourZK2: a call that breaks off is made once more after some seconds and ignores
// its context, watches end with the session, and locks live as long as it. There is no
// listing by prefix. spec: O-27
func flavourZK2() *flavour {
	return &flavour{
		name: wire.ZK2, lazy: true, observers: true, fileVersions: true, updateMissing: NoNode,
		calls: zkCalls, keepalive: zkKeepalive,
		call: (*link).callTwice, convert: convertZK2, redial: func(int) time.Duration { return time.Second },
		locks: lockFlavour{
			needsNoFile: true,
			session: func(o Options, _ time.Duration) lockSession { // spec: O-39, O-41
				return lockSession{ttl: o.ZKBaseTimeout, kept: true}
			},
			check: neverLost,
		},
		watch: watchFlavour{
			again: true, closedError: "watch on %v was closed",
			lost: func(*link, error) error { return errZKClosed },
			ended: func(err error, node string) error {
				return fmt.Errorf("received a non-OK event for %v: %w", node, err)
			},
		},
	}
}

const (
	// zkCalls bounds the calls in flight of one connection. spec: topo 7
	zkCalls = 64
	// A call is made again once, after zkPauseMin to zkPauseMax. spec: topo 7
	zkPauseMin, zkPauseMax = time.Second, 6 * time.Second
	// A silent connection is probed, and given up when the session's time is over.
	zkKeepalive = 10 * time.Second
)

// errZKClosed: a call broke off twice.
var errZKClosed = errors.New("zk: connection closed")

func convertZK2(err error, node string) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return NewError(Timeout, node)
	case errors.Is(err, errConnClosed), errors.Is(err, context.Canceled):
		return NewError(Interrupted, node)
	default:
		return err
	}
}

// neverLost is the check of a lock that does not look. spec: O-36
func neverLost(*remoteLock, *sim.Context) error { return nil }

// callTwice makes one call. It waits for a connection until its context ends, but not
// for the answer: if the connection breaks it tries once more. spec: topo 7
func (l *link) callTwice(ctx *sim.Context, method string, req any, _ bool) (any, error) {
	_ = l.slots.Acquire(nil)
	defer l.slots.Release()
	for attempt := 0; ; attempt++ {
		if err := l.greet(ctx); err != nil {
			return nil, err
		}
		resp, err := l.conn.Call(l.env.Background(), method, req)
		_, broken := brokenBy(err)
		if !broken && !errors.Is(err, wire.ErrNoLeader) {
			return resp, err
		}
		l.reportBroken()
		if attempt > 0 {
			return nil, errZKClosed
		}
		l.env.Sleep(zkPauseMin + time.Duration(l.rand.Int64n(int64(zkPauseMax-zkPauseMin))))
	}
}

// greet waits for a connection: the server must have answered once.
func (l *link) greet(ctx *sim.Context) error {
	for {
		if err := l.ready(ctx); err != nil || l.greeted.Value() > 0 {
			return err
		}
		_, err := l.conn.Call(ctx, wire.MethodStatus, wire.StatusRequest{})
		switch {
		case err == nil:
			l.greeted.Set(1)
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			l.reportBroken()
		}
	}
}
