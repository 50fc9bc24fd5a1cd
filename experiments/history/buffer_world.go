package history

import (
	"strings"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/release"
	"bufsim/sim"
)

// bufferWorld is a buffer without anything around it.
type bufferWorld struct {
	*teller
	env    *sim.Env
	buffer *buffer.Buffer
}

// shardName is the shard of all requests in a bufferWorld.
const shardName = "0"

// playBuffer plays a story of a buffer until an instant, then looks at it a last time.
func playBuffer(t *teller, cfg sim.Config, b release.Behaviors, c buffer.Config, end time.Duration, story, last func(*bufferWorld)) {
	w := sim.New(cfg)
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s := &bufferWorld{teller: t, env: env, buffer: buffer.New(env, c, metrics.NewRegistry(env), b)}
		story(s)
		env.SleepUntil(sim.Time(end))
		last(s)
		env.Stop("end of the story")
	})
	t.run(w)
}

// enabled is a buffer of ten slots with the default times.
func enabled() buffer.Config {
	c := buffer.DefaultConfig()
	c.Enabled = true
	return c
}

// at does something at an instant; what is asked for first at one instant happens first under
// the default schedule.
func (s *bufferWorld) at(when time.Duration, name string, do func()) {
	s.env.Go(name, func() {
		s.env.SleepUntil(sim.Time(when))
		do()
	})
}

// request sends a request whose client gives up after patience (0: never) and whose retry
// takes some time. The answer is told, and given to check if there is one.
func (s *bufferWorld) request(when time.Duration, name string, cause error, patience, retry time.Duration, check func(held time.Duration, err error)) {
	s.at(when, name, func() {
		ctx := s.env.Background()
		if patience > 0 {
			ctx, _ = s.env.WithTimeout(ctx, patience)
		}
		s.tell(s.now(), "%s asks the buffer%s", name, because(cause))
		done, err := s.buffer.WaitForFailoverEnd(ctx, "ks", shardName, nil, cause)
		s.tell(s.now(), "%s %s", name, answer(done != nil, err))
		if check != nil {
			check(s.now()-when, err)
		}
		if done != nil {
			s.env.Sleep(retry)
			done()
		}
	})
}

func (s *bufferWorld) now() time.Duration { return time.Duration(s.env.Now()) }

func because(cause error) string {
	if cause == nil {
		return ""
	}
	return ", its tablet said: " + cause.Error()
}

func answer(held bool, err error) string {
	switch {
	case err != nil:
		return "gets an error: " + oneLine(err)
	case held:
		return "may retry"
	default:
		return "passes"
	}
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }
