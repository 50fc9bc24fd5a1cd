package observed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
)

// Snapshot is a gate's counters at one time, by series: `family{label="value"}` with
// the labels in the order of their names, as the exposition text has them.
// Histograms are there as their _bucket, _sum and _count series.
type Snapshot map[string]float64

// Label is a label of a series with its value.
type Label struct{ Name, Value string }

// series is the name of a series in a snapshot.
func series(family string, labels []Label) string {
	if len(labels) == 0 {
		return family
	}
	sort.SliceStable(labels, func(i, j int) bool { return labels[i].Name < labels[j].Name })
	var parts []string
	for _, l := range labels {
		parts = append(parts, l.Name+"="+strconv.Quote(l.Value))
	}
	return family + "{" + strings.Join(parts, ",") + "}"
}

// cut takes the name of a series apart.
func cut(name string) (family string, labels []Label) {
	family, rest, ok := strings.Cut(name, "{")
	if !ok {
		return name, nil
	}
	for rest != "" && rest != "}" {
		label, value, _ := strings.Cut(rest, "=")
		prefix, err := strconv.QuotedPrefix(value)
		if err != nil {
			return family, labels
		}
		text, err := strconv.Unquote(prefix)
		if err != nil {
			return family, labels
		}
		labels = append(labels, Label{label, text})
		rest = strings.TrimPrefix(strings.TrimPrefix(value, prefix), ",")
	}
	return family, labels
}

// Read reads a dump of /metrics or of /debug/vars, told apart by their first
// character; name is the file's in errors.
func Read(name string, src io.Reader) (Snapshot, error) {
	in := bufio.NewReader(src)
	for {
		c, err := in.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s: the file is empty; save a gate's page /metrics or /debug/vars to it", name)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		case strings.ContainsRune(" \t\r\n", rune(c[0])):
			if _, err := in.Discard(1); err != nil {
				return nil, err
			}
			continue
		case c[0] == '{':
			return readVars(name, in)
		}
		return readMetrics(name, in)
	}
}

// Sum adds up the series of a family that have the given labels.
func (s Snapshot) Sum(family string, with ...Label) float64 {
	sum := 0.0
	for _, name := range s.names() {
		if f, labels := cut(name); f == family && contains(labels, with) {
			sum += s[name]
		}
	}
	return sum
}

// By adds up the series of a family for each value of a label.
func (s Snapshot) By(family, label string) map[string]float64 {
	sums := map[string]float64{}
	for _, name := range s.names() {
		f, labels := cut(name)
		if f != family {
			continue
		}
		for _, l := range labels {
			if l.Name == label {
				sums[l.Value] += s[name]
			}
		}
	}
	return sums
}

// names lists the series in order, so that sums of floats are always the same.
func (s Snapshot) names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func contains(labels, with []Label) bool {
	for _, w := range with {
		found := false
		for _, l := range labels {
			found = found || l == w
		}
		if !found {
			return false
		}
	}
	return true
}

// ErrRestarted says that a counter went back between two snapshots.
var ErrRestarted = errors.New("the gate was restarted in between: a counter went back")

// Since gives what was counted between two snapshots of one gate. Series that only
// the later one has began in between. A counter that went back is [ErrRestarted];
// figures that may go back (gauges) keep the later value. spec: W-62
func (s Snapshot) Since(before Snapshot) (Snapshot, error) {
	diff := Snapshot{}
	for _, name := range s.names() {
		family, _ := cut(name)
		if gauge(family) {
			diff[name] = s[name]
			continue
		}
		diff[name] = s[name] - before[name]
		if diff[name] < 0 {
			return nil, fmt.Errorf("%s was %v and is %v: %w", name, before[name], s[name], ErrRestarted)
		}
	}
	return diff, nil
}

// gauge reports whether a family's series may go back.
func gauge(family string) bool {
	return strings.HasPrefix(family, "vtgate_buffer_last_") || family == "vtgate_buffer_size" || !strings.HasPrefix(family, "vtgate_")
}
