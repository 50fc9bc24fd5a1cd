package scenario

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rate is a number of events per second; it may be unlimited. Written as
// `120/s`, `30/m`, a bare number per second, or `unlimited`.
type Rate float64

// Unlimited is the rate without a bound.
func Unlimited() Rate { return Rate(math.Inf(1)) }

// IsUnlimited reports whether there is no bound.
func (r Rate) IsUnlimited() bool { return math.IsInf(float64(r), 1) }

// String is the canonical form, per second.
func (r Rate) String() string {
	if r.IsUnlimited() {
		return "unlimited"
	}
	return strconv.FormatFloat(float64(r), 'g', -1, 64) + "/s"
}

// MarshalText writes the canonical form.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "unlimited" {
		*r = Unlimited()
		return nil
	}
	number, unit, _ := strings.Cut(s, "/")
	v, err := finite(strings.TrimSpace(number))
	switch strings.TrimSpace(unit) {
	case "", "s":
	case "m":
		v /= 60
	case "h":
		v /= 3600
	default:
		err = errors.New("unknown unit")
	}
	if err != nil {
		return fmt.Errorf("%q is not a rate", s)
	}
	*r = Rate(v)
	return nil
}

func (*Rate) form() string { return "write a number per s, m or h, such as 120/s, or unlimited" }

// Share is a part of a whole, from 0 to 1. Written as `0.05` or `5%`.
type Share float64

// String is the canonical form, a plain number.
func (s Share) String() string { return strconv.FormatFloat(float64(s), 'g', -1, 64) }

// MarshalText writes the canonical form.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a share.
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	v, err := finite(strings.TrimSpace(number))
	if percent {
		v /= 100
	}
	if err != nil || v > 1 {
		return fmt.Errorf("%q is not a share", string(text))
	}
	*s = Share(v)
	return nil
}

func (*Share) form() string { return "write a number from 0 to 1, or a percentage such as 5%" }

// finite reads a number that is neither negative nor infinite.
func finite(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && (v < 0 || math.IsInf(v, 0) || math.IsNaN(v)) {
		err = errors.New("out of range")
	}
	return v + 0, err // -0 becomes 0
}

// Seeds is a range of seeds, both ends included. Written as `7` or `1-50`.
type Seeds struct{ First, Last uint64 }

// Count is the number of seeds in the range.
func (s Seeds) Count() uint64 { return s.Last - s.First + 1 }

// String is the canonical form.
func (s Seeds) String() string {
	if s.First == s.Last {
		return strconv.FormatUint(s.First, 10)
	}
	return fmt.Sprintf("%d-%d", s.First, s.Last)
}

// MarshalText writes the canonical form.
func (s Seeds) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a range.
func (s *Seeds) UnmarshalText(text []byte) error {
	first, last, isRange := strings.Cut(string(text), "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 63)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 63)
	if errA != nil || errB != nil {
		return fmt.Errorf("%q is not a range of seeds", string(text))
	}
	if a == 0 {
		return fmt.Errorf("%q has seed 0; seeds begin at 1", string(text))
	}
	if a > b {
		return fmt.Errorf("the range of seeds %q runs backwards", string(text))
	}
	*s = Seeds{First: a, Last: b}
	return nil
}

func (*Seeds) form() string { return "write one seed, such as 7, or a range, such as 1-50" }
