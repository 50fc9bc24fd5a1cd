package invariant

import (
	"bufsim/model/gtid"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
)

// gtidKinds are the events that journals follow.
func gtidKinds() []string {
	return []string{
		string(mysqld.KindCommit), string(mysqld.KindReceive), string(mysqld.KindApply),
		string(mysqld.KindRelayLost), string(mysqld.KindGTIDs), string(mysqld.KindReset), string(mysqld.KindRestore),
	}
}

// journals are the transactions of all MySQL servers, by the trace.
type journals struct {
	servers map[string]*journal // by host
}

// journal is one server's: what it has executed, and what waits in its relay log.
type journal struct {
	executed, relay gtid.Set
}

func newJournals() *journals { return &journals{servers: map[string]*journal{}} }

// of gives the journal of a server.
func (j *journals) of(host string) *journal {
	s := j.servers[host]
	if s == nil {
		s = &journal{}
		j.servers[host] = s
	}
	return s
}

// observe takes over what an event says. The set is the event's transactions, empty if it has
// none.
func (j *journals) observe(e *trace.Event) (set gtid.Set) {
	text := e.Text("gtids")
	if e.Kind == mysqld.KindCommit {
		text = e.Text("gtid")
	}
	set, err := gtid.ParseSet(text)
	if err != nil {
		panic(err) // the trace is ours
	}
	s := j.of(e.Host)
	switch e.Kind {
	case mysqld.KindCommit, mysqld.KindGTIDs:
		s.executed.AddSet(set)
	case mysqld.KindReceive:
		s.relay.AddSet(set)
	case mysqld.KindApply:
		s.executed.AddSet(set)
		s.relay = s.relay.Difference(set)
	case mysqld.KindRelayLost:
		s.relay = s.relay.Difference(set)
	case mysqld.KindReset:
		s.executed = gtid.Set{}
	case mysqld.KindRestore:
		s.executed, s.relay = set, gtid.Set{}
	}
	return set
}
