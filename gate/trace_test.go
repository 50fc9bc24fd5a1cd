package gate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/vterr"
)

// Events have the fields that are documented, in that order, and all kinds occur.
func TestTraceKindsAreDocumented(t *testing.T) {
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Answer = refusing(vterr.ShuttingDown())
		c.env.AfterFunc(time.Second, "promote", func() { promote(c.tablets["zone1-101"], 2000) })
		c.connect("commerce").do(query.VerbInsert)
	}, buffering)
	for _, doc := range slices.Concat(gate.TraceKinds(), gateway.TraceKinds(), discovery.TraceKinds()) {
		require.Equal(t, doc.Fields, c.log.fields[doc.Kind], doc.Kind)
	}
}
