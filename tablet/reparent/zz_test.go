package reparent_test
import ("testing";"fmt";"time";"bufsim/sim";"bufsim/tablet/reparent")
func TestZZ(t *testing.T){
 for _, load := range []struct{n int; p time.Duration}{{1,200*time.Millisecond},{4,20*time.Millisecond},{4,1*time.Millisecond}} {
 for seed := uint64(0); seed<12; seed++ {
  runCluster(t, sim.Config{Seed: seed}, profile(t,"v24"), "semi_sync", func(x *cluster){
   x.write(load.n, load.p); x.env.Sleep(time.Second)
   cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
   cmd.over.Wait()
   x.env.Sleep(2*time.Second)
   s := fmt.Sprint(load.p, " took ", cmd.took, " outage ", x.outage(), cmd.err)
   for _, p := range cmd.result.Phases { s += fmt.Sprint(" ", p.Name, " ", p.End.Sub(p.Begin).Round(time.Millisecond)) }
   fmt.Println(s)
  })
 }}
}
