package simnet_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// traced is a run in which each kind of event happens.
func traced(t *testing.T) []trace.Event {
	t.Helper()
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{"net"}})
	var log []string
	p := newPair(sim.Config{Sink: rec}, func(env *sim.Env, nd *simnet.Node) {
		echo(env, nd)
		ticks(&log)(env, nd)
	}, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		_, _ = c.Call(env.Background(), "echo", nil)
		_, _ = c.Call(env.Background(), "nonsense", nil)
		s, err := c.Stream(env.Background(), "ticks", 2)
		env.Assert(err == nil, "stream")
		_, _ = drain(s)
		_, _ = nd.Dial("nobody", simnet.DialOptions{}).Call(env.Background(), "echo", nil)
		env.SleepUntil(2e9)
	})
	p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(time.Second)
		p.net.Reset("cli", "srv")
	})
	p.run(t)
	return rec.Events()
}

func TestEventsHaveTheDocumentedFields(t *testing.T) {
	seen := map[trace.Kind]bool{}
	for _, e := range traced(t) {
		var keys []string
		for _, f := range e.Fields {
			keys = append(keys, f.Key)
		}
		for _, d := range simnet.TraceKinds() {
			if d.Kind == e.Kind {
				require.Equal(t, d.Fields, strings.Join(keys, " "))
				seen[e.Kind] = true
			}
		}
		require.True(t, seen[e.Kind], "%s is not documented", e.Kind)
	}
	require.Len(t, seen, len(simnet.TraceKinds()))
}

func TestTraceAsSequenceDiagram(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, trace.WriteMermaid(&b, traced(t), simnet.Arrow))
	require.Equal(t, `sequenceDiagram
    participant p1 as cli
    participant p2 as srv
    participant p3 as nobody
    participant p4 as net
    p1->>p2: 0.000000s net.call method=echo peer=srv call=1
    Note over p1: 0.020000s net.open peer=srv conn=1
    p2-->>p1: 0.040000s net.reply method=echo peer=srv call=1 took=40000000 error=""
    p1->>p2: 0.040000s net.call method=nonsense peer=srv call=2
    p2-->>p1: 0.060000s net.reply method=nonsense peer=srv call=2 took=20000000 error="cli -#62; srv: unknown method"
    p1->>p2: 0.060000s net.call method=ticks peer=srv call=3
    p1->>p3: 0.280000s net.call method=echo peer=nobody call=4
    p2-->>p1: 0.280000s net.reply method=ticks peer=srv call=3 took=220000000 error=""
    Note over p1: 0.300000s net.break peer=nobody conn=2 reason="connection refused"
    p3-->>p1: 0.300000s net.reply method=echo peer=nobody call=4 took=20000000 error="cli -#62; nobody: connection refused"
    Note over p4: 1.000000s net.fault what=reset from=cli to=srv
    Note over p1: 1.000000s net.break peer=srv conn=1 reason="connection reset"
`, b.String())
}
