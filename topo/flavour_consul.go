package topo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// flavourConsul: reads and writes ignore their contexts and fail at once with raw
// errors, so do watches, and the first trouble loses a lock. spec: O-28
func flavourConsul() *flavour {
	return &flavour{
		name: wire.Consul, lazy: true, deaf: true, lists: true, updateMissing: BadVersion,
		call: (*link).callOnce, convert: convertConsul,
		locks: lockFlavour{
			session: func(o Options, asked time.Duration) lockSession { // spec: O-39, O-41
				if asked == 0 {
					asked = o.ConsulLockSessionTTL
				}
				return lockSession{ttl: asked, linger: o.ConsulLockDelay, kept: true, monitored: true}
			},
			check: func(l *remoteLock, _ *sim.Context) error { // spec: O-36
				if l.lost.IsSet() {
					return errLostChannel
				}
				return nil
			},
		},
		watch: watchFlavour{
			again: true, lost: (*link).rawConsul,
			poll: func(o Options) time.Duration { return o.ConsulWatchPollDuration },
		},
	}
}

// consulDial is how long a connection is tried.
const consulDial = 30 * time.Second

// errLostChannel: the session of a lock is over, or nobody knows. spec: O-36
var errLostChannel = errors.New("lost channel closed")

// convertConsul leaves everything but the ends of contexts and connections as it is.
func convertConsul(err error, node string) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return NewError(Timeout, node)
	case errors.Is(err, errConnClosed), errors.Is(err, context.Canceled):
		return NewError(Interrupted, node)
	default:
		return err
	}
}

// callOnce makes one call; whatever goes wrong is the caller's, as raw text.
func (l *link) callOnce(ctx *sim.Context, method string, req any, _ bool) (any, error) {
	if l.closing.IsSet() {
		return nil, errConnClosed
	}
	limited, cancel := l.env.WithTimeout(ctx, consulDial)
	defer cancel()
	resp, err := l.conn.Call(limited, method, req)
	if ctx.Err() == nil && limited.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("dial tcp %s: i/o timeout", l.host)
	}
	return resp, l.rawConsul(err)
}

// rawConsul is the client library's text of a transport error or of the server's
// refusal; other errors stay.
func (l *link) rawConsul(err error) error {
	kind, broken := brokenBy(err)
	switch {
	case errors.Is(err, wire.ErrNoLeader):
		//lint:ignore ST1005 the text is that of the client library
		return errors.New("Unexpected response code: 500 (No cluster leader)")
	case !broken:
		return err
	case kind == simnet.Closed:
		return errConnClosed
	case kind == simnet.Refused:
		return fmt.Errorf("dial tcp %s: connect: connection refused", l.host)
	default:
		return fmt.Errorf("read tcp %s: read: connection reset by peer", l.host)
	}
}
