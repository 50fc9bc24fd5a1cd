package spelling_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/spelling"
)

func TestNearest(t *testing.T) {
	names := []string{"buffer-size", "buffer-window", "retry-count"}
	for _, c := range []struct {
		name, want string
		found      bool
	}{
		{"bufer-window", "buffer-window", true},
		{"BUFFER-SIZE", "buffer-size", true},
		{"retrycount", "retry-count", true},
		{"zzz", "", false},
		{"", "", false},
	} {
		got, found := spelling.Nearest(c.name, names)
		require.Equal(t, c.found, found, c.name)
		if found {
			require.Equal(t, c.want, got)
		}
	}
	_, found := spelling.Nearest("a", nil)
	require.False(t, found)
}
