package runner

import (
	"errors"
	"fmt"

	"bufsim/sim"
	"bufsim/tablet/tmclient"
	"bufsim/tablet/vtorc"
)

// vtorcProcess is one VTOrc; a restarted one has forgotten everything.
type vtorcProcess struct {
	host    *sim.Host
	process *vtorc.VTOrc
}

// startVTOrc boots the cluster's VTOrc processes.
func (c *cluster) startVTOrc() {
	spec := c.scenario.Cluster.VTOrc
	if spec == nil {
		return
	}
	for n := range spec.Count {
		name := fmt.Sprintf("vtorc-%d", n+1)
		v := &vtorcProcess{}
		c.cells[name] = spec.Cell
		v.host = c.world.AddHost(name, sim.HostOptions{}, func(env *sim.Env) {
			node := c.net.Node(env)
			v.process = vtorc.New(env, c.topology(env, node), tmclient.New(env, node), vtorc.Options{
				Release: c.profile, Common: c.flags.Common, VTOrc: c.flags.VTOrc,
				WaitReplicasTimeout: spec.WaitReplicasTimeout.Std(), TolerableReplicationLag: spec.TolerableReplicationLag.Std(),
			})
			v.process.Start()
		})
		c.vtorcs = append(c.vtorcs, v)
	}
}

// startVTOrcByHand starts them in a cluster that began with nothing.
func (p *play) startVTOrcByHand(op *operation) {
	op.what = "start vtorc"
	switch {
	case p.scenario.Cluster.VTOrc == nil:
		op.err = errors.New("the cluster has no VTOrc")
	case len(p.vtorcs) > 0:
		op.err = errors.New("vtorc runs already")
	default:
		p.startVTOrc()
	}
}
