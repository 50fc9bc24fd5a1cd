package reparent_test

import (
	"fmt"
	"time"

	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// message is what a tablet says about itself in its health stream, when that changes.
type message struct {
	at      sim.Time
	uid     uint32
	text    string
	oldTerm bool // a primary's term is older than the observer
}

// observe subscribes to the health streams of all tablets, as the recorder of the measured
// runs did, and reconnects every 100 ms.
func (c *cluster) observe() *[]message {
	seen := &[]message{}
	last := map[uint32]message{}
	c.world.AddHost("observer", sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		begun := env.Wall() / int64(time.Second)
		for _, uid := range uids() {
			note := func(m message) {
				m.uid, m.at = uid, env.Now()
				if m.text != last[uid].text || m.oldTerm != last[uid].oldTerm {
					last[uid] = m
					*seen = append(*seen, m)
				}
			}
			env.GoDaemon("observe", func() {
				for {
					follow(env, node, uid, begun, note)
					note(message{text: "stream ended"})
					env.Sleep(100 * time.Millisecond)
				}
			})
		}
	})
	c.env.Sleep(50 * time.Millisecond)
	return seen
}

// follow reads one health stream to its end.
func follow(env *sim.Env, node *simnet.Node, uid uint32, begun int64, note func(message)) {
	conn := node.Dial(alias(uid).String(), simnet.DialOptions{})
	defer conn.Close()
	stream, err := conn.Stream(env.Background(), query.MethodStreamHealth, &query.StreamHealthRequest{})
	for err == nil {
		var got any
		if got, err = stream.Recv(); err == nil {
			m := got.(*query.StreamHealthResponse)
			term := m.PrimaryTermStartTimestamp
			note(message{text: fmt.Sprintf("%v serving=%t", m.Target.TabletType, m.Serving), oldTerm: term > 0 && term < begun})
		}
	}
}

// of lists what one tablet said.
func of(seen *[]message, uid uint32) []string {
	var list []string
	for _, m := range *seen {
		if m.uid == uid {
			list = append(list, m.text)
		}
	}
	return list
}

// nth gives the nth thing that one tablet said.
func nth(seen *[]message, uid uint32, n int) message {
	for _, m := range *seen {
		if m.uid == uid {
			if n == 0 {
				return m
			}
			n--
		}
	}
	return message{}
}
