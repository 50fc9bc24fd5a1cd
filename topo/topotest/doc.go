// Package topotest holds the contract of topo.Conn as a list of checks that every
// implementation must pass, and a small simulated world with a topology server for
// tests.
//
// A check returns what is wrong, so that it can run inside a simulation:
//
//	for _, c := range topotest.Contract(wire.Etcd2) {
//		cluster := topotest.NewCluster(sim.Config{Seed: 1}, simnet.Options{})
//		cluster.Client("client-1", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
//			conn, _ := ts.ConnForCell(env.Background(), topo.GlobalCell)
//			err = c.Check(env, conn)
//		})
//		cluster.Run()
//	}
package topotest
