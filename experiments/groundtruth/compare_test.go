package groundtruth

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// One row of the table for each verdict. Timing decides where simulated runs differ; then the
// measured value must lie within them.
func TestVerdicts(t *testing.T) {
	number := func(list ...float64) (all []figures) {
		for _, n := range list {
			all = append(all, figures{"x": {number: n}})
		}
		return all
	}
	text := func(list ...string) (all []figures) {
		for _, s := range list {
			all = append(all, figures{"x": {text: s}})
		}
		return all
	}
	for name, tt := range map[string]struct {
		measured  figures
		simulated []figures
		want      Verdict
	}{
		"all the same":              {figures{"x": {number: 6}}, number(6, 6, 6), Equal},
		"between":                   {figures{"x": {number: 6}}, number(5, 7), InRange},
		"at the end":                {figures{"x": {number: 7}}, number(5, 7), InRange},
		"beyond":                    {figures{"x": {number: 8}}, number(5, 7), NotExplained},
		"measured, never simulated": {figures{"x": {number: 1}}, number(0, 0), NotExplained},
		"simulated, never measured": {figures{}, number(1, 1), NotExplained},
		"now and then simulated":    {figures{}, number(0, 1), InRange},
		"the same sequence":         {figures{"x": {text: "a"}}, text("a", "a"), Equal},
		"a sequence of some":        {figures{"x": {text: "a"}}, text("a", "b"), InRange},
		"another sequence":          {figures{"x": {text: "a"}}, text("b", "c"), NotExplained},
	} {
		row := judge("x", tt.measured["x"], tt.simulated)
		require.Equal(t, tt.want, row.Verdict, name)
	}
}

// A duration may be late by what real timers are, a count may not.
func TestResolution(t *testing.T) {
	exact := []figures{{"counter buffer_last_failover_duration_ms": {number: 20000}, "errors": {number: 7}}}
	late := value{number: 20002}
	require.Equal(t, InRange, judge("counter buffer_last_failover_duration_ms", late, exact).Verdict)
	require.Equal(t, NotExplained, judge("counter buffer_last_failover_duration_ms", value{number: 20011}, exact).Verdict)
	require.Equal(t, NotExplained, judge("errors", value{number: 8}, exact).Verdict)
}

func TestMasks(t *testing.T) {
	for measured, want := range map[string]string{
		`(1105, 'target: commerce.0.primary: primary is not serving')`: "1105 target: commerce.0.primary: primary is not serving",
		`(2013, 'target: vttablet: rpc error: code = Canceled desc = initial packet read failed: EOF (errno 2013) (sqlstate HY000) (CallerID: userData1): Sql: "select :vtg1 /* INT64 */", BindVars: {...}`: "2013 target: vttablet: rpc error: code = Canceled desc = EOF (errno 2013) (sqlstate HY000): Sql: <sql>",
		`(1105, 'desc = error reading from server: read tcp [::1]:<port>->[::1]:<port>: read: connection reset by peer')`:                                                                                   "1105 desc = error reading from server: EOF",
		`(1317, 'QueryList.TerminateAll(), elapsed time: 9.012598226s, killing connection ID 1805 (CallerID: userData1)')`:                                                                                  "1317 QueryList.TerminateAll(), elapsed time: <d>, killing connection ID <n>",
		`(1105, "no healthy tablet available for 'keyspace'")`: "1105 no healthy tablet available for 'keyspace'",
	} {
		require.Equal(t, want, fromClient(measured))
	}
	require.Equal(t, "primary-elect tablet <tablet> failed to catch up with replication <position> rpc",
		oneLine(commandError("rpc error: code = Unknown desc = primary-elect tablet zone1-0000000100 failed to catch up with replication MySQL56/bf704816-e603-11f1-bf65-02fc00000001:1-83980,c152b742-e603-11f1-a29a-02fc00000001:1-145196 rpc")))
}

// Without a serving primary is the time in which a subscriber knows of none; the end of a
// stream counts as not serving.
func TestWithoutPrimary(t *testing.T) {
	events := []healthEvent{
		{at: 0, tablet: "a", primary: true, serving: true},
		{at: 5, tablet: "a", primary: true},
		{at: 6, tablet: "a", serving: true},
		{at: 7, tablet: "b", primary: true, serving: true},
		{at: 9, tablet: "b", ended: true},
	}
	require.InDelta(t, 2+1, withoutPrimary(events, 10), 1e-9)
	f := figures{}
	healthFigures(f, events, 10)
	require.Equal(t, "PRIMARY → PRIMARY not serving → REPLICA; PRIMARY → gone", f["health: states of each tablet"].text)
}
