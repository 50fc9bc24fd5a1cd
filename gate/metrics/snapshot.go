package metrics

import (
	"strconv"
	"strings"
)

// Snapshot is the values of a registry at one time: families by name.
type Snapshot []FamilySnapshot

// FamilySnapshot is one family with its series, sorted by label values. Those of a histogram
// are in Histograms.
type FamilySnapshot struct {
	Family     Family
	Samples    []Sample
	Histograms []HistogramSample
}

// Sample is one series and its value. Labels are sorted by name.
type Sample struct {
	Name   string
	Labels []Label
	Value  int64
}

// Series gives the name and labels as the exposition text has them.
func (s Sample) Series() string {
	if len(s.Labels) == 0 {
		return s.Name
	}
	var b strings.Builder
	b.WriteString(s.Name)
	for i, label := range s.Labels {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(label.Name)
		b.WriteString(`="`)
		b.WriteString(escaped(label.Value, true))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// Label gives the value of a label, or "" if the series does not have it.
func (s Sample) Label(name string) string {
	for _, label := range s.Labels {
		if label.Name == name {
			return label.Value
		}
	}
	return ""
}

// Samples lists all series with one number, in order.
func (s Snapshot) Samples() []Sample {
	var all []Sample
	for _, f := range s {
		all = append(all, f.Samples...)
	}
	return all
}

// Map gives the value of each series by its text; see Sample.Series.
func (s Snapshot) Map() map[string]int64 {
	all := map[string]int64{}
	for _, sample := range s.Samples() {
		all[sample.Series()] = sample.Value
	}
	return all
}

// Text writes the snapshot in the Prometheus text format. Families without series are left
// out.
func (s Snapshot) Text() string {
	var b strings.Builder
	for _, f := range s {
		if len(f.Samples)+len(f.Histograms) == 0 {
			continue
		}
		b.WriteString("# HELP " + f.Family.Name + " " + escaped(f.Family.Help, false) + "\n")
		b.WriteString("# TYPE " + f.Family.Name + " " + f.Family.Type.String() + "\n")
		for _, sample := range f.Samples {
			b.WriteString(sample.Series() + " " + strconv.FormatInt(sample.Value, 10) + "\n")
		}
		for _, h := range f.Histograms {
			h.write(&b, f.Family.Name)
		}
	}
	return b.String()
}

// escaped masks what the text format gives a meaning to; a quote only in label values.
func escaped(text string, quoted bool) string {
	text = strings.ReplaceAll(text, `\`, `\\`)
	text = strings.ReplaceAll(text, "\n", `\n`)
	if quoted {
		text = strings.ReplaceAll(text, `"`, `\"`)
	}
	return text
}
