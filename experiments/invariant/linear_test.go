package invariant_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/invariant"
)

// A search for an order that gets too long is cut off, and told as what it is: neither a
// finding nor a row that is well.
func TestLongSearchIsInconclusive(t *testing.T) {
	inv, err := invariant.Lookup("rows-linearizable")
	require.NoError(t, err)
	var trace strings.Builder
	statement := func(request int, verb string, value int) {
		fmt.Fprintf(&trace, "1s gate-1 gate.statement request=r%d connection=1 verb=%s table=t1 in_transaction=0 key=7 value=%d\n", request, verb, value)
		fmt.Fprintf(&trace, "1s gate-1 gateway.begin request=r%d method=query.Execute target=commerce.0.primary\n", request)
	}
	const writes = 40
	for i := range writes { // all at once, so that any order of them is possible
		statement(i, "REPLACE", i+1)
	}
	for i := range writes {
		fmt.Fprintf(&trace, "2s gate-1 gate.answer request=r%d took=0 errno=0 code=OK error=\"\" value=0\n", i)
	}
	statement(writes, "SELECT", 0)
	fmt.Fprintf(&trace, "3s gate-1 gate.answer request=r%d took=0 errno=0 code=OK error=\"\" value=99\n", writes)

	w := invariant.NewWatch([]invariant.Invariant{inv}, facts("semi_sync"))
	for i, line := range strings.Split(strings.TrimSpace(trace.String()), "\n") {
		w.Record(event(t, uint64(i+1), line))
	}
	list := w.Finish(invariant.End{})
	require.Len(t, list, 1)
	require.Equal(t, "inconclusive: more than 200000 orders were tried", list[0].Excused)
	require.False(t, list[0].Finding())
}
