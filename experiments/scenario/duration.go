package scenario

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a span of virtual time, written as Vitess flags write it: `10s`,
// `1m30s`, `250ms`. It is never negative.
type Duration time.Duration

// Std returns the value as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the canonical form, such as `1m0s`.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the canonical form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration. A number without a unit is an error, except 0.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	v, err := time.ParseDuration(s)
	switch {
	case err != nil && strings.Contains(err.Error(), "missing unit"):
		return fmt.Errorf("the duration %q has no unit", s)
	case err != nil:
		return fmt.Errorf("%q is not a duration", s)
	case v < 0:
		return fmt.Errorf("the duration %q is negative", s)
	}
	*d = Duration(v)
	return nil
}

func (*Duration) form() string {
	return "write a number with a unit (ns, us, ms, s, m, h), such as 500ms or 1m30s"
}
