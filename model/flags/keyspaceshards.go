package flags

import (
	"fmt"
	"slices"
	"strings"
)

// KeyspaceShards is the parsed `--buffer-keyspace-shards`: two sets, each in the order of the
// list.
// spec: B-1
type KeyspaceShards struct {
	Keyspaces []string
	Shards    []string
}

// ParseKeyspaceShards splits the list at commas, without trimming: an item with a slash is a
// keyspace/shard, any other (the empty one, too) a keyspace. An empty list gives empty sets.
// spec: B-1
func ParseKeyspaceShards(list string) KeyspaceShards {
	var out KeyspaceShards
	if list == "" {
		return out
	}
	for item := range strings.SplitSeq(list, ",") {
		set := &out.Keyspaces
		if strings.Contains(item, "/") {
			set = &out.Shards
		}
		if !slices.Contains(*set, item) {
			*set = append(*set, item)
		}
	}
	return out
}

// IsEmpty reports whether nothing is listed.
func (k KeyspaceShards) IsEmpty() bool { return len(k.Keyspaces) == 0 && len(k.Shards) == 0 }

// BufferMode is what the buffer does for one shard.
// spec: B-2
type BufferMode uint8

// The modes.
const (
	BufferDisabled BufferMode = iota
	BufferDryRun
	BufferEnabled
)

// String gives the name of a mode.
func (m BufferMode) String() string {
	switch m {
	case BufferEnabled:
		return "enabled"
	case BufferDryRun:
		return "dry_run"
	default:
		return "disabled"
	}
}

// BufferMode gives the mode of a shard. Names are compared as text; key ranges do not matter.
// spec: B-2, B-3
func (g VTGate) BufferMode(keyspace, shard string) BufferMode {
	listed := ParseKeyspaceShards(g.BufferKeyspaceShards)
	switch {
	case g.EnableBuffer && listed.IsEmpty(),
		slices.Contains(listed.Keyspaces, keyspace),
		slices.Contains(listed.Shards, keyspace+"/"+shard):
		return BufferEnabled
	case g.EnableBufferDryRun:
		return BufferDryRun
	default:
		return BufferDisabled
	}
}

// validate runs checks 8 and 9 of the start-up check; name is the flag as texts spell it.
func (k KeyspaceShards) validate(name func() string) error {
	for _, entry := range k.Shards {
		keyspace, ok := keyspaceOf(entry)
		if !ok {
			return fmt.Errorf("invalid shard path: %s", entry)
		}
		if slices.Contains(k.Keyspaces, keyspace) {
			return fmt.Errorf("%s has overlapping entries (keyspace only vs. keyspace/shard): %s vs. %s Please remove one or the other", name(), keyspace, entry)
		}
	}
	return nil
}

// keyspaceOf takes an entry apart at its one slash, or else at its one colon.
// spec: buffer 2.2 note (d)
func keyspaceOf(entry string) (string, bool) {
	for _, separator := range []string{"/", ":"} {
		if parts := strings.Split(entry, separator); len(parts) == 2 {
			return parts[0], true
		}
	}
	return "", false
}
