package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HistogramSample is one series of a family of durations, counted elsewhere. Labels are sorted
// by name.
type HistogramSample struct {
	Labels []Label
	// Bounds are the upper bounds of the buckets, and Buckets the numbers in each: those up to
	// the bound and beyond the one before, and at last those beyond all bounds.
	Bounds  []time.Duration
	Buckets []int64
	Sum     time.Duration
}

// With gives a snapshot that has these families too, which are counted elsewhere.
func (s Snapshot) With(more ...FamilySnapshot) Snapshot {
	all := append(slices.Clone(s), more...)
	slices.SortFunc(all, func(a, b FamilySnapshot) int { return strings.Compare(a.Family.Name, b.Family.Name) })
	return all
}

// write writes the series as the text format has them: buckets that contain the ones below,
// their bounds and the sum in seconds. spec: W-60, W-63
func (h HistogramSample) write(b *strings.Builder, name string) {
	var sum int64
	for i, n := range h.Buckets {
		sum += n
		bound := "+Inf"
		if i < len(h.Bounds) {
			bound = seconds(h.Bounds[i])
		}
		labels := append(slices.Clone(h.Labels), Label{"le", bound})
		b.WriteString(Sample{Name: name + "_bucket", Labels: labels}.Series() + " " + strconv.FormatInt(sum, 10) + "\n")
	}
	b.WriteString(Sample{Name: name + "_sum", Labels: h.Labels}.Series() + " " + seconds(h.Sum) + "\n")
	b.WriteString(Sample{Name: name + "_count", Labels: h.Labels}.Series() + " " + strconv.FormatInt(sum, 10) + "\n")
}

// seconds writes a duration as a number of seconds, without zeros at its end.
func seconds(d time.Duration) string {
	text := strings.TrimRight(fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second), "0")
	return strings.TrimSuffix(text, ".")
}
