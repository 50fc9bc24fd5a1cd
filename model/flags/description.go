package flags

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/model/release"
)

// Component is the program that has a flag.
type Component string

// The components.
const (
	ComponentCommon   Component = "common"
	ComponentVTGate   Component = "vtgate"
	ComponentVTTablet Component = "vttablet"
	ComponentVTCtld   Component = "vtctldclient"
	ComponentVTOrc    Component = "vtorc"
)

// Kind is the type of a flag's value.
type Kind string

// The kinds.
const (
	KindBool     Kind = "bool"
	KindInt      Kind = "int"
	KindDuration Kind = "duration"
	// KindSeconds is a duration that releases up to v16 wrote as a number of seconds.
	KindSeconds Kind = "duration (or seconds)"
	KindString  Kind = "string"
)

// Description tells everything about one flag.
type Description struct {
	// Name is the spelling with dashes, without leading dashes; OldName is the spelling of
	// v22 and older.
	Name    string
	OldName string
	// Component is the program that has the flag.
	Component Component
	Kind      Kind
	// Help is what the flag does, in one sentence; Rule is where the specification says so.
	Help string
	Rule string

	fallback func(release.Profile) string
	field    func(*Set) any // a pointer to the flag's field
}

// Default gives the flag's default in a release, in text form.
func (d Description) Default(p release.Profile) string { return d.fallback(p) }

// Value gives the flag's value in a set, in the form in which it can be parsed again.
func (d Description) Value(s Set) string {
	switch f := d.field(&s).(type) {
	case *bool:
		return strconv.FormatBool(*f)
	case *int:
		return strconv.Itoa(*f)
	case *time.Duration:
		return f.String()
	case *string:
		return *f
	default:
		panic(fmt.Sprintf("flags: %s has a field of type %T", d.Name, f))
	}
}

// Spelled gives the flag's name as a release writes it, with leading dashes.
// spec: buffer 2.1
func (d Description) Spelled(p release.Profile) string {
	switch p.Behaviors.FlagSpelling {
	case release.SpellingSingleDash:
		return "-" + d.OldName
	case release.SpellingUnderscores:
		return "--" + d.OldName
	default:
		return "--" + d.Name
	}
}

// assign sets the flag's field from a text. The error says which form is allowed.
func (d Description) assign(s *Set, value string) error {
	switch f := d.field(s).(type) {
	case *bool:
		v, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("want true or false")
		}
		*f = v
	case *int:
		v, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("want a whole number")
		}
		*f = v
	case *time.Duration:
		v, err := parseDuration(value, d.Kind)
		if err != nil {
			return err
		}
		*f = v
	case *string:
		*f = value
	}
	return nil
}

func parseDuration(value string, kind Kind) (time.Duration, error) {
	if v, err := time.ParseDuration(value); err == nil {
		return v, nil
	}
	if kind == KindSeconds {
		if v, err := time.ParseDuration(value + "s"); err == nil {
			return v, nil
		}
		return 0, fmt.Errorf("want a duration with a unit, such as 3s or 500ms, or a number of seconds")
	}
	return 0, fmt.Errorf("want a duration with a unit, such as 3s or 500ms")
}

// oldSpelling is the usual spelling of v22 and older: underscores for dashes.
func oldSpelling(name string) string { return strings.ReplaceAll(name, "-", "_") }
