package simnet_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// realTime is the least backend that runs procs in parallel: with the race
// detector it shows whether the network locks what it shares.
type realTime struct {
	mu     sync.Mutex
	start  time.Time
	ids    atomic.Uint64
	picks  int
	events []trace.Event
}

func (b *realTime) Lock()            { b.mu.Lock() }
func (b *realTime) Unlock()          { b.mu.Unlock() }
func (b *realTime) Now() sim.Time    { return sim.Time(time.Since(b.start)) }
func (b *realTime) Epoch() int64     { return b.start.UnixNano() }
func (b *realTime) Intn(n int) int   { b.picks++; return b.picks % n }
func (b *realTime) NextID() uint64   { return b.ids.Add(1) }
func (b *realTime) Seed() uint64     { return 1 }
func (b *realTime) Sink() trace.Sink { return b }

func (b *realTime) Go(_ string, fn func()) { go fn() }

func (b *realTime) AfterFunc(d time.Duration, fn func()) func() bool {
	return time.AfterFunc(d, fn).Stop
}

func (b *realTime) Record(e trace.Event) { b.events = append(b.events, e) }

func TestNetworkRunsInParallel(t *testing.T) {
	const callers, calls = 8, 40
	b := &realTime{start: time.Now()}
	net := simnet.New(sim.NewLiveEnv(b, "net"), simnet.Options{Latency: sim.Uniform(0, 300*time.Microsecond)})
	srv, cli := net.Node(sim.NewLiveEnv(b, "srv")), sim.NewLiveEnv(b, "cli")
	srv.Handle("echo", func(_ *sim.Context, req any) (any, error) { return req, nil })
	srv.HandleStream("s", func(_ *sim.Context, _ any, out *simnet.ServerStream) error {
		for i := range 20 {
			if err := out.Send(i); err != nil {
				return err
			}
		}
		return nil
	})
	srv.Listen()
	conn := net.Node(cli).Dial("srv", simnet.DialOptions{KeepaliveTime: time.Millisecond, KeepaliveTimeout: time.Second})
	var good, wrong, ended atomic.Int64
	var wg sync.WaitGroup
	for w := range callers {
		wg.Go(func() {
			for i := range calls {
				ctx, cancel := cli.WithCancel(cli.Background())
				if i%5 == 0 {
					ctx, cancel = cli.WithTimeout(cli.Background(), time.Duration(i)*20*time.Microsecond)
				}
				if v, err := conn.Call(ctx, "echo", w*1000+i); err == nil {
					good.Add(1)
					if v != w*1000+i {
						wrong.Add(1)
					}
				}
				if s, err := conn.Stream(ctx, "s", nil); err == nil && i%2 == 0 {
					got, _ := drain(s)
					for j, v := range got {
						if v != j {
							wrong.Add(1)
						}
					}
					ended.Add(1)
				}
				cancel()
				if w == 0 && i%10 == 5 {
					net.Reset("cli", "srv")
				}
			}
		})
	}
	wg.Wait()
	conn.Close()
	require.Zero(t, wrong.Load())
	require.Greater(t, good.Load(), int64(callers*calls/2))
	require.Positive(t, ended.Load())
}
