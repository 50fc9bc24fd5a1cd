package scenario

import (
	"fmt"
	"time"
)

// VTOrc is a number of equal VTOrc processes, named vtorc-1, vtorc-2, ... Their other flags are
// in the group vtorc.
type VTOrc struct {
	Count int `json:"count" jsonschema:"number of processes"`
	// Cell is where they run; the first cell if left out.
	Cell string `json:"cell,omitempty" jsonschema:"cell of the processes; the first cell if left out"`
	// WaitReplicasTimeout and TolerableReplicationLag are flags whose names the reparent tool's
	// flags have already.
	// spec
	WaitReplicasTimeout     Duration `json:"wait_replicas_timeout" jsonschema:"VTOrc's own --wait-replicas-timeout"`
	TolerableReplicationLag Duration `json:"tolerable_replication_lag" jsonschema:"VTOrc's own --tolerable-replication-lag; 0 is no limit"`
}

func (v *VTOrc) setDefaults(*decoder) {
	*v = VTOrc{Count: 1, WaitReplicasTimeout: Duration(30 * time.Second)}
}

// vtorcMax keeps a slip of the finger from asking for a crowd.
const vtorcMax = 100

func (c *checker) vtorc() {
	v := c.s.Cluster.VTOrc
	if v == nil {
		return
	}
	if v.Count < 0 || v.Count > vtorcMax {
		c.fail("cluster.vtorc.count", fmt.Sprintf("%d VTOrc processes", v.Count), fmt.Sprintf("write a number from 0 to %d", vtorcMax))
	}
	if v.WaitReplicasTimeout <= 0 {
		c.fail("cluster.vtorc.wait_replicas_timeout", fmt.Sprintf("a limit of %v", v.WaitReplicasTimeout), "write a duration above 0, such as 30s")
	}
	if len(c.s.Cluster.Cells) > 0 {
		c.cell("cluster.vtorc.cell", v.Cell)
	}
}
