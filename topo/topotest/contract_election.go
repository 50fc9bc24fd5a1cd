package topotest

import (
	"errors"
	"time"

	"bufsim/sim"
	"bufsim/topo"
)

func electionCases() []Case {
	return []Case{
		{"one leads at a time", checkElection},
		{"a stopped candidate is interrupted", checkElectionStop},
	}
}

// checkElection has two candidates; the second leads when the first has stopped.
// spec: O-42
func checkElection(env *sim.Env, conn topo.Conn) error {
	ctx := env.Background()
	one, err := conn.NewLeaderParticipation("vtctld", "one")
	if err != nil {
		return err
	}
	two, err := conn.NewLeaderParticipation("vtctld", "two")
	if err != nil {
		return err
	}
	nobody, err := two.GetCurrentLeaderID(ctx)
	if err != nil {
		return err
	}
	leading, err := one.WaitForLeadership()
	if err != nil {
		return err
	}
	elected := env.NewEvent("elected")
	var second error
	env.Go("two", func() {
		_, second = two.WaitForLeadership()
		elected.Set()
	})
	env.Sleep(5 * time.Minute) // longer than any lease
	if elected.IsSet() || leading.Err() != nil {
		return errors.New("the first leader did not stay alone")
	}
	leader, err := two.GetCurrentLeaderID(ctx)
	one.Stop()
	if env.Select(sim.OnEvent(elected), env.After(time.Second)) == 1 {
		return errors.New("the second does not lead when the first has stopped")
	}
	next, nextErr := two.GetCurrentLeaderID(ctx)
	if leading.Err() == nil {
		return errors.New("the first still leads")
	}
	two.Stop()
	return first(
		err, second, nextErr, equal("leader of nobody", nobody, ""), equal("first leader", leader, "one"), equal("second leader", next, "two"),
	)
}

// checkElectionStop stops a candidate that waits. spec: O-42
func checkElectionStop(env *sim.Env, conn topo.Conn) error {
	one, err := conn.NewLeaderParticipation("vtctld", "one")
	if err != nil {
		return err
	}
	if _, err := one.WaitForLeadership(); err != nil {
		return err
	}
	two, err := conn.NewLeaderParticipation("vtctld", "two")
	if err != nil {
		return err
	}
	env.AfterFunc(time.Second, "stop", func() { env.Go("stop", two.Stop) })
	_, waiting := two.WaitForLeadership()
	_, later := two.WaitForLeadership()
	if later == nil || later.Error() != "interrupted: Leadership" {
		return errors.New("a stopped candidate could go on")
	}
	return wantCode("wait of a stopped candidate", waiting, topo.Interrupted)
}
