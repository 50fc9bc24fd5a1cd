package conform

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/sim"
)

// Seconds is a duration or an instant as vectors write it: a decimal number of seconds with
// the unit s, such as 0.0305s.
type Seconds time.Duration

// UnmarshalText reads the form.
func (s *Seconds) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no number of seconds: %w", text, err)
	}
	*s = Seconds(d)
	return nil
}

// MarshalText writes the form, without zeros at the end.
func (s Seconds) MarshalText() ([]byte, error) {
	whole, rest := s/1e9, s%1e9
	text := strconv.FormatInt(int64(whole), 10)
	if rest != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", int64(rest)), "0")
	}
	return []byte(text + "s"), nil
}

func (s Seconds) duration() time.Duration { return time.Duration(s) }

func (s Seconds) instant() sim.Time { return sim.Time(s) }
