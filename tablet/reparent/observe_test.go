package reparent_test

import (
	"fmt"
	"time"

	"bufsim/sim"
)

// message is what a tablet says about itself when that changes.
type message struct {
	at      sim.Time
	uid     uint32
	text    string // such as PRIMARY serving
	oldTerm bool   // the term is that of the script's beginning
}

// observe records what the tablets say from now on, to the millisecond.
func (c *cluster) observe() *[]message {
	var seen []message
	first := map[uint32]any{}
	last := map[uint32]string{}
	for _, uid := range uids() {
		first[uid] = c.tablets[uid].Status().Term
	}
	c.env.GoDaemon("observer", func() {
		for {
			for _, uid := range uids() {
				text, old := "gone", false
				if !c.hosts[alias(uid).String()].Down() {
					st := c.tablets[uid].Status()
					text, old = fmt.Sprintf("%v serving=%t", st.Type, st.Serving), st.Term == first[uid]
				}
				if text != last[uid] {
					last[uid] = text
					seen = append(seen, message{c.env.Now(), uid, text, old})
				}
			}
			c.env.Sleep(time.Millisecond)
		}
	})
	return &seen
}

// of lists what one tablet said.
func of(seen []message, uid uint32) []string {
	var list []string
	for _, m := range seen {
		if m.uid == uid {
			list = append(list, m.text)
		}
	}
	return list
}

// nth gives the nth thing that one tablet said.
func nth(seen []message, uid uint32, n int) message {
	for _, m := range seen {
		if m.uid == uid {
			if n == 0 {
				return m
			}
			n--
		}
	}
	return message{}
}
