package runner_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/sim/fault"
)

// Each branch of EmergencyReparentShard in a whole cluster, in every release in which its text
// or its end is another one. The stories draw the cluster and say what has broken before; the
// outputs are what the operator reads, whom the records name then, and whether writes go on. The
// rule of each branch stands above its story; equal releases share one output.
//
// spec, R-9a, R-102, R-103, R-104, R-105, R-106, R-107, R-108, R-109, R-110, R-111, R-38, R-160, R-210, R-211
func TestEmergencyBranches(t *testing.T) {
	datadriven.RunTest(t, "testdata/emergencies", func(t *testing.T, d *datadriven.TestData) string {
		var names []string
		same := map[string][]string{}
		for _, name := range []string{"v12", "v13", "v15", "v17", "v19", "v21", "v22", "v23", "v24"} {
			out := emergency(t, d, name)
			if len(same[out]) == 0 {
				names = append(names, out)
			}
			same[out] = append(same[out], name)
		}
		var b strings.Builder
		for _, out := range names {
			fmt.Fprintf(&b, "%s\n%s", strings.Join(same[out], " "), out)
		}
		return b.String()
	})
}

// emergency plays one story in one release. Its arguments are the keyspace's policy, the tablets
// behind the primary as cell and type, and the new primary and the timeout of the command.
func emergency(t *testing.T, d *datadriven.TestData, rel string) string {
	s, opts := load(t, scenario.DefaultName, rel)
	s.Thresholds, s.Duration = scenario.Thresholds{}, scenario.Duration(80*time.Second)
	s.Cluster.Cells = []string{"zone1", "zone2"}
	s.Cluster.Gates[0].Count = 1
	c := s.Workload[0].Closed
	c.Clients, c.Think, c.ReadTimeout = 2, scenario.Uniform(100*time.Millisecond, 300*time.Millisecond), scenario.Duration(2*time.Second)
	c.Statements = scenario.Statements{Insert: 1}
	ers := scenario.Operation{ID: "ers", At: at(6 * time.Second), Do: scenario.DoEmergencyReparentShard, Outcome: scenario.OutcomeAny}
	k := &s.Cluster.Keyspaces[0]
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "policy":
			k.Durability = scenario.Durability(arg.Vals[0])
		case "tablets":
			tablets := k.Shards[0].Tablets[:1]
			for i, v := range arg.Vals {
				cell, kind, _ := strings.Cut(v, ":")
				tablets = append(tablets, scenario.Tablet{Alias: fmt.Sprintf("%s-%d", cell, 101+i), Cell: cell, Type: scenario.TabletType(kind)})
			}
			k.Shards[0].Tablets = tablets
		case "new":
			ers.Args.NewPrimary = arg.Vals[0]
		case "wrt":
			wrt, err := time.ParseDuration(arg.Vals[0])
			require.NoError(t, err)
			ers.Args.WaitReplicasTimeout = at(wrt)
		default:
			d.Fatalf(t, "unknown argument %s", arg.Key)
		}
	}
	plan, err := fault.ParsePlan(d.Input, scenario.FaultKinds())
	require.NoError(t, err)
	for _, f := range plan {
		s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
	}
	s.Timeline = []scenario.Operation{ers, {ID: "list", At: at(75 * time.Second), Do: scenario.DoListAllTablets, Outcome: scenario.OutcomeAny}}
	opts.Seed = 1
	return told(t, run(t, s, opts))
}

// told is what the operator learns: the command's error and the time that it took, the tablets'
// types by their records, and whether writes went on in the last seconds.
func told(t *testing.T, r *runner.Result) string {
	require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
	for _, f := range r.Faults {
		require.Empty(t, f.Error)
		require.True(t, f.Fired, f.Line)
	}
	op := r.Operations[0]
	text := "ok"
	if op.Error != "" {
		line := strings.Split(op.Error, "\n")[0]
		quoted := strconv.Quote(line) // as in the JSON of the newer client
		require.True(t, strings.Contains(op.Output, line) || strings.Contains(op.Output, quoted[1:len(quoted)-1]), "the terminal shows the error")
		text = changing.ReplaceAllString(op.Error, "$1<$2>")
	}
	text = "  " + strings.ReplaceAll(text, "\n", `\n`)
	took := "never ended"
	if op.Ended {
		took = "after " + op.End.Sub(op.Start).Round(time.Second).String()
	}
	var records []string
	for line := range strings.SplitSeq(strings.TrimSpace(r.Operations[1].Output), "\n") {
		f := strings.Fields(line)
		records = append(records, strings.Replace(f[0], "-0000000", "-", 1)+" "+f[3])
	}
	writes := "writes hang or fail"
	for i := range r.Journal.Records {
		if rec := &r.Journal.Records[i]; rec.Verb == query.VerbInsert && !rec.Failed && rec.End > sim.Time(r.Time-5*time.Second) {
			writes = "writes go on"
		}
	}
	return fmt.Sprintf("%s\n  %s: %s; %s\n", text, took, strings.Join(records, ", "), writes)
}

// changing are the parts of texts that say nothing: transactions and times.
var changing = regexp.MustCompile(`()[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+(?::[0-9-]+)+`)
