package workload

import (
	"errors"
	"time"

	"bufsim/experiments/workload/gateslap"
	"bufsim/model/query"
	"bufsim/sim"
)

// Gateslap plays one gateslap process: it prepares its tables, starts its workers
// and waits for them. spec: W-6
type Gateslap struct {
	env     *sim.Env
	driver  *Driver
	group   string
	cfg     gateslap.Config
	journal *Journal
	pool    *connPool
	control *Conn
	// over is the interrupt: workers end before their next line. spec: W-14
	over *sim.Event
	// generated is the file of all workers that have none of their own.
	generated []gateslap.Line
	files     map[string][]gateslap.Line
}

// NewGateslap prepares a process for the given configuration. group is its name in
// reports and random streams; files holds the SQL files that the configuration
// names; over interrupts the workers.
func NewGateslap(env *sim.Env, driver *Driver, group string, cfg gateslap.Config, files map[string][]gateslap.Line, over *sim.Event, j *Journal) *Gateslap {
	g := &Gateslap{
		env: env, driver: driver.pyMySQL(cfg.MySQL.User, cfg.MySQL.Database), group: group, cfg: cfg, journal: j, over: over, files: files,
	}
	for verb := range cfg.Statements() {
		g.generated = append(g.generated, gateslap.Line{Verb: verb, Table: gateslap.GeneratedTable})
	}
	g.pool = newConnPool(env, g.driver, cfg.Pool)
	return g
}

// Run blocks until all workers have ended and the process has cleaned up.
func (g *Gateslap) Run() {
	var workers []*worker
	for _, w := range g.cfg.Workers() {
		workers = append(workers, newWorker(g, w))
	}
	if err := g.prepare(workers); err != nil {
		g.journal.print(-1, messageOf(err))
		for _, k := range workers {
			k.end(true)
		}
	} else {
		all := g.env.NewWaitGroup("gateslap")
		for _, k := range workers {
			all.Go(g.group+"/"+k.name, k.run)
		}
		all.Wait()
		g.cleanUp()
	}
	if g.control != nil {
		g.control.Close()
	}
	g.pool.close()
}

// prepare opens the pool's first connections and the control connection, creates
// the tables, runs the file that loads them, and opens the connections of the
// persistent workers. An error is the end of the process. spec: W-6
func (g *Gateslap) prepare(workers []*worker) (err error) {
	if err = g.pool.open(); err != nil {
		return err
	}
	if g.control, err = g.driver.Connect(0); err != nil {
		return err
	}
	if err = g.createTables(); err != nil {
		return err
	}
	if file := g.cfg.Custom.LoadSQL; file != "" {
		g.load(file)
	}
	for _, k := range workers {
		if err = k.open(); err != nil {
			return err
		}
	}
	return nil
}

// createTables creates the table of the generated statements, if there are any,
// and those of the custom file. spec: W-7
func (g *Gateslap) createTables() error {
	c := g.cfg.Gateslap
	if c.PooledConns+c.OneoffConns+c.PersistConns > 0 {
		create := "CREATE TABLE " + gateslap.GeneratedTable
		err := g.ddl(create)
		if numberOf(err) == erTableExists && g.cfg.Errors.DropTable {
			if err = g.dropTable(); err == nil {
				err = g.ddl(create)
			}
		}
		if err != nil {
			return err
		}
	}
	for _, line := range g.files[g.cfg.Custom.CreateTableSQL] {
		if line.Skipped {
			continue
		}
		if err := g.ddl(line.Text); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateslap) ddl(sql string) error {
	verb, table := query.ParseVerb(sql)
	_, err := g.control.Query(query.Statement{Verb: verb, Table: table, SQL: sql})
	g.journal.executed(nil, err)
	return err
}

func (g *Gateslap) dropTable() error { return g.ddl("drop table " + gateslap.GeneratedTable + ";") }

// load runs a file once, on a persistent worker without pauses.
func (g *Gateslap) load(file string) {
	k := newWorker(g, gateslap.Worker{Kind: gateslap.KindPersist, Name: "load_sql", File: file})
	k.pauses = false
	if err := k.open(); err != nil {
		k.uncaught(err)
		k.end(true)
		return
	}
	k.run()
}

// cleanUp is the end of the process once all workers have ended. spec: W-6
func (g *Gateslap) cleanUp() {
	g.env.Sleep(500 * time.Millisecond)
	if g.cfg.Errors.DropTable {
		g.env.Sleep(2 * time.Second)
		if err := g.dropTable(); err != nil {
			g.journal.print(-1, messageOf(err))
		}
	}
}

// errTooManyConnections is the pool's refusal. It is no error of MySQL, so nothing
// handles it.
var errTooManyConnections = errors.New("TooManyConnections")
