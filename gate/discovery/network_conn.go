package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// NetworkDialer dials tablets over a network: the host of a tablet is its record's Hostname.
type NetworkDialer struct {
	// Node is the gate's own endpoint.
	Node *simnet.Node
	// Options hold the keepalive times (--grpc-keepalive-time, --grpc-keepalive-timeout).
	Options simnet.DialOptions
}

// Dial implements Dialer. A record without a host name, such as that of a tablet that was
// shut down, is an error. spec: D-10, O-73
func (d NetworkDialer) Dial(tablet topodata.Tablet) (TabletConn, error) {
	if tablet.Hostname == "" {
		return nil, fmt.Errorf("tablet %s has no address", tablet.Alias)
	}
	return &networkConn{conn: d.Node.Dial(tablet.Hostname, d.Options), tablet: tablet}, nil
}

// networkConn is a TabletConn over a network.
type networkConn struct {
	conn   *simnet.Conn
	tablet topodata.Tablet
}

// StreamHealth implements TabletConn.
func (c *networkConn) StreamHealth(ctx *sim.Context, recv func(*query.StreamHealthResponse) error) error {
	stream, err := c.conn.Stream(ctx, query.MethodStreamHealth, &query.StreamHealthRequest{})
	if err != nil {
		return c.inGateWords(err)
	}
	for {
		msg, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return c.inGateWords(err)
		}
		if err := recv(msg.(*query.StreamHealthResponse)); err != nil {
			return err
		}
	}
}

// Call implements TabletConn. An answer that opened something comes with its error in band.
func (c *networkConn) Call(ctx *sim.Context, method string, req any) (any, error) {
	resp, err := c.conn.Call(ctx, method, req)
	if err == nil {
		return resp, nil
	}
	if opened, ok := resp.(*query.ExecuteResponse); ok && opened != nil && (opened.TransactionID != 0 || opened.ReservedID != 0) {
		return resp, vterr.FromTabletInBand(err)
	}
	return resp, c.inGateWords(err)
}

// Close implements TabletConn.
func (c *networkConn) Close() { c.conn.Close() }

// inGateWords gives the error that gRPC and the gate make of a failed call.
// spec: gateway 9.1, T-91, T-92
func (c *networkConn) inGateWords(err error) error {
	var transport *simnet.Error
	switch {
	case errors.As(err, &transport):
		return c.transportError(transport)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return vterr.FromTablet(vterr.NewRPCError(vterr.CodeOf(err), err.Error()))
	default:
		return vterr.FromTablet(err)
	}
}

func (c *networkConn) transportError(err *simnet.Error) error {
	switch err.Kind {
	case simnet.Refused:
		return vterr.FromTablet(vterr.DialRefused(fmt.Sprintf("%s:%d", c.tablet.Hostname, c.tablet.PortMap.GRPC)))
	case simnet.Closed:
		return vterr.ConnectionClosed()
	case simnet.Lost:
		return vterr.FromTablet(vterr.NewRPCError(vterr.Unavailable, "keepalive ping failed to receive ACK within timeout"))
	case simnet.Reset:
		return vterr.FromTablet(vterr.StreamBroken())
	default:
		return vterr.FromTablet(vterr.NewRPCError(vterr.Unimplemented, err.Error()))
	}
}
