package runner

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/experiments/workload"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// serversUp waits for the MySQL servers of a world that begins with nothing else. spec: topo 13
func (p *play) serversUp(env *sim.Env, ready *sim.Context) error {
	for _, m := range p.tablets {
		for !m.server.Up() {
			if err := env.SleepCtx(ready, startPoll); err != nil {
				return fmt.Errorf("the MySQL server of %v did not start: %w", m.alias, err)
			}
		}
	}
	return nil
}

// bringUp does an operation of a cluster's bring-up, or shows something.
func (p *play) bringUp(env *sim.Env, op *operation) {
	switch op.Do {
	case scenario.DoStartVTCtld:
		p.startVTCtld(env, op)
	case scenario.DoStartVTGate:
		p.startVTGate(env, op)
	case scenario.DoStartVTTablet:
		p.startVTTablet(env, op)
	case scenario.DoStartVTOrc:
		p.startVTOrcByHand(op)
	case scenario.DoStatus:
		p.status(op)
	case scenario.DoQuery:
		p.query(env, op)
	default:
		p.command(env, op)
	}
}

// startVTCtld starts the server of the operator's commands. spec: O-83
func (p *play) startVTCtld(env *sim.Env, op *operation) {
	op.what = "start vtctld"
	op.err = p.topology(env, p.net.Node(env)).Open(env.Background())
	p.vtctld = op.err == nil
	fatal(env, op, "vtctld.go")
}

// fatal shows the last line of a process that could not start.
func fatal(env *sim.Env, op *operation, file string) {
	if op.err != nil {
		op.output = vterr.FatalLine(env.Wall(), file, op.err)
	}
}

func (p *play) startVTGate(env *sim.Env, op *operation) {
	_, name := op.Args.Target.Parse()
	op.what = "start vtgate " + name
	for _, g := range p.gates {
		if g.name != name {
			continue
		}
		if cells := op.Args.CellsToWatch; len(cells) > 0 {
			g.watched = cells
			op.what += " --cells-to-watch=" + strings.Join(cells, ",")
		}
		p.startByHand(env, op, g.host, &g.life, func() { p.startGate(g) })
		fatal(env, op, "vtgate.go")
	}
}

func (p *play) startVTTablet(env *sim.Env, op *operation) {
	_, name := op.Args.Target.Parse()
	op.what = "start vttablet " + name
	for _, m := range p.tablets {
		if m.alias == alias(name) {
			p.startByHand(env, op, m.host, &m.life, func() { p.startTablet(m) })
			fatal(env, op, "vttablet.go")
		}
	}
}

// startByHand starts a process that does not run, and waits for what becomes of it. create
// makes its host at the first start.
func (p *play) startByHand(env *sim.Env, op *operation, h *sim.Host, l *life, create func()) {
	if h != nil && !h.Down() {
		op.err = fmt.Errorf("%s runs already", h.Name())
		return
	}
	l.watched = env.NewEvent("started")
	if h == nil {
		create()
	} else {
		h.Restart()
	}
	l.watched.Wait()
	l.watched = nil
	op.err = l.err
}

// tabletFlags are the flags of one vttablet: a tablet that the scenario calls rdonly starts
// as one. spec: O-67
func (c *cluster) tabletFlags(m *member) flags.Set {
	set := c.flags
	if m.kind == topodata.RDOnly {
		set.VTTablet.InitTabletType = "rdonly"
	}
	return set
}

// queryTimeout is how long the operator waits for an answer.
const queryTimeout = time.Minute

// query sends a statement to a gate and shows what the mysql client shows.
func (p *play) query(env *sim.Env, op *operation) {
	_, gate := op.Args.Target.Parse()
	op.what = "query " + gate + ": " + op.Args.SQL
	verb, table := query.ParseVerb(op.Args.SQL)
	conn, err := workload.NewDriver(env, p.net.Node(env), gate, "operator", op.Args.Keyspace).Connect(queryTimeout)
	if err == nil {
		_, err = conn.Query(query.Statement{Verb: verb, Table: table, SQL: op.Args.SQL})
		conn.Close()
	}
	op.err, op.output = err, "Query OK\n"
	var refused *vterr.MySQLError
	if errors.As(err, &refused) {
		op.output = fmt.Sprintf("ERROR %d (%s): %s\n", refused.Num, refused.State, refused.Text)
	}
}

// status shows the status page of a gate or of tablets. spec: G-89
func (p *play) status(op *operation) {
	op.what = "status of " + string(op.Args.Target)
	kind, name := op.Args.Target.Parse()
	if kind == scenario.TargetGate {
		for _, g := range p.gates {
			if g.name == name {
				op.output = g.status()
			}
		}
		return
	}
	for _, m := range p.members(op.Args.Target) {
		op.output += m.status()
	}
}

const notRunning = "The process does not run.\n"

func (g *gateProcess) status() string {
	if g.host == nil || g.host.Down() || g.gate == nil {
		return notRunning
	}
	return g.gate.Status()
}

// status says what a tablet would say of itself.
func (m *member) status() string {
	if m.host == nil || m.host.Down() || m.process == nil {
		return fmt.Sprintf("Tablet %v\n%s", m.alias, notRunning)
	}
	s := m.process.Status()
	serving := "Not Serving"
	if s.Serving {
		serving = "Serving"
	}
	return fmt.Sprintf("Tablet %v\nKeyspace\tShard\tTabletType\tState\n%s\t%s\t%s\t%s\n", m.alias, m.keyspace, m.shard, s.Type, serving)
}
