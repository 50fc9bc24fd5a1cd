package gate_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// measured is what a real gate wrote in one run.
type measured struct {
	Log    []string `json:"vtgate_log"`
	Errors []struct {
		Text string `json:"text"`
	} `json:"error_texts"`
	// Requests have the error's text last; it is whole where there is no list of texts.
	Requests [][]any `json:"error_requests"`
}

// mask replaces what differs from run to run.
type mask struct{ what, with string }

func masks() []mask {
	return []mask{
		{`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ `, ""},
		{`Sql: ".*`, "Sql: ..."},
		{`dial tcp \S+:\d+:`, "dial tcp ADDRESS:"},
		{`zone1-\d{10}`, "LONG-ALIAS"},
		{`(tablet: zone1-)\d+ \([^)]*\)`, "${1}N (HOST)"},
		{`(\d+(\.\d+)?(h|ms|m|µs|ns|s))+|<d>`, "DURATION"},
		{`<n>|\d+`, "N"},
	}
}

// shapesOf masks lines.
func shapesOf(lines []string) map[string]bool {
	shapes := map[string]bool{}
	for _, line := range lines {
		shapes[line] = true
	}
	for _, m := range masks() {
		what, masked := regexp.MustCompile(m.what), map[string]bool{}
		for line := range shapes {
			masked[what.ReplaceAllString(line, m.with)] = true
		}
		shapes = masked
	}
	return shapes
}

// unpacked turns the pair of number and text, as Python prints it, into what a client shows.
func unpacked(pair string) string {
	number, text, _ := strings.Cut(strings.TrimPrefix(pair, "("), ", ")
	text = strings.TrimSuffix(strings.TrimSuffix(text[1:], ")"), text[:1])
	return number + " " + strings.NewReplacer(`\'`, `'`, `\n`, "\n", `\\`, `\`).Replace(text)
}

// measuredShapes reads all runs.
func measuredShapes(t *testing.T) (log, errors map[string]bool) {
	files, err := filepath.Glob("../testdata/groundtruth/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 40)
	var lines, texts []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var run measured
		require.NoError(t, json.Unmarshal(content, &run), file)
		lines = append(lines, run.Log...)
		for _, e := range run.Errors {
			texts = append(texts, unpacked(e.Text))
		}
		for _, r := range run.Requests {
			if run.Errors == nil {
				texts = append(texts, unpacked(r[len(r)-1].(string)))
			}
		}
	}
	return shapesOf(lines), shapesOf(texts)
}

// said is what our gate writes and what its clients see, over several stories.
type said struct {
	t             *testing.T
	lines, errors []string
}

// tell plays a story; its answers are those of statements.
func (s *said) tell(timings gate.Timings, story func(c *cluster, answer func(string)), setups ...setup) {
	c := playUnder(s.t, sim.Config{}, timings, unsharded(), []string{"0"}, func(c *cluster) {
		story(c, func(text string) { s.errors = append(s.errors, text) })
	}, setups...)
	for _, line := range c.log.lines {
		s.lines = append(s.lines, strings.Split(line, "\n")...) // the logs were cut into lines, too
	}
}

// failovers tells what the measured runs were about.
func (s *said) failovers() {
	const caller, insert = "userData1", "insert into t1(w, n) values (:vtg1 /* INT64 */, :vtg2 /* INT64 */)"
	latest := release.Latest().Behaviors
	for _, refusal := range []error{vterr.ShuttingDown(), vterr.NotServing(), vterr.ServerReadOnly("--read-only", caller, insert)} {
		s.tell(gate.Timings{}, func(c *cluster, answer func(string)) {
			old, next := c.tablets["zone1-100"], c.tablets["zone1-101"]
			old.Answer = refusing(refusal)
			c.env.AfterFunc(time.Second, "stop", func() { old.Say(false, 1000) })
			c.env.AfterFunc(2*time.Second, "promote", func() { promote(next, 2000) })
			answer(c.connect("commerce").do(query.VerbInsert))
			next.Say(false, 2000)
			c.env.Sleep(time.Second)
			answer(c.connect("commerce").do(query.VerbInsert)) // too soon after the first
		}, buffering)
		s.tell(gate.Timings{}, func(c *cluster, answer func(string)) { // and undone
			c.tablets["zone1-100"].Answer = refusing(refusal)
			answer(c.connect("commerce").do(query.VerbInsert))
			c.env.Sleep(20 * time.Second)
		}, buffering)
	}
	s.tell(gate.Timings{}, func(c *cluster, answer func(string)) {
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(time.Second)
		for range 3 {
			c.env.Go("insert", func() { answer(c.connect("commerce").do(query.VerbInsert)) })
			c.env.Sleep(time.Millisecond)
		}
		c.env.Sleep(30 * time.Second)
	}, buffering, func(f *flags.Set, _ *release.Profile) { f.VTGate.BufferSize = 1 })
	s.tell(gate.Timings{WatcherDelay: sim.Constant(time.Second)}, func(c *cluster, answer func(string)) {
		c.env.Sleep(10 * time.Second)
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(100 * time.Millisecond)
		answer(c.connect("commerce").do(query.VerbInsert))
	}, buffering)
	for _, end := range []error{vterr.TabletShutDown(), nil} {
		s.tell(gate.Timings{}, func(c *cluster, answer func(string)) {
			primary := c.tablets["zone1-100"]
			if end == nil {
				primary.Crash()
			} else {
				primary.EndStreams(end)
			}
			c.env.Sleep(time.Second)
			answer(c.connect("commerce").do(query.VerbInsert))
		})
	}
	for _, fate := range []error{
		vterr.StatementKilled(9*time.Second, 1805, caller, latest), vterr.StatementTimedOut(3*time.Second, 7, true, caller),
		vterr.ConnectionLost(caller, insert), vterr.DialRefused("[::1]:16102"),
	} {
		s.tell(gate.Timings{}, func(c *cluster, answer func(string)) {
			c.tablets["zone1-100"].Answer = refusing(fate)
			answer(c.connect("commerce").do(query.VerbInsert))
		})
	}
	for _, refusal := range []error{vterr.ShuttingDown(), vterr.WrongTabletType("PRIMARY", "REPLICA", "[]")} {
		s.tell(gate.Timings{}, func(c *cluster, answer func(string)) {
			m := c.connect("commerce")
			m.do(query.VerbBegin)
			m.do(query.VerbInsert)
			c.tablets["zone1-100"].Answer = refusing(refusal)
			answer(m.do(query.VerbCommit))
		})
	}
}

// Each kind of line that real gates wrote about failovers, and each kind of error that their
// clients got, is one that ours has, too; what is not has a reason. spec: gateway 9
func TestMeasuredWords(t *testing.T) {
	const reset = "vttablet: rpc error: code = Unavailable desc = error reading from server: read tcp [::N]:N->[::N]:N: read: connection reset by peer"
	exceptions := map[string]string{
		"HealthCheckUpdate(Serving State): tablet: zoneN-N (HOST) serving true => false for commerce/N (PRIMARY) reason: " + reset:                                                    "the words of a kernel about sockets; ours says EOF, as gRPC does where the peer closed first",
		"N target: commerce.N.primary: vttablet: rpc error: code = Unavailable desc = error reading from server: read tcp [::N]:<port>->[::N]:<port>: read: connection reset by peer": "the same",
		"N target: commerce.N.primary: vttablet: rpc error: code = Canceled desc = initial packet read failed: EOF (errno N) (sqlstate HYN) (CallerID: userDataN): Sql: ...":          "a tablet's second try while its mysqld dies; the tablet's words",
		"N Lost connection to MySQL server during query (timed out)": "made by the client's library",
	}
	const alias = `Adding N to PrimaryPromoted counter for target: keyspace:"commerce" shard:"N" tablet_type:REPLICA, tablet: `
	exceptions[alias+"zoneN-N, tabletType: PRIMARY"] = "the second series of runs was recorded with short aliases, in all lines"
	exceptions["Starting buffering for shard: commerce/N (window: DURATION, size: N, max failover duration: DURATION) (A failover was detected by this seen error: "+
		"vttablet: rpc error: code = Code(N) desc = The MySQL server is running with the --read-only option so it cannot execute"] = "the record cuts lines at 260 characters"
	log, errors := measuredShapes(t)
	require.Contains(t, log, alias+"LONG-ALIAS, tabletType: PRIMARY")
	s := &said{t: t}
	s.failovers()
	ours := shapesOf(s.lines)
	maps.Copy(ours, shapesOf(s.errors))
	var missing []string
	for _, shape := range slices.Concat(slices.Sorted(maps.Keys(log)), slices.Sorted(maps.Keys(errors))) {
		_, excepted := exceptions[shape]
		require.False(t, excepted && ours[shape], "no exception any more: %s", shape)
		if !ours[shape] && !excepted {
			missing = append(missing, shape)
		}
		delete(exceptions, shape)
	}
	require.Empty(t, missing)
	require.Empty(t, exceptions, "never measured")
	require.Greater(t, len(log), 10)
	require.Greater(t, len(errors), 10)
}
