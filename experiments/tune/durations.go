package tune

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/sweep"
	"bufsim/sim"
)

// Durations are the lengths that something may take: values that are equally likely,
// such as measured ones, or an even range. The zero Durations leave the scenario's own.
type Durations struct {
	// Values are sorted; empty with a range.
	Values []time.Duration
	// Low and High are the ends of the range.
	Low, High time.Duration
	// text is what they were made of.
	text string
}

// ParseDurations reads `5s`, a list such as `2s,5s,9s` or a range such as `2s..9s`, out of
// which any length may come. A list with a range in it, or a range with a step, is a list.
func ParseDurations(text string) (Durations, error) {
	from, to, isRange := strings.Cut(text, "..")
	if isRange && !strings.ContainsAny(text, ",/") {
		low, err := time.ParseDuration(from)
		high, err2 := time.ParseDuration(to)
		if err != nil || err2 != nil || low < 0 || high < low {
			return Durations{}, fmt.Errorf("%q is not a range of durations such as 2s..9s", text)
		}
		return Durations{Low: low, High: high, text: text}, nil
	}
	words, err := sweep.ParseValues(text)
	if err != nil {
		return Durations{}, err
	}
	d := Durations{text: text}
	for _, w := range words {
		v, err := time.ParseDuration(w)
		if err != nil || v < 0 {
			return Durations{}, fmt.Errorf("%q is not a duration such as 5s", w)
		}
		d.Values = append(d.Values, v)
	}
	slices.Sort(d.Values)
	return d, nil
}

// ReadDurations reads measured lengths, one a line, such as `4.2s`; a plain number is
// seconds. Empty lines and those that begin with # are passed over. name is the file's
// in errors.
func ReadDurations(name string, src io.Reader) (Durations, error) {
	d := Durations{}
	in := bufio.NewScanner(src)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		v, err := time.ParseDuration(line)
		if err != nil {
			v, err = time.ParseDuration(line + "s")
		}
		if err != nil || v < 0 {
			return d, fmt.Errorf("%s:%d: %q is not a duration; write one a line, such as 4.2s", name, n, line)
		}
		d.Values = append(d.Values, v)
	}
	if err := in.Err(); err != nil {
		return d, fmt.Errorf("%s: %w", name, err)
	}
	if len(d.Values) == 0 {
		return d, fmt.Errorf("%s: %w", name, errors.New("no duration in it; write one a line, such as 4.2s"))
	}
	slices.Sort(d.Values)
	if d.text = d.Values[0].String(); len(d.Values) == 1 {
		return d, nil
	}
	d.text = fmt.Sprintf("%d measured lengths from %v to %v", len(d.Values), d.Values[0], d.Values[len(d.Values)-1])
	return d, nil
}

// IsZero says that nothing was given.
func (d Durations) IsZero() bool { return d.text == "" }

// String is the text that they were made of.
func (d Durations) String() string { return d.text }

// Min and Max are the shortest and the longest.
func (d Durations) Min() time.Duration {
	if len(d.Values) > 0 {
		return d.Values[0]
	}
	return d.Low
}

// Max is the longest.
func (d Durations) Max() time.Duration {
	if len(d.Values) > 0 {
		return d.Values[len(d.Values)-1]
	}
	return d.High
}

// draw gives the length of a run: the first run of a series has the longest and the second
// the shortest, so that no series is without them; the others are drawn by their seed,
// whatever the setting. name tells the draws of different things apart.
func (d Durations) draw(index int, seed uint64, name string) time.Duration {
	switch {
	case index == 0:
		return d.Max()
	case index == 1:
		return d.Min()
	}
	r := sim.NewRand(seed, "tune/"+name)
	if len(d.Values) > 0 {
		return d.Values[r.Intn(len(d.Values))]
	}
	ms := (d.High - d.Low).Milliseconds()
	return d.Low + time.Duration(r.Int64n(ms+1))*time.Millisecond
}
