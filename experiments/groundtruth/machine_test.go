package groundtruth

import (
	"cmp"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const recordFolder = "../../testdata/groundtruth"

// What the operator's client adds to a command: before the lock is asked for, and after it is
// given back.
func TestClientOverhead(t *testing.T) {
	p, err := ReadPhases(filepath.Join(recordFolder, PhasesFile))
	require.NoError(t, err)
	var before, after []float64
	for _, r := range p.Runs {
		m, err := Read(filepath.Join(recordFolder, r.Run+".json"))
		if err != nil || m.Start == "" {
			continue // not in the folder, or of the first series: it has no clock
		}
		zero, err := time.Parse("2006-01-02 15:04:05.000", m.Start)
		require.NoError(t, err)
		locked, err := time.Parse("2006-01-02 15:04:05.000", r.StartUTC)
		require.NoError(t, err)
		start := locked.Sub(zero).Seconds()
		for _, op := range m.Ops[:1] {
			before = append(before, start-op.Start)
			end, _ := r.at("end_unlocked")
			after = append(after, op.End-start-end)
		}
	}
	require.Len(t, before, 9)
	require.InDelta(t, clientLaunch.Seconds(), median(before), 0.001)
	require.InDelta(t, clientFinish.Seconds(), median(after), 0.001)
}

// Statements take what the latencies of light traffic leave when the rest is taken off: two
// round trips, the work of gate and tablet, and for the half that writes an acknowledgement.
// spec: W-40
func TestStatementTimes(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(recordFolder, "*.json"))
	require.NoError(t, err)
	var p50, p90 []float64
	for _, path := range paths {
		if !IsRun(path) {
			continue
		}
		m, err := Read(path)
		require.NoError(t, err)
		l := m.Load[0]
		if len(m.Load) == 1 && l.Kind == kindAuto && l.Min == 50 && m.Start != "" {
			p50, p90 = append(p50, m.Latency["p50"]), append(p90, m.Latency["p90"])
		}
	}
	require.Greater(t, len(p50), 15)
	hops := 4 * 0.000175             // client, gate, tablet and back, in the middle
	work := 0.0001 + 0.0002          // gate and tablet
	ack := (2*0.000175 + 0.0003) / 2 // half of the statements write
	rest := hops + work + ack
	middle, upper := median(p50)-rest, median(p90)-rest
	require.InDelta(t, statementMedian.Seconds(), middle, 0.0002)
	// The 90th percentile of a normal distribution lies 1.2816 standard deviations from the middle.
	p99 := middle * math.Exp(math.Log(upper/middle)*2.3263/1.2816)
	require.InDelta(t, statementP99.Seconds(), p99, 0.001)
}

// The first statements of clients begin a little after second 0. Only slow statements have their
// start in the records.
func TestClientsConnectFirst(t *testing.T) {
	var first []float64
	for _, name := range []string{"longquery-2s-on", "longquery-10s-on", "q-2"} {
		m, err := Read(filepath.Join(recordFolder, name+".json"))
		require.NoError(t, err)
		begins := math.Inf(1)
		for _, r := range m.SlowRequests {
			begins = min(begins, r[2].(float64))
		}
		first = append(first, begins)
	}
	require.InDelta(t, clientConnect.Seconds(), median(first), 0.005)
}

// A vttablet that is started again serves after its launch and the steps that the model has; a
// process that is killed keeps its sockets for a while.
func TestProcessTimes(t *testing.T) {
	var launch []float64
	for _, name := range []string{"kill-tablet-on", "ers-kill-tablet-on", "restart-tablet-on"} {
		m, err := Read(filepath.Join(recordFolder, name+".json"))
		require.NoError(t, err)
		started := m.Ops[len(m.Ops)-1]
		at := max(started.Start, started.End-0.02) // a start that waited for the old process
		last := m.Health[len(m.Health)-1]
		launch = append(launch, last[0].(float64)-at)
	}
	const modelled = 0.04 // start-up in the model, from the process to serving
	require.InDelta(t, tabletLaunch.Seconds()+modelled, median(launch), 0.02)

	var reaction []float64
	for name, wait := range map[string]float64{"vtctld-killed-on": 0, "vtctld-killed-late-on": 2.5, "topo-down-after-demote-on": 0} {
		m, err := Read(filepath.Join(recordFolder, name+".json"))
		require.NoError(t, err)
		i := slices.IndexFunc(m.Health, func(h []any) bool { return h[2] == "PRIMARY" && h[3] == false })
		reaction = append(reaction, m.Ops[0].End-m.Health[i][0].(float64)-wait)
	}
	require.InDelta(t, scriptReaction.Seconds(), median(reaction), 0.001)

	require.InDelta(t, mysqldExit.Seconds(), median(untilReset(t, "kill-mysqld-on", "kill-mysqld-off", "ers-kill-mysqld-noacker-on")), 0.002)
	require.InDelta(t, tabletExit.Seconds(), median(untilReset(t, "kill-tablet-on", "ers-kill-tablet-on")), 0.002)
}

// untilReset is the time from the kill in each of the records to the first thing that anybody
// noticed of it: an error, or the end of a stream.
func untilReset(t *testing.T, names ...string) (list []float64) {
	for _, name := range names {
		m, err := Read(filepath.Join(recordFolder, name+".json"))
		require.NoError(t, err)
		killed, noticed := m.Ops[0].End, math.Inf(1)
		for _, h := range m.Health {
			if at := h[0].(float64); at > killed {
				noticed = min(noticed, at)
			}
		}
		for _, r := range m.ErrorRequests {
			noticed = min(noticed, r[2].(float64)+r[3].(float64))
		}
		list = append(list, noticed-killed)
	}
	return list
}

func median[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
