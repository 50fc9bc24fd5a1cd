package buffer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// story is a schedule for one buffer: steps at given times, each in a proc of its own, and what
// came of it.
type story struct {
	cfg       buffer.Config
	behaviors release.Behaviors
	watcher   buffer.KeyspaceEventWatcher
	sim       sim.Config
	steps     []step

	env     *sim.Env
	buffer  *buffer.Buffer
	reg     *metrics.Registry
	log     *trace.Recorder
	results map[string]string
	held    map[string]string // what was found in a look at a time
}

type step struct {
	at time.Duration
	do func(s *story)
}

// newStory has configuration D of the vectors: enabled, size 10, window 10 s, maximum 20 s,
// cool-down 60 s, drain of one at a time.
func newStory(steps ...step) *story {
	cfg := buffer.DefaultConfig()
	cfg.Enabled = true
	all := release.All()
	return &story{cfg: cfg, behaviors: all[len(all)-1].Behaviors, steps: steps, results: map[string]string{}, held: map[string]string{}}
}

func (s *story) play() sim.Outcome {
	s.log = trace.NewRecorder(trace.Filter{})
	s.sim.Sink = s.log
	w := sim.New(s.sim)
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s.env, s.reg = env, metrics.NewRegistry(env)
		s.buffer = buffer.New(env, s.cfg, s.reg, s.behaviors)
		for i, st := range s.steps {
			env.Go(fmt.Sprint("step ", i), func() {
				env.SleepUntil(sim.Time(st.at))
				st.do(s)
			})
		}
	})
	return w.Run()
}

// run plays and expects a normal end.
func (s *story) run(t *testing.T) *story {
	t.Helper()
	out := s.play()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	return s
}

// counts are the values that are not 0, under short names, as in `requests_evicted{BufferFull}`;
// those of other shards than 0 have the shard in front. The size is left out.
func (s *story) counts() map[string]int64 {
	counts := map[string]int64{}
	for _, sample := range s.reg.Snapshot().Samples() {
		name := strings.TrimPrefix(sample.Name, "vtgate_buffer_")
		if reason := sample.Label("reason"); reason != "" {
			name += "{" + reason + "}"
		}
		if shard := sample.Label("shard_name"); shard != "0" {
			name = shard + ": " + name
		}
		if sample.Value != 0 && sample.Name != "vtgate_buffer_size" {
			counts[name] = sample.Value
		}
	}
	return counts
}

// logLines are the recorded log lines of a level.
func (s *story) logLines(level string) []string {
	var lines []string
	for _, e := range s.log.Events() {
		if e.Kind == trace.KindLog && e.Text("level") == level {
			lines = append(lines, e.Text("text"))
		}
	}
	return lines
}

// sec is a time in seconds.
func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// F is a failover error, N is none, X is an error that is no failover.
func F() error { return vterr.New(vterr.ClusterEvent, vterr.TextReparent) }
func N() error { return nil }
func X() error { return vterr.New(vterr.InvalidArgument, "syntax error") }

// option changes a request.
type option func(*request)

type request struct {
	shard   string
	retry   time.Duration
	timeout time.Duration
	ended   bool
}

func onShard(shard string) option        { return func(r *request) { r.shard = shard } }
func retryTakes(s float64) option        { return func(r *request) { r.retry = sec(s) } }
func contextEnds(in float64) option      { return func(r *request) { r.timeout = sec(in) } }
func contextEnded() option               { return func(r *request) { r.ended = true } }
func at(s float64, do func(*story)) step { return step{sec(s), do} }

// req is a request; its result is for example `ok@3.5s`.
func req(name string, when float64, cause func() error, options ...option) step {
	r := request{shard: "0"}
	for _, o := range options {
		o(&r)
	}
	return at(when, func(s *story) {
		ctx, cancel := s.env.WithCancel(s.env.Background())
		if r.timeout > 0 {
			ctx, _ = s.env.WithTimeout(ctx, r.timeout)
		}
		if r.ended {
			cancel()
		}
		done, err := s.buffer.WaitForFailoverEnd(ctx, "ks", r.shard, s.watcher, cause())
		s.results[name] = outcome(done, err) + "@" + s.env.Now().String()
		if done != nil {
			s.env.SleepCtx(ctx, r.retry)
			done()
			done() // it may be repeated
		}
	})
}

func outcome(done buffer.RetryDone, err error) string {
	switch {
	case err == vterr.ErrBufferFull && done == nil:
		return "full"
	case err == vterr.ErrBufferEvicted && done != nil:
		return "evicted"
	case err == vterr.ErrShardMissing && done != nil:
		return "missing"
	case err != nil && done == nil && strings.Contains(err.Error(), "context was canceled"):
		return "context"
	case err != nil:
		return "unexpected " + err.Error()
	case done == nil:
		return "pass"
	default:
		return "ok"
	}
}

// ev is a keyspace event for shards (0 if none are named) with the primary zone1-<uid>; uid 0
// is none.
func ev(when float64, uid uint32, serving bool, shards ...string) step {
	if len(shards) == 0 {
		shards = []string{"0"}
	}
	return at(when, func(s *story) { s.buffer.HandleKeyspaceEvent(keyspaceEvent(uid, serving, shards...)) })
}

func keyspaceEvent(uid uint32, serving bool, shards ...string) *buffer.KeyspaceEvent {
	e := &buffer.KeyspaceEvent{Cell: "zone1", Keyspace: "ks"}
	for _, shard := range shards {
		record := buffer.ShardEvent{
			Target:  query.Target{Keyspace: "ks", Shard: shard, TabletType: topodata.Primary},
			Serving: serving,
		}
		if uid != 0 {
			record.Primary = topodata.TabletAlias{Cell: "zone1", UID: uid}
		}
		e.Shards = append(e.Shards, record)
	}
	return e
}

func shutdown(when float64) step {
	return at(when, func(s *story) {
		s.buffer.Shutdown()
		s.results["shutdown"] = "returned@" + s.env.Now().String()
	})
}

// look notes the counters at a time.
func look(when float64) step {
	return at(when, func(s *story) {
		for _, shard := range s.buffer.Status().Shards {
			s.held[fmt.Sprintf("%v %s", when, shard.Shard)] = fmt.Sprintf("%s %d, slots %d", shard.State, shard.Queued, s.buffer.Status().SlotsInUse)
		}
	})
}

// refusals is a watcher that refuses the first n marks.
type refusals struct{ n int }

func (r *refusals) MarkShardNotServing(string, string, bool) bool {
	r.n--
	return r.n < 0
}
