package workload

import (
	"bufsim/experiments/workload/gateslap"
	"bufsim/model/query"
)

// execute runs a statement once the way of the worker's kind, hidden tries
// included.
func (k *worker) execute(stmt query.Statement) error {
	switch k.kind {
	case gateslap.KindOneoff:
		return k.oneoff(stmt)
	case gateslap.KindPersist:
		return k.hardened(&k.persist, stmt)
	default:
		return k.pooled(stmt)
	}
}

// oneoff connects for each statement, outside of the error handling: a failed
// connect is the end of the worker. spec: W-20
func (k *worker) oneoff(stmt query.Statement) error {
	c, err := k.g.driver.Connect(k.g.cfg.MySQL.ReadTimeout)
	if err != nil {
		return &uncaughtError{err}
	}
	defer c.Close()
	return k.once(c, stmt)
}

// pooled borrows a connection for the statement. spec: W-22
func (k *worker) pooled(stmt query.Statement) error {
	c, err := k.g.pool.borrow()
	if err != nil {
		return err
	}
	defer k.g.pool.giveBack(c)
	return k.hardened(c, stmt)
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

// once is one execution at the gate.
func (k *worker) once(c *Conn, stmt query.Statement) error {
	_, err := c.Query(stmt)
	k.g.journal.executed(&k.record, err)
	return err
}

// hardened is the hardened cursor of DBUtils: after an OperationalError it runs
// the statement again on the same connection, and then once more on a fresh one,
// which replaces the old one unless it fails in the same way. spec: W-27
func (k *worker) hardened(c *steadyConn, stmt query.Statement) error {
	first := k.once(c.Conn, stmt)
	if first != nil && classOf(first) != operationalError {
		return first
	}
	if first == nil || k.once(c.Conn, stmt) == nil {
		c.uses++
		return nil
	}
	fresh, err := k.g.driver.Connect(0)
	if err != nil {
		return first // a failed connect is swallowed
	}
	third := k.once(fresh, stmt)
	if third != nil && classOf(third) == operationalError {
		fresh.Close()
		return first
	}
	c.replace(fresh)
	c.uses++
	return third
}
