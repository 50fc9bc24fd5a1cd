package topo

import (
	"encoding/json"
	"time"

	"bufsim/sim"
)

// lockInfo is what others see of a lock's holder. spec: O-34, R-5
type lockInfo struct {
	Action   string
	HostName string
	UserName string
	Time     string
	Options  struct{}
	Status   string
}

// lockContents describes the process that locks for action.
func lockContents(env *sim.Env, action string) string {
	text, err := json.MarshalIndent(lockInfo{
		Action:   action,
		HostName: env.HostName(),
		UserName: "vitess",
		Time:     time.Unix(0, env.Wall()).UTC().Format(time.RFC3339),
		Status:   "Running",
	}, "", "  ")
	env.Assert(err == nil, "lock-contents")
	return string(text)
}
