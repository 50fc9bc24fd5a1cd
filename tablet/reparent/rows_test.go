package reparent_test

import (
	"cmp"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet/reparent"
)

// hook runs something in the script's process at a step of an operation, as stepOf names it.
type hook struct {
	c    *cluster
	step string
	do   func()
}

// Record implements trace.Sink.
func (h *hook) Record(e trace.Event) {
	if h.c == nil || stepOf(&e) != h.step {
		return
	}
	h.c.env.Go("at "+h.step, h.do)
	h.c = nil
}

// row plays one row of the failure table: a switch from 100 to 101, under semi-sync and a
// writer, in which something happens at a step.
type row struct {
	release string // v24 if left out
	prepare func(x *cluster)
	step    string
	happens func(x *cluster)
	after   func(x *cluster, cmd *command)
}

func (r row) play(t *testing.T) {
	t.Helper()
	h := &hook{step: r.step}
	runCluster(t, sim.Config{Seed: 5, Sink: h}, profile(t, cmp.Or(r.release, "v24")), "semi_sync", func(x *cluster) {
		x.write(3, 50e6)
		x.env.Sleep(1e9)
		if r.prepare != nil {
			r.prepare(x)
		}
		if r.happens != nil {
			h.c, h.do = x, func() { r.happens(x) }
		}
		cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		r.after(x, cmd)
	})
}

// look tells everything of one tablet that the failure table speaks of.
func (c *cluster) look(uid uint32) string {
	st := c.tablets[uid].Status()
	client := c.mysql[uid].Client(c.env)
	readOnly, super, err := client.ReadOnly()
	require.NoError(c, err)
	semiSync, err := client.SemiSync()
	require.NoError(c, err)
	record, err := c.topo.GetTablet(c.env.Background(), alias(uid))
	require.NoError(c, err)
	source := "no source"
	if replication, err := client.ReplicationStatus(); err == nil {
		source = fmt.Sprintf("from %d %v", replication.Source.UID, replication.IO)
	}
	return fmt.Sprintf("%v serving=%t read_only=%t super=%t source=%t record=%v, %s",
		st.Type, st.Serving, readOnly, super, semiSync.Source, record.Type, source)
}

// The usual states. spec: R-225
const (
	asPrimary   = "PRIMARY serving=true read_only=false super=false source=true record=PRIMARY, no source"
	asDemoted   = "PRIMARY serving=false read_only=true super=true source=false record=PRIMARY, no source"
	following0  = "REPLICA serving=true read_only=true super=true source=false record=REPLICA, from 100 running"
	following1  = "REPLICA serving=true read_only=true super=true source=false record=REPLICA, from 101 running"
	notAttached = "REPLICA serving=true read_only=true super=true source=false record=REPLICA, no source"
)

// named gives the primary of the shard's record.
func (c *cluster) named() uint32 {
	record, err := c.topo.GetShard(c.env.Background(), "commerce", "0")
	require.NoError(c, err)
	return record.PrimaryAlias.UID
}

// writesGoOn tells whether a write is acknowledged within a second.
func (c *cluster) writesGoOn() bool {
	before := len(c.answers)
	c.env.Sleep(1e9)
	return len(c.answers) > before
}

// requireText compares an error with a text in which changing parts are <ts> and <set>.
func requireText(c *cluster, want string, err error) {
	require.Error(c, err)
	text := regexp.MustCompile(`ts=\d+`).ReplaceAllString(err.Error(), "ts=<ts>")
	require.Equal(c, want, setText.ReplaceAllString(text, "<set>"))
}

// setText matches a GTID set.
var setText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+(:[0-9-]+)+(,[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+(:[0-9-]+)+)*`)

// switchAgain repeats the switch and checks that it leaves a healthy shard. spec: R-66
func (c *cluster) switchAgain() {
	cmd := c.prs("vtctld-again", reparent.PlannedOptions{NewPrimary: alias(101)})
	cmd.over.Wait()
	require.NoError(c, cmd.err)
	requireHealthy(c, 101, c.env.Now())
	require.Equal(c, asPrimary, c.look(101))
	require.Equal(c, following1, c.look(100))
	require.Equal(c, following1, c.look(102))
	require.EqualValues(c, 101, c.named())
}

// hangingCommit opens a transaction on the primary and gives a function that commits it.
func (c *cluster) hangingCommit(key int64) (commit func() error) {
	var conn *simnet.Conn
	host := c.world.AddHost("transaction", sim.HostOptions{}, nil)
	conn = c.net.Node(host.Env()).Dial(alias(100).String(), simnet.DialOptions{})
	target := query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary}
	resp, err := conn.Call(c.env.Background(), query.MethodBeginExecute, &query.ExecuteRequest{Target: target, Statement: insertOf(key)})
	require.NoError(c, err)
	return func() error {
		_, err := conn.Call(c.env.Background(), query.MethodCommit, &query.CommitRequest{Target: target, TransactionID: resp.(*query.ExecuteResponse).TransactionID})
		return err
	}
}
