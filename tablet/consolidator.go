package tablet

import (
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// consolidator lets equal reads that come while one runs wait for that one's answer.
// spec: T-50a
type consolidator struct {
	env     *sim.Env
	mu      *sim.Mutex
	running map[string]*sharedRead
}

// sharedRead is a read that runs, with its answer once done.
type sharedRead struct {
	text   string
	done   *sim.Event
	result query.Result
	err    error
}

func newConsolidator(env *sim.Env) *consolidator {
	return &consolidator{env: env, mu: env.NewMutex("consolidator"), running: map[string]*sharedRead{}}
}

// join gives the running read with this text; the first to come leads it.
func (c *consolidator) join(text string) (read *sharedRead, leader bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if read := c.running[text]; read != nil {
		return read, false
	}
	read = &sharedRead{text: text, done: c.env.NewEvent("shared-read")}
	c.running[text] = read
	return read, true
}

// finish gives the answer to all who wait.
func (c *consolidator) finish(read *sharedRead, result query.Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	read.result, read.err = result, err
	delete(c.running, read.text)
	read.done.Set()
}

func (c *consolidator) wait(ctx *sim.Context, read *sharedRead, caller string) (query.Result, error) {
	started := c.env.Now()
	if c.env.Select(sim.OnEvent(read.done), sim.OnDone(ctx)) == 1 {
		return query.Result{}, vterr.StatementTimedOut(c.env.Now().Sub(started), 0, false, caller)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return read.result, read.err
}
