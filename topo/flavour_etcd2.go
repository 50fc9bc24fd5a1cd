package topo

import (
	"context"
	"errors"
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// flavourEtcd2: calls wait for an unreachable server until their context ends, watches
// outlive every outage, and a lock lives by a lease that is not kept alive.
func flavourEtcd2() *flavour {
	return &flavour{
		name: wire.Etcd2, lists: true, recursive: true, history: true, leaderNews: true, updateMissing: BadVersion,
		call: (*link).callWaiting, convert: convertEtcd2, redial: redialEtcd2,
		locks: lockFlavour{
			session: func(o Options, asked time.Duration) lockSession {
				if asked == 0 {
					asked = o.LeaseTTL
				}
				return lockSession{ttl: asked.Truncate(time.Second)} // spec: O-38
			},
			check: (*remoteLock).renew,
		},
		watch: watchFlavour{sturdy: true},
	}
}

// The pauses between attempts to reconnect, as gRPC makes them: each 1.6 times the
// one before, up to a limit, and with a jitter of a fifth. spec: O-36a
const (
	redialFirst = time.Second
	redialMax   = 2 * time.Minute
)

func redialEtcd2(n int) time.Duration {
	pause := redialFirst
	for range n {
		pause = min(pause*8/5, redialMax)
	}
	return pause
}

// convertEtcd2 makes a topology error of what a call returned. spec: O-7
func convertEtcd2(err error, node string) error {
	switch {
	case errors.Is(err, errUnavailable), errors.Is(err, context.DeadlineExceeded):
		return NewError(Timeout, node)
	case errors.Is(err, errConnClosed), errors.Is(err, context.Canceled):
		return NewError(Interrupted, node)
	default:
		return err
	}
}

// callWaiting makes one call. If the connection breaks, a repeatable call is made
// again when the server is back; another one only if it was not sent, else the error is
// errUnavailable and its outcome is unknown. Other errors: the context's,
// errConnClosed.
func (l *link) callWaiting(ctx *sim.Context, method string, req any, repeatable bool) (any, error) {
	for {
		if err := l.ready(ctx); err != nil {
			return nil, err
		}
		resp, err := l.conn.Call(ctx, method, req)
		kind, broken := brokenBy(err)
		switch {
		case broken:
			l.reportBroken()
			if kind != refused && !repeatable {
				return nil, errUnavailable
			}
		case errors.Is(err, wire.ErrNoLeader):
			if !repeatable {
				return nil, errUnavailable
			}
		default:
			return resp, err
		}
	}
}
