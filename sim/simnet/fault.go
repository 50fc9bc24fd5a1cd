package simnet

// Faults. Each says which hosts it is about; none draws from a random stream when
// it is injected.

// Partition cuts both directions between host and each of the others. Messages
// already on their way still arrive; later ones are retransmitted until the cut
// is healed. Nobody is told: connections become half-open.
func (n *Network) Partition(host string, others ...string) {
	for _, other := range others {
		n.setCut(host, other, true)
		n.setCut(other, host, true)
		n.fault("partition", host, other)
	}
}

// PartitionOneWay cuts one direction only.
func (n *Network) PartitionOneWay(from, to string) {
	n.setCut(from, to, true)
	n.fault("partition-one-way", from, to)
}

// Heal joins both directions between two hosts again and unclogs them. What
// waited in retransmission arrives within two seconds. Losses and latencies stay.
func (n *Network) Heal(a, b string) {
	n.mu.Lock()
	for _, l := range [...]*link{n.link(a, b), n.link(b, a)} {
		l.cut, l.clogged = false, false
	}
	n.retryHeld()
	n.mu.Unlock()
	n.fault("heal", a, b)
}

// HealAll heals all links and lets all hosts accept connections again. Rules,
// losses and latencies stay.
func (n *Network) HealAll() {
	n.mu.Lock()
	for _, l := range n.links { // order-free: sets two flags
		l.cut, l.clogged = false, false
	}
	clear(n.refusing)
	n.retryHeld()
	n.mu.Unlock()
	n.fault("heal", "", "")
}

// Clog holds all messages of one direction until Unclog or Heal; then they go on
// at once, in order.
func (n *Network) Clog(from, to string) {
	n.mu.Lock()
	n.link(from, to).clogged = true
	n.mu.Unlock()
	n.fault("clog", from, to)
}

// Unclog undoes Clog.
func (n *Network) Unclog(from, to string) {
	n.mu.Lock()
	n.link(from, to).clogged = false
	n.retryHeld()
	n.mu.Unlock()
	n.fault("unclog", from, to)
}

// Refuse makes the host refuse new connections, whether or not it listens, until
// Accept or HealAll. It outlasts restarts of the host.
func (n *Network) Refuse(host string) { n.setRefusing(host, true) }

// Accept undoes Refuse.
func (n *Network) Accept(host string) { n.setRefusing(host, false) }

// Reset cuts all connections between two hosts: both sides see a reset at this
// instant, and messages on their way are lost. New connections can be made.
func (n *Network) Reset(a, b string) {
	n.fault("reset", a, b)
	n.soon("reset", func() {
		for _, c := range n.between(a, b) {
			c.client.shut(Reset, false)
			c.server.shut(Reset, false)
		}
	})
}

// between lists the connections that at least one side of a and b knows.
func (n *Network) between(a, b string) []*connection {
	var list []*connection
	for _, pair := range [...][2]string{{a, b}, {b, a}} {
		nd := n.nodes[pair[0]]
		if nd == nil {
			continue
		}
		for _, e := range nd.ends {
			if e.peer.host == pair[1] {
				list = append(list, e.conn)
			}
		}
	}
	return list
}

func (n *Network) setCut(from, to string, cut bool) {
	n.mu.Lock()
	n.link(from, to).cut = cut
	n.mu.Unlock()
}

func (n *Network) setRefusing(host string, refusing bool) {
	n.mu.Lock()
	n.refusing[host] = refusing
	n.mu.Unlock()
	if refusing {
		n.fault("refuse", host, "")
	} else {
		n.fault("accept", host, "")
	}
}
