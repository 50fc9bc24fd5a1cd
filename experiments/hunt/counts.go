package hunt

import "slices"

// Counts is what somebody who reads a case has to keep in mind.
type Counts struct {
	// Departures are the decisions of the schedule that are not the dull ones.
	Departures int
	// Clients are those of a cluster, or the requests of a small world: each has a client.
	Clients int
	// Faults are those of a cluster; in a small world the shards whose primary fails, and a
	// shutdown.
	Faults int
}

// Counts counts what happens in a case.
func (c *Case) Counts() (n Counts) {
	_, n.Departures = c.decisions()
	var failing []string
	for _, s := range c.Input.Steps {
		switch s.Do {
		case "request":
			n.Clients++
		case "shutdown":
			n.Faults++
		case "refuse", "say-not-serving":
			if !slices.Contains(failing, s.Shard) {
				failing = append(failing, s.Shard)
			}
		}
	}
	n.Faults += len(failing)
	if sc := c.Input.Scenario; sc != nil {
		n.Faults += len(sc.Faults)
		for _, w := range sc.Workload {
			if w.Closed != nil {
				n.Clients += w.Closed.Clients
			}
		}
	}
	return n
}
