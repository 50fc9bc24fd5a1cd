package buffer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// life is a drawn life of a buffer. Times are in units of 100 ms on purpose: many things
// happen at one instant, and the schedule decides.
type life struct {
	cfg      Config
	window   bool // the switch MarkWindow
	seed     uint64
	requests []lifeRequest
	events   []lifeEvent
	shutdown time.Duration
}

type lifeRequest struct {
	at, timeout, retry time.Duration
	shard              string
	failover, refused  bool
}

type lifeEvent struct {
	at      time.Duration
	uid     uint32
	serving bool
	shards  []string
}

const unit = 100 * time.Millisecond

func drawLife(t *rapid.T) life {
	units := func(label string, lo, hi int) time.Duration {
		return time.Duration(rapid.IntRange(lo, hi).Draw(t, label)) * unit
	}
	shard := rapid.SampledFrom([]string{"-80", "80-"})
	l := life{
		cfg: Config{
			Enabled: true, Size: rapid.IntRange(1, 4).Draw(t, "size"), Window: units("window", 1, 8),
			MinTimeBetweenFailovers: units("min time", 0, 10), DrainConcurrency: rapid.IntRange(1, 3).Draw(t, "concurrency"),
		},
		window: rapid.Bool().Draw(t, "mark window"), seed: rapid.Uint64Range(0, 1<<20).Draw(t, "seed"), shutdown: units("shutdown", 5, 60),
	}
	l.cfg.MaxFailoverDuration = l.cfg.Window + units("max beyond window", 0, 8)
	if rapid.IntRange(0, 9).Draw(t, "dry run") == 0 {
		l.cfg.DryRun, l.cfg.KeyspaceShards = true, "ks/-80"
	}
	for range rapid.IntRange(1, 25).Draw(t, "requests") {
		l.requests = append(l.requests, lifeRequest{
			at: units("at", 0, 40), timeout: units("timeout", 0, 12), retry: units("retry", 0, 4), shard: shard.Draw(t, "shard"),
			failover: rapid.Bool().Draw(t, "failover"), refused: rapid.IntRange(0, 7).Draw(t, "refused") == 0,
		})
	}
	for range rapid.IntRange(0, 6).Draw(t, "events") {
		l.events = append(l.events, lifeEvent{
			at: units("at", 0, 45), uid: rapid.Uint32Range(0, 3).Draw(t, "uid"), serving: rapid.IntRange(0, 3).Draw(t, "serving") > 0,
			shards: rapid.SampledFrom([][]string{{"-80"}, {"80-"}, {"-80", "80-"}}).Draw(t, "shards"),
		})
	}
	return l
}

// answer is a watcher that answers as it is told, after giving way.
type answer struct {
	env *sim.Env
	yes bool
}

func (a answer) MarkShardNotServing(string, string, bool) bool {
	a.env.Yield()
	return a.yes
}

// play lives the life under a random schedule and gives what is broken.
func (l life) play(change func(*release.Behaviors)) (broken []string, out sim.Outcome) {
	all := release.All()
	behaviors := all[len(all)-1].Behaviors
	behaviors.MarkWindow = l.window
	change(&behaviors)
	c := newChecker(l.cfg)
	var w *sim.World
	w = sim.New(sim.Config{
		Chooser: explore.NewRandom(l.seed, true), Sink: c,
		OnStep: func(sim.StepRecord) { c.between(w.Now()) },
	})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		b := New(env, l.cfg, metrics.NewRegistry(env), behaviors)
		c.b = b
		everything := env.NewWaitGroup("everything")
		for i, r := range l.requests {
			everything.Go(fmt.Sprint("r", i), func() { r.play(env, b) })
		}
		everything.Go("events", func() { l.playEvents(env, b) })
		env.SleepUntil(sim.Time(l.shutdown))
		b.Shutdown()
		c.over = true
		everything.Wait()
		c.atEnd(env.Now().Duration())
	})
	out = w.Run()
	return c.broken, out
}

func (r lifeRequest) play(env *sim.Env, b *Buffer) {
	env.SleepUntil(sim.Time(r.at))
	ctx, cancel := env.WithCancel(env.Background())
	if r.timeout > 0 {
		ctx, cancel = env.WithTimeout(ctx, r.timeout)
	}
	defer cancel()
	var cause error
	if r.failover {
		cause = vterr.New(vterr.ClusterEvent, vterr.TextNotServing)
	}
	done, err := b.WaitForFailoverEnd(ctx, "ks", r.shard, answer{env, !r.refused}, cause)
	if done == nil {
		return
	}
	if err == nil {
		env.Sleep(r.retry)
	}
	done()
}

func (l life) playEvents(env *sim.Env, b *Buffer) {
	events := append([]lifeEvent(nil), l.events...)
	for len(events) > 0 {
		first := 0
		for i := range events {
			if events[i].at < events[first].at {
				first = i
			}
		}
		e := events[first]
		events = append(events[:first], events[first+1:]...)
		env.SleepUntil(sim.Time(e.at))
		ev := &KeyspaceEvent{Keyspace: "ks"}
		for _, shard := range e.shards {
			s := ShardEvent{Target: query.Target{Keyspace: "ks", Shard: shard}, Serving: e.serving}
			if e.uid > 0 {
				s.Primary = topodata.TabletAlias{Cell: "zone1", UID: e.uid}
			}
			ev.Shards = append(ev.Shards, s)
		}
		b.HandleKeyspaceEvent(ev)
	}
}

// spec: P-1..P-24
func TestPropertiesHoldUnderAnySchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		broken, out := drawLife(t).play(func(*release.Behaviors) {})
		if out.Kind != sim.Finished {
			t.Fatalf("%s\n%s", out.String(), out.Detail) // P-21, P-23, P-24, and P-1 for slots
		}
		if len(broken) > 0 {
			t.Fatalf("broken:\n%s", strings.Join(broken, "\n"))
		}
	})
}

// The checker must see: each fault breaks a property in some life.
func TestCheckerSeesFaults(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*release.Behaviors)
		property string
	}{
		{"a slot leaks", func(b *release.Behaviors) { b.CancelLeaksSlot = true }, "P-2"},
		{"a notice is lost", func(b *release.Behaviors) { b.TimeoutNoticeRemembered = false }, "P-13, P-22"},
		{"a start after shutdown", func(b *release.Behaviors) { b.StoppedRecheck = false }, "P-6"},
	}
	draws := rapid.Custom(drawLife)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := false
			for i := 0; i < 3000 && !seen; i++ {
				l := draws.Example(i)
				broken, _ := l.play(test.change)
				for _, line := range broken {
					seen = seen || strings.HasPrefix(line, test.property)
				}
			}
			require.True(t, seen, "no life broke %s", test.property)
		})
	}
}
