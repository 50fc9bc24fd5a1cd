package workload

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"bufsim/experiments/workload/gateslap"
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// Gateslap plays one gateslap process: it prepares its table, starts its workers
// and waits for them. spec: W-6
type Gateslap struct {
	env     *sim.Env
	driver  *Driver
	cfg     gateslap.Config
	journal *Journal
	pool    *connPool
	// over is the interrupt: workers end before their next line. spec: W-14
	over *sim.Event
	// lines are the statements of the generated file, equal for all workers.
	lines []gateslap.Verb
	files map[string][]gateslap.Line
}

// NewGateslap prepares a process for the given configuration. files holds the
// custom SQL files that it names; over interrupts the workers.
func NewGateslap(env *sim.Env, driver *Driver, cfg gateslap.Config, files map[string][]gateslap.Line, over *sim.Event, j *Journal) *Gateslap {
	d := *driver
	d.user, d.database, d.implicitTransactions = cfg.MySQL.User, cfg.MySQL.Database, true
	g := &Gateslap{env: env, driver: &d, cfg: cfg, journal: j, over: over, files: files}
	for v := range cfg.Statements() {
		g.lines = append(g.lines, v)
	}
	g.pool = newConnPool(env, &d, cfg.Pool)
	return g
}

// Run blocks until all workers have ended.
func (g *Gateslap) Run() {
	workers := g.cfg.Workers()
	ids := make([]int, len(workers))
	for i, w := range workers {
		ids[i] = g.journal.enter(w.Name)
	}
	control, err := g.prepare(len(workers))
	if err != nil {
		for _, id := range ids {
			g.journal.print(g.env, id, err.Error())
			g.journal.leave(id, true)
		}
		return
	}
	all := g.env.NewWaitGroup("gateslap")
	for i, w := range workers {
		k := newWorker(g, w, ids[i])
		all.Go("gateslap/"+w.Name, k.run)
	}
	all.Wait()
	g.cleanUp(control)
}

// prepare opens the pool's first connections and the control connection, and
// creates the table. spec: W-6, W-7
func (g *Gateslap) prepare(workers int) (*Conn, error) {
	if err := g.pool.open(); err != nil {
		return nil, err
	}
	control, err := g.driver.Connect(0)
	if err != nil {
		return nil, err
	}
	if workers == 0 {
		return control, nil
	}
	_, err = control.Query(query.Statement{Verb: query.VerbDDL, Table: gateslap.GeneratedTable, SQL: "CREATE TABLE " + gateslap.GeneratedTable})
	g.journal.executed(err)
	return control, err
}

func (g *Gateslap) cleanUp(control *Conn) {
	g.env.Sleep(500 * time.Millisecond)
	if g.cfg.Errors.DropTable {
		g.env.Sleep(2 * time.Second)
		_, err := control.Query(query.Statement{Verb: query.VerbDDL, Table: gateslap.GeneratedTable, SQL: "drop table " + gateslap.GeneratedTable + ";"})
		g.journal.executed(err)
	}
	control.Close()
	g.pool.close()
}

// worker is one thread of gateslap.
type worker struct {
	g       *Gateslap
	kind    gateslap.Kind
	file    string
	id      int
	rand    *sim.Rand
	persist *Conn
	record  Record
	keys    int64
}

func newWorker(g *Gateslap, w gateslap.Worker, id int) *worker {
	return &worker{g: g, kind: w.Kind, file: w.File, id: id, rand: g.env.Rand("workload/gateslap/" + w.Name)}
}

// errGaveUp ends a worker.
var errGaveUp = errors.New("the worker gave up")

func (k *worker) run() {
	err := k.start()
	if err == nil {
		err = k.lines()
	}
	if k.persist != nil {
		k.persist.Close()
	}
	k.g.journal.leave(k.id, err != nil)
}

func (k *worker) start() (err error) {
	if k.kind == gateslap.KindPersist {
		k.persist, err = k.g.driver.Connect(0)
	}
	return err
}

// lines runs the worker's file, statement by statement. spec: W-12
func (k *worker) lines() error {
	for stmt := range k.statements() {
		if k.g.over.IsSet() {
			break
		}
		if !stmt.Skipped {
			if err := k.line(verbs(stmt.Verb), stmt.Table); err != nil {
				return err
			}
		}
		k.pause()
	}
	return nil
}

// statements are the lines of the worker's custom file, or the generated ones.
func (k *worker) statements() iter.Seq[gateslap.Line] {
	if k.file != "" {
		return slices.Values(k.g.files[k.file])
	}
	return func(yield func(gateslap.Line) bool) {
		for _, v := range k.g.lines {
			if !yield(gateslap.Line{Verb: v, Table: gateslap.GeneratedTable}) {
				return
			}
		}
	}
}

// pause follows every line, failed and skipped ones too. spec: W-12
func (k *worker) pause() {
	cfg := &k.g.cfg.Gateslap
	if !cfg.SleepBetweenQuery {
		return
	}
	ms := int64((cfg.SleepMax-cfg.SleepMin)/time.Millisecond) + 1
	k.g.env.Sleep(cfg.SleepMin + time.Duration(k.rand.Int64n(max(ms, 1)))*time.Millisecond)
}

// line runs one statement to its final outcome and records it.
func (k *worker) line(verb query.Verb, table string) error {
	k.keys++
	stmt := query.Statement{Verb: verb, Table: table, Key: int64(k.id)<<32 | k.keys, Value: k.keys}
	k.record = Record{Client: k.id, Verb: verb, Start: k.g.env.Now()}
	err := k.execute(stmt)
	if err != nil && !errors.Is(err, errGaveUp) {
		err = k.handle(stmt, err)
	}
	k.record.Failed = err != nil
	k.record.End = k.g.env.Now()
	k.g.journal.Records = append(k.g.journal.Records, k.record)
	return err
}

// execute runs the statement the way of the worker's kind. errGaveUp means that
// the worker dies without error handling. spec: W-20, W-21, W-22
func (k *worker) execute(stmt query.Statement) error {
	switch k.kind {
	case gateslap.KindOneoff:
		return k.oneoff(stmt)
	case gateslap.KindPersist:
		return k.hardened(&k.persist, stmt)
	default:
		c, err := k.g.pool.borrow()
		if err != nil {
			return k.uncaught(err)
		}
		err = k.hardened(&c, stmt)
		k.g.pool.giveBack(c)
		return err
	}
}

// oneoff connects outside of the error handling: a failed connect is the end of
// the worker. spec: W-20
func (k *worker) oneoff(stmt query.Statement) error {
	c, err := k.g.driver.Connect(k.g.cfg.MySQL.ReadTimeout)
	if err != nil {
		return k.uncaught(err)
	}
	defer c.Close()
	return k.once(c, stmt)
}

func (k *worker) uncaught(err error) error {
	k.see(err)
	k.print("Traceback: " + err.Error())
	return errGaveUp
}

// once is one execution at the gate.
func (k *worker) once(c *Conn, stmt query.Statement) error {
	_, err := c.Query(stmt)
	k.record.Executions++
	k.g.journal.executed(err)
	return err
}

// hardened is the hardened cursor of DBUtils: on an error it runs the statement
// again on the same connection, and then once more on a fresh one. spec: W-27
func (k *worker) hardened(c **Conn, stmt query.Statement) error {
	first := k.once(*c, stmt)
	if first == nil || !operational(first) {
		return first
	}
	second := k.once(*c, stmt)
	if second == nil || !operational(second) {
		return second
	}
	fresh, err := k.g.driver.Connect(0)
	if err != nil {
		return first // a failed connect is swallowed
	}
	third := k.once(fresh, stmt)
	if third != nil && operational(third) {
		fresh.Close()
		return first
	}
	(*c).Close()
	*c = fresh
	return third
}

// see remembers the first error that the application saw.
func (k *worker) see(err error) {
	var own *vterr.MySQLError
	if k.record.First == nil && errors.As(err, &own) {
		k.record.First = own
	}
}

// handle is gateslap's reaction to a visible error. spec: W-28, W-29
func (k *worker) handle(stmt query.Statement, err error) error {
	k.see(err)
	if !operational(err) {
		k.print("Traceback: " + err.Error())
		return errGaveUp
	}
	k.print(fmt.Sprintf("Error Number: %d", numberOf(err)))
	k.print("Error Message: " + messageOf(err))
	k.print("SQL Statment: " + stmt.Text())
	handling := k.g.cfg.Errors
	for i := 1; i <= handling.RetryCount; i++ {
		k.print(fmt.Sprintf("Retry attempt %d out of %d sleeping for %dms and trying again.", i, handling.RetryCount, handling.RetryTime.Milliseconds()))
		k.g.env.Sleep(handling.RetryTime)
		k.record.Waited += handling.RetryTime
		if err = k.retry(stmt); err == nil {
			return nil
		}
	}
	if handling.RetryCount > 0 {
		k.print("Unable to resolve error, shutting down. " + messageOf(err))
	}
	return errGaveUp
}

// retry runs the statement once on a fresh plain connection. spec: W-29
func (k *worker) retry(stmt query.Statement) error {
	c, err := k.g.driver.Connect(k.g.cfg.MySQL.ReadTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	return k.once(c, stmt)
}

func (k *worker) print(text string) { k.g.journal.print(k.g.env, k.id, text) }

func messageOf(err error) string {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own.Text
	}
	return err.Error()
}

// verbs translates the verb of a line.
func verbs(v gateslap.Verb) query.Verb {
	verb, _ := query.ParseVerb(string(v))
	return verb
}
