package fault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// Lines and what they mean; mistakes with their place and their way out.
func TestParseStories(t *testing.T) {
	datadriven.RunTest(t, "testdata/parse", func(t *testing.T, d *datadriven.TestData) string {
		plan, err := fault.ParsePlan(d.Input, fault.Kinds())
		if err != nil {
			return err.Error() + "\n"
		}
		return plan.String()
	})
}

func TestParseFillsTheFault(t *testing.T) {
	f, err := fault.Parse(`after tablet.step host=zone1-100 error="no such row" nth 2 wait 10ms slow gate-1 add 1s way out peer topo factor 300% for 1m`, fault.Kinds())
	require.NoError(t, err)
	require.Equal(t, fault.Fault{
		When: fault.When{
			Event: "tablet.step", Nth: 2, Wait: 10 * time.Millisecond,
			Where: []fault.Match{{Key: "host", Value: "zone1-100"}, {Key: "error", Value: "no such row"}},
		},
		Do: fault.DoSlow, Target: "gate-1", Peer: "topo", For: time.Minute,
		Args: []fault.Arg{{Name: "factor", Value: "300%"}, {Name: "add", Value: "1s"}, {Name: "way", Value: "out"}},
	}, f)
	require.Equal(t, time.Second, f.Duration("add"))
	require.EqualValues(t, 300, f.Number("factor", 100))
	require.EqualValues(t, 7, f.Number("share", 7))
	require.Equal(t, "slow gate-1 peer topo factor 300% add 1s way out for 1m0s", f.Action())
}

// Each example of the table parses, and is in its canonical form.
func TestExamplesParse(t *testing.T) {
	for _, k := range fault.Kinds() {
		f, err := fault.Parse(k.Example, fault.Kinds())
		require.NoError(t, err)
		require.Equal(t, k.Name, f.Do)
		require.Equal(t, k.Example, f.String())
	}
}

// What String prints, Parse reads back as it was, whatever the names and texts are.
func TestPrintedFaultsParseBack(t *testing.T) {
	kinds := fault.Kinds()
	rapid.Check(t, func(t *rapid.T) {
		want := drawFault(t, kinds)
		got, err := fault.Parse(want.String(), kinds)
		require.NoError(t, err)
		require.Equal(t, want, got, want.String())
	})
}

func drawFault(t *rapid.T, kinds fault.Table) fault.Fault {
	k := rapid.SampledFrom(kinds).Draw(t, "kind")
	f := fault.Fault{When: drawWhen(t), Do: k.Name}
	name := rapid.OneOf(rapid.StringMatching(`[a-z]+(:[a-z0-9/-]+)?`), rapid.StringN(1, 9, -1))
	given := func(n fault.Need, label string) bool {
		return n == fault.Required || n == fault.Optional && rapid.Bool().Draw(t, label)
	}
	if given(k.Target, "target?") {
		f.Target = name.Draw(t, "target")
	}
	if given(k.Peer, "peer?") {
		f.Peer = name.Draw(t, "peer")
	}
	for _, a := range k.Args {
		if !a.Required && rapid.Bool().Draw(t, "no "+a.Name) {
			continue
		}
		f.Args = append(f.Args, fault.Arg{Name: a.Name, Value: drawValue(t, a, name)})
	}
	if given(k.For, "for?") {
		f.For = 1 + drawDuration(t, "for")
	}
	return f
}

func drawDuration(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, label))
}

func drawValue(t *rapid.T, a fault.ArgSpec, name *rapid.Generator[string]) string {
	switch {
	case a.Form == fault.Duration:
		return drawDuration(t, a.Name).String()
	case a.Form == fault.Signed:
		return (drawDuration(t, a.Name) - time.Minute).String()
	case a.Form == fault.Percent:
		return rapid.StringMatching(`0|[1-9][0-9]{0,4}`).Draw(t, a.Name) + "%"
	case a.Form == fault.Number:
		return rapid.StringMatching(`0|-?[1-9][0-9]{0,6}`).Draw(t, a.Name)
	case len(a.Words) > 0:
		return rapid.SampledFrom(a.Words).Draw(t, a.Name)
	}
	return name.Draw(t, a.Name)
}

func drawWhen(t *rapid.T) fault.When {
	if rapid.Bool().Draw(t, "timed") {
		return fault.When{At: drawDuration(t, "at")}
	}
	w := fault.When{Event: trace.Kind(rapid.StringMatching(`[a-z_]+(\.[a-z_-]+)?`).Draw(t, "event")), Nth: rapid.IntRange(1, 9).Draw(t, "nth")}
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		w.Where = append(w.Where, fault.Match{Key: rapid.StringMatching(`[a-z_]+`).Draw(t, "key"), Value: rapid.String().Draw(t, "value")})
	}
	if rapid.Bool().Draw(t, "after") {
		w.Wait = 1 + drawDuration(t, "wait")
	}
	return w
}

// Whatever a user writes: a fault in whose text form nothing is lost, or a mistake
// with a place in the line.
func FuzzParse(f *testing.F) {
	for _, k := range fault.Kinds() {
		f.Add(k.Example)
	}
	f.Add(`when x a="\"" b=c=d nth 3 crash "x y"`)
	f.Add("at 6s crash =")
	kinds := fault.Kinds()
	f.Fuzz(func(t *testing.T, line string) {
		got, err := fault.Parse(line, kinds)
		if wrong := (*fault.ParseError)(nil); errors.As(err, &wrong) {
			require.GreaterOrEqual(t, wrong.Column, 1)
			require.LessOrEqual(t, wrong.Column, len([]rune(line))+1)
			require.NotEmpty(t, wrong.What)
			return
		}
		again, err := fault.Parse(got.String(), kinds)
		require.NoError(t, err, got.String())
		require.Equal(t, got, again)
		require.False(t, strings.ContainsAny(got.String(), "\n\r"))
	})
}
