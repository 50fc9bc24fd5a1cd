package release

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"bufsim/model/spelling"
)

// Profile is one release: its name, the flag defaults that depend on it, and its behaviour.
// It is a plain value; change a copy to try a mixture.
type Profile struct {
	Name      string
	Defaults  Defaults
	Behaviors Behaviors
}

// Defaults are the flag defaults that differ between releases.
type Defaults struct {
	// BufferImplementation is `healthcheck` (v12) or `keyspace_events`. spec: buffer 8.1
	BufferImplementation string
	// BufferSize is 10 up to v12, then 1000. spec: buffer 2.1
	BufferSize int
	// ShutdownGracePeriod is 0 up to v19, then 3s. spec: T-31
	ShutdownGracePeriod time.Duration
	// RemoteOperationTimeout is 30s up to v15, then 15s. spec: R-7
	RemoteOperationTimeout time.Duration
	// LockTimeout is 30s, without a flag, up to v15, then 45s. spec: R-2
	LockTimeout time.Duration
	// WaitReplicasTimeout is what clients of PRS and ERS send: 30s up to v15, then 15s.
	// spec: R-7
	WaitReplicasTimeout time.Duration
	// LegacyReplicationLagAlgorithm is true up to v23. spec: D-45, D-46
	LegacyReplicationLagAlgorithm bool
	// UseSuperReadOnly makes demotion set super_read_only and not only read_only: true in
	// v13 and from v17 on. spec: R-31
	UseSuperReadOnly bool
	// ReplicaNetTimeout is after what silence a replica gives up its source: 60s up to
	// v19, then 8s. spec: T-106
	ReplicaNetTimeout time.Duration
	// RecoveryPeriodBlock is the time between two recoveries of a shard: an hour in
	// orchestrator (up to v14), 30s in VTOrc up to v19, then no more. spec: R-143
	RecoveryPeriodBlock time.Duration
}

// order counts the releases by age; Behaviors and Defaults compare with its constants.
type order int

const (
	v12 order = iota
	v13
	v14
	v15
	v16
	v17
	v18
	v19
	v20
	v21
	v22
	v2300
	v2304
	v24
	mainBranch
)

func names() []string {
	return []string{
		"v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
		"v23.0.0", "v23", "v24", "main",
	}
}

// All gives every profile, oldest first.
func All() []Profile {
	var all []Profile
	for i, name := range names() {
		at := order(i)
		all = append(all, Profile{Name: name, Defaults: defaultsOf(at), Behaviors: behaviorsOf(at)})
	}
	return all
}

// Latest gives the newest release (not main): the profile for users who name none.
func Latest() Profile { return All()[v24] }

// Lookup finds a profile by name. It accepts a missing "v", "latest", and any patch release
// of a line (`19.0.4` is v19) except that 23.0.0 to 23.0.3 mean v23.0.0. The error for
// anything else lists the names and the nearest one.
func Lookup(name string) (Profile, error) {
	wanted := strings.ToLower(strings.TrimSpace(name))
	if wanted == "latest" {
		return Latest(), nil
	}
	if wanted != "" && wanted[0] >= '0' && wanted[0] <= '9' {
		wanted = "v" + wanted
	}
	for _, p := range All() {
		if p.Name == wanted || p.Name == lineOf(wanted) {
			return p, nil
		}
	}
	hint := ""
	if near, ok := spelling.Nearest(wanted, names()); ok {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return Profile{}, fmt.Errorf("unknown release %q: want one of %s%s", name, strings.Join(names(), ", "), hint)
}

// lineOf maps a patch release such as v19.0.4 to the profile that describes it; anything
// that does not look like a patch release is given back as it is.
func lineOf(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) != 3 || !isNumber(strings.TrimPrefix(parts[0], "v")) || !isNumber(parts[1]) || !isNumber(parts[2]) {
		return name
	}
	if parts[0] == "v23" && parts[1] == "0" && len(parts[2]) == 1 && parts[2] < "4" {
		return "v23.0.0"
	}
	return parts[0]
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// Difference is one default or switch in which two profiles differ.
type Difference struct {
	// Name is the field of Defaults or Behaviors.
	Name string
	// From and To are the values, printed.
	From, To string
}

// Differences lists what changes from one profile to another, in the order of the fields:
// what an upgrade does.
func Differences(from, to Profile) []Difference {
	out := structDifferences(reflect.ValueOf(from.Defaults), reflect.ValueOf(to.Defaults))
	return append(out, structDifferences(reflect.ValueOf(from.Behaviors), reflect.ValueOf(to.Behaviors))...)
}

func structDifferences(from, to reflect.Value) []Difference {
	var out []Difference
	for i := range from.NumField() {
		a, b := fmt.Sprint(from.Field(i)), fmt.Sprint(to.Field(i))
		if a != b {
			out = append(out, Difference{Name: from.Type().Field(i).Name, From: a, To: b})
		}
	}
	return out
}

// Turned is the profile with some switches of its behaviour set otherwise, each given as
// NAME=VALUE, such as CancelLeaksSlot=true: a mixture that no release was. It fails if there is no
// such switch, or if the switch has no such position.
func (p Profile) Turned(switches ...string) (Profile, error) {
	for _, s := range switches {
		name, value, _ := strings.Cut(s, "=")
		if err := turn(reflect.ValueOf(&p.Behaviors).Elem(), name, value); err != nil {
			return p, err
		}
	}
	return p, nil
}

// turn sets one switch: one that is on or off, or a number.
func turn(all reflect.Value, name, value string) error {
	f := all.FieldByName(name)
	switch {
	case f.IsValid() && f.Kind() == reflect.Bool:
		if value != "true" && value != "false" {
			return fmt.Errorf("switch %s: want true or false, not %q", name, value)
		}
		f.SetBool(value == "true")
	case f.IsValid() && f.Kind() == reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("switch %s: want a number from 1 on, not %q", name, value)
		}
		f.SetInt(int64(n))
	default:
		return fmt.Errorf("no release has an on-off switch %q%s", name, switchHint(all.Type(), name))
	}
	return nil
}

func switchHint(all reflect.Type, name string) string {
	var names []string
	for i := range all.NumField() {
		if f := all.Field(i); f.Type.Kind() == reflect.Bool || f.Type.Kind() == reflect.Int {
			names = append(names, f.Name)
		}
	}
	if near, ok := spelling.Nearest(name, names); ok {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}

// position is the value of a switch as text.
func position(b Behaviors, name string) string {
	return fmt.Sprint(reflect.ValueOf(b).FieldByName(name))
}
