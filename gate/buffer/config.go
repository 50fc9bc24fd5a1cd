package buffer

import (
	"strings"
	"time"

	"bufsim/model/flags"
	"bufsim/sim"
)

// Config is the configuration of a buffer. It is not checked here: that is done once, when the
// gate starts, by flags.ValidateBuffer.
// spec: buffer 2.1
type Config struct {
	// Enabled is `--enable-buffer`, DryRun `--enable-buffer-dry-run`.
	Enabled, DryRun bool
	// Size is `--buffer-size`: the slots that all shards share.
	Size int
	// Window is `--buffer-window`: the longest time that one request is held.
	Window time.Duration
	// MaxFailoverDuration is `--buffer-max-failover-duration`: the longest BUFFERING phase.
	MaxFailoverDuration time.Duration
	// MinTimeBetweenFailovers is `--buffer-min-time-between-failovers`: the cool-down of a shard.
	MinTimeBetweenFailovers time.Duration
	// DrainConcurrency is `--buffer-drain-concurrency`: parallel retries of a shard's drain.
	DrainConcurrency int
	// KeyspaceShards is `--buffer-keyspace-shards`: a comma list of keyspace or keyspace/shard.
	// spec: B-1
	KeyspaceShards string
}

// DefaultConfig is the configuration of code that builds a buffer without flags.
// spec: buffer 2.1
func DefaultConfig() Config {
	return Config{
		Size: 10, Window: 10 * time.Second, MaxFailoverDuration: 20 * time.Second,
		MinTimeBetweenFailovers: time.Minute, DrainConcurrency: 1,
	}
}

// ConfigOf takes the configuration from a gate's flags.
func ConfigOf(g flags.VTGate) Config {
	return Config{
		Enabled:                 g.EnableBuffer,
		DryRun:                  g.EnableBufferDryRun,
		Size:                    g.BufferSize,
		Window:                  g.BufferWindow,
		MaxFailoverDuration:     g.BufferMaxFailoverDuration,
		MinTimeBetweenFailovers: g.BufferMinTimeBetweenFailovers,
		DrainConcurrency:        g.BufferDrainConcurrency,
		KeyspaceShards:          g.BufferKeyspaceShards,
	}
}

// mode is what the buffer does for a shard.
// spec: B-2, B-3
func (c Config) mode(keyspace, shard string) flags.BufferMode {
	g := flags.VTGate{EnableBuffer: c.Enabled, EnableBufferDryRun: c.DryRun, BufferKeyspaceShards: c.KeyspaceShards}
	return g.BufferMode(keyspace, shard)
}

// log says at the start what is configured.
// spec: buffer 7.2
func (c Config) log(env *sim.Env) {
	if c.DryRun {
		env.Logf("info", "vtgate buffer in dry-run mode enabled for all requests. Dry-run bufferings will log failovers but not buffer requests.")
	}
	if c.Enabled {
		env.Logf("info", "vtgate buffer enabled. PRIMARY requests will be buffered during detected failovers.")
		if limit := flags.ParseKeyspaceShards(c.KeyspaceShards); !limit.IsEmpty() {
			env.Logf("info", "%s", limitedLine(limit, c.DryRun))
		}
	}
	if !c.Enabled && !c.DryRun {
		env.Logf("info", "vtgate buffer not enabled.")
	}
}

// limitedLine reproduces a slip of Vitess: the word "and" stands there exactly when there is
// nothing for it to join.
// spec: buffer 7.2
func limitedLine(limit flags.KeyspaceShards, dryRun bool) string {
	line := "Buffering limited to configured "
	if len(limit.Keyspaces) > 0 {
		line += "keyspaces: " + strings.Join(limit.Keyspaces, ", ")
	}
	if len(limit.Shards) > 0 {
		if len(limit.Keyspaces) == 0 {
			line += " and "
		}
		line += "shards: " + strings.Join(limit.Shards, ", ")
	}
	line += "."
	if dryRun {
		line += " Dry-run mode is overridden for these entries and actual buffering will take place."
	}
	return line
}
