package reparent_test
import ("testing";"time";"fmt"
 "bufsim/sim"
 "bufsim/tablet/reparent")
func TestZZ(t *testing.T) {
	for seed := uint64(1); seed <= 25; seed++ {
		runCluster(t, sim.Config{Seed: seed}, profile(t, "v24"), "semi_sync", func(x *cluster) {
			x.write(8, 50*time.Millisecond)
			x.env.Sleep(2 * time.Second)
			seen := x.observe()
			cmd := x.ers("vtctld", reparent.EmergencyOptions{})
			cmd.over.Wait()
			x.env.Sleep(6 * time.Second)
			s := fmt.Sprint(seed, " ", cmd.result.PromotedPrimary.UID, " ", cmd.took, " ", cmd.err)
			for _, m := range *seen { if m.at > cmd.began+1e6 { s += fmt.Sprintf(" | %d %s %v %v", m.uid, m.text, m.oldTerm, m.at.Sub(cmd.began)) } }
			st, err := x.mysql[100].Client(x.env).ReplicationStatus()
			fmt.Println(s, st.IO, err, x.refusals)
		})
	}
}
