package simnet_test

import (
	"testing"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

func bench(b *testing.B, server, client func(*sim.Env, *simnet.Node)) {
	b.ReportAllocs()
	p := newPair(sim.Config{}, server, client)
	b.ResetTimer()
	if out := p.w.Run(); out.Kind != sim.Finished {
		b.Fatal(out.String(), out.Detail)
	}
	b.ReportMetric(float64(p.w.Steps())/float64(b.N), "steps/op")
}

// BenchmarkCall measures one call over an open connection.
func BenchmarkCall(b *testing.B) {
	bench(b, echo, func(env *sim.Env, nd *simnet.Node) {
		c, ctx := nd.Dial("srv", simnet.DialOptions{}), env.Background()
		for range b.N {
			if _, err := c.Call(ctx, "echo", nil); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkCallDetached is BenchmarkCall without a context of the handler's own.
func BenchmarkCallDetached(b *testing.B) {
	bench(b, func(_ *sim.Env, nd *simnet.Node) {
		nd.HandleDetached("echo", func(_ *sim.Context, req any) (any, error) { return req, nil })
	}, func(env *sim.Env, nd *simnet.Node) {
		c, ctx := nd.Dial("srv", simnet.DialOptions{}), env.Background()
		for range b.N {
			if _, err := c.Call(ctx, "echo", nil); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkStream measures one value of a stream.
func BenchmarkStream(b *testing.B) {
	bench(b, func(env *sim.Env, nd *simnet.Node) {
		nd.HandleStream("s", func(_ *sim.Context, _ any, out *simnet.ServerStream) error {
			for range b.N {
				if err := out.Send(nil); err != nil {
					return err
				}
				env.Sleep(ms)
			}
			return nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		s, err := nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "s", nil)
		for n := 0; err == nil; n++ {
			_, err = s.Recv()
		}
	})
}
