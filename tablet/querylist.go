package tablet

import (
	"slices"

	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// clusterAction says what a query list does with newcomers.
type clusterAction uint8

const (
	actionNone clusterAction = iota
	// actionInProgress: a drain runs, and queries still start.
	actionInProgress
	// actionNoQueries: the grace period is over, and no query starts any more.
	actionNoQueries
)

// queryLists are the queries that run on MySQL: stateful ones in transactions (autocommit
// writes included) or on reserved connections, stateless ones outside. COMMIT and ROLLBACK
// stand on no list, so no kill reaches them (T-35).
type queryLists struct {
	stateless, stateful *queryList
}

func newQueryLists(env *sim.Env) *queryLists {
	return &queryLists{stateless: newQueryList(env, "stateless"), stateful: newQueryList(env, "stateful")}
}

func (l *queryLists) setAction(a clusterAction) {
	l.stateless.setAction(a)
	l.stateful.setAction(a)
}

// queryList is a list of running queries.
type queryList struct {
	mu      *sim.Mutex
	action  clusterAction
	running []*runningQuery
}

// runningQuery is one query on a connection. killed is guarded by its list.
type runningQuery struct {
	conn   *mysqld.Conn
	killed bool
}

func newQueryList(env *sim.Env, name string) *queryList {
	return &queryList{mu: env.NewMutex("queries-" + name)}
}

func (l *queryList) setAction(a clusterAction) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.action = a
}

func (l *queryList) currentAction() clusterAction {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.action
}

// add registers a query that is about to run.
// spec: T-31
func (l *queryList) add(conn *mysqld.Conn) (*runningQuery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.action == actionNoQueries {
		return nil, vterr.ShuttingDown()
	}
	q := &runningQuery{conn: conn}
	l.running = append(l.running, q)
	return q, nil
}

// remove takes a query off the list and reports whether it was killed.
func (l *queryList) remove(q *runningQuery) (killed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.running, q); i >= 0 {
		l.running = slices.Delete(l.running, i, i+1)
	}
	return q.killed
}

// terminateAll kills every query on the list and says how many.
// spec: T-36
func (l *queryList) terminateAll() int {
	l.mu.Lock()
	queries := slices.Clone(l.running)
	for _, q := range queries {
		q.killed = true
	}
	l.mu.Unlock()
	for _, q := range queries {
		q.conn.Kill()
	}
	return len(queries)
}
