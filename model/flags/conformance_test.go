package flags_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/release"
)

// flagVector is one recorded start of Vitess's buffer package.
type flagVector struct {
	ID     string `json:"id"`
	Config struct {
		Enabled                 bool   `json:"enabled"`
		DryRun                  bool   `json:"dry_run"`
		Size                    int    `json:"size"`
		Window                  string `json:"window"`
		MaxFailoverDuration     string `json:"max_failover_duration"`
		MinTimeBetweenFailovers string `json:"min_time_between_failovers"`
		DrainConcurrency        int    `json:"drain_concurrency"`
		KeyspaceShards          string `json:"keyspace_shards"`
	} `json:"config"`
	ExpectError string            `json:"expect_error"`
	ExpectModes map[string]string `json:"expect_modes"`
}

// The recorded start-up checks and modes of Vitess itself.
// spec: buffer 2.2, B-1, B-2, B-3
func TestRecordedStarts(t *testing.T) {
	file, err := os.Open("../../testdata/conformance/buffer/hand-flags.jsonl")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	vectors := 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var v flagVector
		require.NoError(t, json.Unmarshal(lines.Bytes(), &v))
		vectors++
		t.Run(strings.TrimPrefix(v.ID, "flags/"), func(t *testing.T) { checkRecordedStart(t, v) })
	}
	require.NoError(t, lines.Err())
	require.Equal(t, 33, vectors, "vectors in the file")
}

func checkRecordedStart(t *testing.T, v flagVector) {
	duration := func(text string) time.Duration {
		d, err := time.ParseDuration(text)
		require.NoError(t, err)
		return d
	}
	gate := flags.Defaults(release.Latest()).VTGate
	gate.EnableBuffer = v.Config.Enabled
	gate.EnableBufferDryRun = v.Config.DryRun
	gate.BufferSize = v.Config.Size
	gate.BufferWindow = duration(v.Config.Window)
	gate.BufferMaxFailoverDuration = duration(v.Config.MaxFailoverDuration)
	gate.BufferMinTimeBetweenFailovers = duration(v.Config.MinTimeBetweenFailovers)
	gate.BufferDrainConcurrency = v.Config.DrainConcurrency
	gate.BufferKeyspaceShards = v.Config.KeyspaceShards

	err := flags.ValidateBuffer(gate, release.Latest())
	if v.ExpectError != "" {
		require.EqualError(t, err, v.ExpectError)
		return
	}
	require.NoError(t, err)
	for target, mode := range v.ExpectModes {
		keyspace, shard, _ := strings.Cut(target, "/")
		require.Equal(t, mode, gate.BufferMode(keyspace, shard).String(), target)
	}
}
