package topotest

import (
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/wire"
)

// Difference is one line of the table of what the implementations do differently: a
// question and their answers.
type Difference struct {
	Name string
	// Rule says where it is written.
	Rule string
	// Ask puts the question to an empty topology and gives the answer.
	Ask func(env *sim.Env, conn topo.Conn) string
	// Answers are those of etcd2, zk2, consul and memorytopo.
	Answers [4]string
}

// Case checks that an implementation gives its answer.
func (d Difference) Case(implementation string) Case {
	return Case{d.Name, func(env *sim.Env, conn topo.Conn) error {
		want := ""
		for i, name := range []string{wire.Etcd2, wire.ZK2, wire.Consul, wire.MemoryTopo} {
			if name == implementation {
				want = d.Answers[i]
			}
		}
		return equal(fmt.Sprintf("%s (%s) in %s", d.Name, d.Rule, implementation), d.Ask(env, conn), want)
	}}
}

// Answers that several questions have.
const (
	fine       = "fine"
	noNode     = "NoNode"
	badVersion = "BadVersion"
	nodeExists = "NodeExists"
	timedOut   = "Timeout"
	missing    = "NoImplementation"
)

// Differences is the table of section 7 of the topology rules, with the differences
// that other rules name. What needs a server that is down is in package topo's tests.
func Differences() []Difference {
	return []Difference{
		{"list by string prefix", "topo 7", askList, [4]string{fine, missing, fine, fine}},
		{"read an old version", "topo 2", askHistory, [4]string{fine, missing, missing, missing}},
		{"watch a directory", "O-30", askRecursive, [4]string{fine, missing, missing, fine}},
		{"update a version of a missing file", "topo 7", askUpdateMissing, [4]string{badVersion, noNode, badVersion, noNode}},
		{"create with an ended context", "topo 7", askEndedContext, [4]string{"Interrupted", "Interrupted", fine, "Interrupted"}},
		{"what versions count", "O-18", askVersions, [4]string{"all writes", "writes of the file from 0", "all writes", "all writes from a random number"}},
		{"close under a watch", "O-26, O-27", askClose, [4]string{fine, "watch on /vitess/global/a/File was closed", fine, fine}},
		{"lock a missing directory", "O-35", askLockMissing, [4]string{noNode, fine, noNode, noNode}},
		{"check a lock that was given up", "O-36", askCheck, [4]string{noNode, fine, "lost channel closed", fine}},
		{"try a held lock", "O-40", askTryLock, [4]string{nodeExists, nodeExists, nodeExists, timedOut}},
		{"wait for the next leader", "O-42", askNewLeader, [4]string{fine, missing, missing, fine}},
	}
}

// answer names an error by its code, or by its text if it has none.
func answer(err error) string {
	if err == nil {
		return fine
	}
	names := map[topo.ErrorCode]string{
		topo.NoNode: noNode, topo.BadVersion: badVersion, topo.NodeExists: nodeExists, topo.Timeout: timedOut,
		topo.NoImplementation: missing, topo.Interrupted: "Interrupted",
	}
	var e *topo.Error
	if errors.As(err, &e) {
		return names[e.Code]
	}
	return err.Error()
}

func askList(env *sim.Env, conn topo.Conn) string {
	_, _ = conn.Create(env.Background(), "a/File", "x")
	_, err := conn.List(env.Background(), "a")
	return answer(err)
}

func askHistory(env *sim.Env, conn topo.Conn) string {
	ctx := env.Background()
	v, _ := conn.Create(ctx, "a/File", "old")
	_, _ = conn.Update(ctx, "a/File", "new", topo.AnyVersion)
	_ = conn.Delete(ctx, "a/File", topo.AnyVersion)
	contents, err := conn.GetVersion(ctx, "a/File", v)
	if err == nil && contents != "old" {
		return fmt.Sprint(contents)
	}
	return answer(err)
}

func askRecursive(env *sim.Env, conn topo.Conn) string {
	_, _, err := conn.WatchRecursive(env.Background(), "a")
	return answer(err)
}

func askUpdateMissing(env *sim.Env, conn topo.Conn) string {
	_, err := conn.Update(env.Background(), "a/Missing", "x", 12345)
	return answer(err)
}

func askEndedContext(env *sim.Env, conn topo.Conn) string {
	ctx, cancel := env.WithCancel(env.Background())
	cancel()
	_, err := conn.Create(ctx, "a/File", "x")
	return answer(err)
}

func askVersions(env *sim.Env, conn topo.Conn) string {
	ctx := env.Background()
	a, _ := conn.Create(ctx, "a/File", "x")
	b, _ := conn.Create(ctx, "b/File", "x")
	a2, _ := conn.Update(ctx, "a/File", "y", a)
	switch {
	case a == 0 && b == 0 && a2 == 1:
		return "writes of the file from 0"
	case b != a+1 || a2 != b+1:
		return fmt.Sprint(a, b, a2)
	case a > 1000:
		return "all writes from a random number"
	default:
		return "all writes"
	}
}

func askClose(env *sim.Env, conn topo.Conn) string {
	ctx := env.Background()
	_, _ = conn.Create(ctx, "a/File", "x")
	_, changes, err := conn.Watch(ctx, "a/File")
	if err != nil {
		return err.Error()
	}
	env.Sleep(time.Second)
	conn.Close()
	for {
		data, ok := changes.Recv()
		switch {
		case !ok:
			return fine
		case data.Err != nil:
			return answer(data.Err)
		}
	}
}

func askLockMissing(env *sim.Env, conn topo.Conn) string {
	_, err := conn.Lock(env.Background(), "a", "me")
	return answer(err)
}

func askCheck(env *sim.Env, conn topo.Conn) string {
	lock, err := lockNewDir(env, conn)
	if err == nil {
		err = lock.Unlock(env.Background())
	}
	if err != nil {
		return err.Error()
	}
	return answer(lock.Check(env.Background()))
}

func askTryLock(env *sim.Env, conn topo.Conn) string {
	if _, err := lockNewDir(env, conn); err != nil {
		return err.Error()
	}
	ctx, cancel := env.WithTimeout(env.Background(), time.Second)
	defer cancel()
	_, err := conn.TryLock(ctx, "a", "other")
	return answer(err)
}

func askNewLeader(env *sim.Env, conn topo.Conn) string {
	p, err := conn.NewLeaderParticipation("vtctld", "me")
	if err != nil {
		return err.Error()
	}
	_, err = p.WaitForNewLeader(env.Background())
	return answer(err)
}
