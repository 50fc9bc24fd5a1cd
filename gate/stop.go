package gate

import (
	"time"

	"bufsim/sim"
)

// Shutdown is what a gate does after SIGTERM: it refuses new connections and ends idle ones,
// waits for those that are busy (held requests are), and closes its parts, which gives held
// requests free. It blocks until all that is over; afterwards the process may end.
// spec: G-85, G-86, G-87
func (g *Gate) Shutdown() {
	common := g.opts.Flags.Common
	began := g.env.Now()
	g.server.term(common.OnTermTimeout, g.opts.Flags.VTGate.MySQLServerDrainOnTerm)
	g.env.SleepUntil(began.Add(common.LameduckPeriod))
	ctx, cancel := g.env.WithTimeout(g.env.Background(), common.OnCloseTimeout)
	defer cancel()
	closed := g.env.NewEvent("closed")
	group := g.env.NewWaitGroup("close")
	group.Go("close-gateway", g.closeGateway)
	group.Go("close-mysql", func() { g.server.close(time.Second) })
	g.env.Go("close-wait", func() {
		group.Wait()
		closed.Set()
	})
	g.env.Select(sim.OnEvent(closed), sim.OnDone(ctx))
	g.cancel()
}

// closeGateway ends the buffer first: whom it holds must find tablets. spec: G-87
func (g *Gate) closeGateway() {
	if g.buffer != nil {
		g.buffer.Shutdown()
	}
	g.stopWatchers()
	if g.kew != nil {
		g.kew.Close()
	}
	g.hc.Close()
}
