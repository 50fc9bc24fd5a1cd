package hunt_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"bufsim/experiments/hunt"
	"bufsim/experiments/invariant"
	"bufsim/sim/trace"
)

// A workload, faults and an invariant of one's own: three clients write while a primary is
// silently read-only and is then replaced; none of them may wait for longer than its window.
// The property draws seeds, and keeps one that fails.
func TestOwnWorkloadAndInvariant(t *testing.T) {
	patient := hunt.NewInvariant("nobody-waits-longer-than-a-window", "No client waits for longer than 2s.",
		[]string{"world.ask", "world.answer"},
		func(_ invariant.Facts, fail func(string, *trace.Event, string)) func(*trace.Event) {
			asked := map[string]int64{}
			return func(e *trace.Event) {
				if e.Kind == "world.ask" {
					asked[e.Text("request")] = e.Time
				} else if took := time.Duration(e.Time - asked[e.Text("request")]); took > 2*time.Second {
					fail(e.Text("shard"), e, "it waited for "+took.String())
				}
			}
		})
	opts := hunt.Options{
		Release: "v24", Worlds: []string{"gate"}, Flags: []string{"enable-buffer=true", "buffer-window=2s"},
		Policies:   []string{"random", "priorities", "pct:3", "pos"}, // none that stalls: the invariant is about time
		Invariants: []invariant.Invariant{patient},
		Draw: func(d *hunt.Draw, in *hunt.Input) {
			in.Shards = []string{"ks/0"}
			in.Steps = append(in.Steps, hunt.Step{At: time.Second, Do: "refuse", Shard: "ks/0", Args: []hunt.Arg{{Name: "cause", Value: "read-only"}}})
			for range 3 {
				in.Steps = append(in.Steps, hunt.Step{At: d.Near([]time.Duration{time.Second, 3 * time.Second}), Do: "request", Shard: "ks/0"})
			}
			in.Steps = append(in.Steps, hunt.Step{At: 4 * time.Second, Do: "promote", Shard: "ks/0"})
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		in, err := opts.Input(rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		opts.Judge(t, in)
	})
}
