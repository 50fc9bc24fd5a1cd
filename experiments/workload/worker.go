package workload

import (
	"errors"
	"fmt"
	"time"

	"bufsim/experiments/workload/gateslap"
	"bufsim/model/query"
	"bufsim/sim"
)

// worker is one thread of gateslap: it runs the lines of its file one after the
// other over its kind of connection.
type worker struct {
	g      *Gateslap
	kind   gateslap.Kind
	name   string
	file   []gateslap.Line
	pauses bool
	id     int
	rand   *sim.Rand
	// persist is the connection of a persistent worker.
	persist steadyConn
	record  Record
	keys    int64
}

func newWorker(g *Gateslap, w gateslap.Worker) *worker {
	k := &worker{
		g: g, kind: w.Kind, name: w.Name, file: g.generated, pauses: g.cfg.Gateslap.SleepBetweenQuery,
		id: g.journal.enter(g.group, w.Name), rand: g.env.Rand("workload/" + g.group + "/" + w.Name),
	}
	if w.File != "" {
		k.file = g.files[w.File]
	}
	k.client().Lines = len(k.file)
	return k
}

func (k *worker) client() *Client { return &k.g.journal.Clients[k.id] }

// open connects a persistent worker, which happens when it is built. spec: W-6
func (k *worker) open() (err error) {
	if k.kind == gateslap.KindPersist {
		err = k.persist.renew(k.g.driver)
	}
	return err
}

// run runs the worker's file. spec: W-12
func (k *worker) run() {
	gaveUp := false
	for i := range k.file {
		if k.g.over.IsSet() {
			break
		}
		line := &k.file[i]
		if line.Skipped {
			k.client().Skipped++
		} else if gaveUp = !k.line(line); gaveUp {
			break
		}
		k.pause()
	}
	k.end(gaveUp)
}

func (k *worker) end(gaveUp bool) {
	if k.persist.Conn != nil {
		k.persist.Close()
	}
	k.g.journal.leave(k.id, gaveUp)
}

// pause follows every line, failed and skipped ones too. spec: W-12
func (k *worker) pause() {
	if !k.pauses {
		return
	}
	cfg := &k.g.cfg.Gateslap
	ms := int64((cfg.SleepMax-cfg.SleepMin)/time.Millisecond) + 1
	k.g.env.Sleep(cfg.SleepMin + time.Duration(k.rand.Int64n(max(ms, 1)))*time.Millisecond)
}

// line runs one statement to its final outcome; false means that the worker ends.
func (k *worker) line(line *gateslap.Line) (goesOn bool) {
	k.keys++
	k.client().Executed++
	stmt := query.Statement{Verb: line.Verb, Table: line.Table, Key: int64(k.id)<<32 | k.keys, Value: k.keys, SQL: line.Text}
	k.record = k.g.journal.begin(k.id, line.Verb, k.g.env.Now())
	err := k.execute(stmt)
	goesOn = err == nil
	if err != nil {
		err, goesOn = k.handle(stmt, err)
	}
	k.g.journal.finish(&k.record, err)
	return goesOn
}

// handle is gateslap's reaction to a visible error: it prints it and, unless a
// table exists already, tries again. It returns what became of the statement and
// whether the worker goes on. spec: W-28
func (k *worker) handle(stmt query.Statement, err error) (final error, goesOn bool) {
	k.g.journal.see(&k.record, err)
	var outside *uncaughtError
	if errors.As(err, &outside) || classOf(err) != operationalError {
		k.uncaught(err)
		return err, false
	}
	k.print("")
	k.print(fmt.Sprintf("Error Number: %d", numberOf(err)))
	k.print("Error Message: " + messageOf(err))
	k.print("SQL Statment: " + stmt.Text())
	if numberOf(err) == erTableExists {
		return err, true
	}
	err = k.retries(stmt, err)
	return err, err == nil
}

// retries is gateslap's retry routine: nil as soon as one try succeeds, else the
// last error. spec: W-29
func (k *worker) retries(stmt query.Statement, err error) error {
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
	return err
}

// uncaughtError is an error outside of the reach of gateslap's error handling.
type uncaughtError struct{ error }

func (e *uncaughtError) Unwrap() error { return e.error }

// uncaught prints the last line of a traceback.
func (k *worker) uncaught(err error) {
	if errors.Is(err, errTooManyConnections) {
		k.print(err.Error())
		return
	}
	k.print(fmt.Sprintf("pymysql.err.%s: (%d, %q)", classOf(err), numberOf(err), messageOf(err)))
}

func (k *worker) print(text string) { k.g.journal.print(k.id, text) }
