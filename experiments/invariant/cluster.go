package invariant

import (
	"bufsim/model/topodata"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// clusterKinds are the events that a cluster follows.
func clusterKinds() []string {
	return []string{
		string(trace.KindHost), string(mysqld.KindProcess), string(mysqld.KindReadOnly),
		string(tablet.KindState), string(tablet.KindLife),
	}
}

// cluster is what the tablets and their MySQL servers are at present, by the trace.
type cluster struct {
	shards  []*shardView
	byName  map[string]*shardView
	tablets map[string]*tabletView // by either host
}

// shardView is a shard.
type shardView struct {
	name       string // keyspace/shard
	durability string
	tablets    []*tabletView
}

// tabletView is a tablet with its MySQL server.
type tabletView struct {
	shard *shardView
	// host is the tablet's, and its alias; server is that of its MySQL.
	host, server string

	kind, state string
	term        int64
	stateEvent  trace.Event
	// mysqlUp: the server runs; readOnly: it takes no writes of clients.
	mysqlUp, readOnly bool
	readOnlyEvent     trace.Event
}

// serving reports whether the tablet serves as primary.
func (t *tabletView) serving() bool { return t.kind == primaryType && t.state == servingState }

// writable reports whether clients can write through the tablet.
func (t *tabletView) writable() bool { return t.serving() && t.mysqlUp && !t.readOnly }

// The words of the trace.
const (
	primaryType  = "PRIMARY"
	servingState = "Serving"
)

func newCluster(f Facts) *cluster {
	c := &cluster{byName: map[string]*shardView{}, tablets: map[string]*tabletView{}}
	for _, k := range f.Keyspaces {
		for _, sh := range k.Shards {
			s := &shardView{name: k.Name + "/" + sh.Name, durability: k.Durability}
			for _, alias := range sh.Tablets {
				s.tablets = append(s.tablets, c.tablet(s, alias))
			}
			c.shards, c.byName[s.name] = append(c.shards, s), s
		}
	}
	return c
}

func (c *cluster) tablet(s *shardView, alias topodata.TabletAlias) *tabletView {
	t := &tabletView{shard: s, host: alias.String(), server: mysqld.HostName(alias), readOnly: true}
	c.tablets[t.host], c.tablets[t.server] = t, t
	return t
}

// observe takes over what an event says, and gives the tablet that it is about, nil if it is
// about none.
func (c *cluster) observe(e *trace.Event) *tabletView {
	t := c.tablets[e.Host]
	if t == nil {
		return nil
	}
	switch e.Kind {
	case trace.KindHost:
		if restarted(e) {
			t.lose(e)
		}
	case mysqld.KindProcess:
		if e.Text("what") == "start" {
			t.mysqlUp, t.readOnly = true, true
		}
	case mysqld.KindReadOnly:
		t.readOnly, t.readOnlyEvent = e.Number("read_only") != 0, keep(*e)
	case tablet.KindState:
		t.kind, t.state, t.term, t.stateEvent = e.Text("type"), e.Text("state"), e.Number("pts"), keep(*e)
	case tablet.KindLife:
		if e.Text("what") == "stopped" {
			t.state = ""
		}
	}
	return t
}

// lose forgets what a process takes with it when it ends.
func (t *tabletView) lose(e *trace.Event) {
	if e.Host == t.server {
		t.mysqlUp = false
		return
	}
	t.kind, t.state, t.stateEvent = "", "", keep(*e)
}

// writers lists the tablets through which clients can write.
func (s *shardView) writers() (list []*tabletView) {
	for _, t := range s.tablets {
		if t.writable() {
			list = append(list, t)
		}
	}
	return list
}

// primary gives the tablet that says it is PRIMARY, in the latest term if there are more.
func (s *shardView) primary() (found *tabletView) {
	for _, t := range s.tablets {
		if t.kind == primaryType && (found == nil || t.term > found.term) {
			found = t
		}
	}
	return found
}
