package scenario

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What closed-loop clients may send instead of a mix, and where.
func TestClosedClients(t *testing.T) {
	group := func(body string) string {
		head, _, _ := strings.Cut(minimal, "workload:")
		return head + "workload:\n  - closed: {clients: 1, " + body + "}\n"
	}
	s := mustLoad(t, group("transaction: {think: 20ms}, on_error: keep, at_once: true"))
	require.Equal(t, &Transaction{Inserts: 2, Think: Constant(20 * time.Millisecond)}, s.Workload[0].Closed.Transaction)
	s = mustLoad(t, group("sql: select 1, kind: one, database: ks@replica, on_connect: [set x = 1]"))
	c := s.Workload[0].Closed
	require.Equal(t, TypeReplica, c.TabletType)
	require.Equal(t, "ks", c.Keyspace)
	require.Equal(t, []string{"set x = 1"}, c.OnConnect)
	again, err := Load("printed.yaml", s.Marshal(), Options{})
	require.NoError(t, err)
	require.Equal(t, s, again)

	for body, mistake := range map[string]string{
		"transaction: {inserts: -1}":                      "-1 statements",
		"transaction: {inserts: 1}, sql: select 1":        "the group has both sql and transaction",
		"transaction: {inserts: 1}, on_error: retry":      "cannot be sent again by itself",
		"transaction: {inserts: 1}, database: ks@replica": "writes to tablets of type replica would all fail",
		"sql: select 1, database: ks@rdonly":              "has no tablet of type rdonly",
		"sql: select 1, database: other":                  "other",
		"statements: {insert: 1}, database: ks@replica":   "writes to tablets of type replica would all fail",
	} {
		_, err := Load("test.yaml", []byte(group(body)), Options{})
		require.ErrorContains(t, err, mistake, body)
	}
}
