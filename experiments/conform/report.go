package conform

import (
	"fmt"
	"regexp"
	"strings"
)

// Text is the report for people: the first difference of each vector that failed, what is
// worth a look, and the sums in the last line.
func (r *Report) Text() string {
	var b strings.Builder
	for _, v := range r.Verdicts {
		switch {
		case !v.Passed:
			v.write(&b, "FAIL")
		case len(v.Diffs) > 0:
			v.write(&b, "LOOK")
		}
	}
	r.writeReach(&b)
	fmt.Fprintf(&b, "%d passed, %d failed", r.Passed, r.Failed)
	if n := len(r.Unreadable); n > 0 {
		fmt.Fprintf(&b, ", %d unreadable", n)
	}
	b.WriteString("\n")
	return b.String()
}

func (v Verdict) write(b *strings.Builder, word string) {
	fmt.Fprintf(b, "%s %s (%s:%d)\n", word, v.ID, v.File, v.Line)
	if v.Note != "" {
		fmt.Fprintf(b, "  %s\n", v.Note)
	}
	if v.Passed {
		fmt.Fprintf(b, "  the default schedule gave an outcome that is not listed; schedule %s gave one that is\n", v.Schedule)
	}
	v.Diffs[0].write(b)
	switch n := len(v.Diffs) - 1; {
	case n == 1:
		b.WriteString("  and 1 more difference\n")
	case n > 1:
		fmt.Fprintf(b, "  and %d more differences\n", n)
	}
}

// write shows a difference: what it is about, both values, and the rules.
func (d Diff) write(b *strings.Builder) {
	or := func(text string) string {
		if text == "" {
			return "nothing"
		}
		return strings.ReplaceAll(text, "\n", "\n           ")
	}
	fmt.Fprintf(b, "  %s\n    expected %s\n    got      %s\n    rules    %s\n", inWords(d.Where), or(d.Want), or(d.Got), d.Rule)
}

// inWords names the field of a request by the request.
func inWords(path string) string {
	request := regexp.MustCompile(`^requests\[r(\d+)]\.?`)
	if m := request.FindStringSubmatch(path); m != nil {
		return fmt.Sprintf("request %s, %s", m[1], strings.TrimPrefix(path, m[0]))
	}
	return path
}

// writeReach tells how many listed outcomes came out, and each outcome that is not listed.
func (r *Report) writeReach(b *strings.Builder) {
	if len(r.Reach) == 0 {
		return
	}
	listed, reached, explained, unexplained := 0, 0, 0, 0
	for _, v := range r.Reach {
		listed, reached = listed+v.Listed, reached+v.Reached
		if v.Reached < v.Listed {
			fmt.Fprintf(b, "REACH %s: %d of %d listed outcomes came out\n", v.ID, v.Reached, v.Listed)
		}
		for _, u := range v.Unlisted {
			if u.Rule != "" {
				explained++
				fmt.Fprintf(b, "UNLISTED %s: %d of %d schedules, first %s: allowed by %s\n", v.ID, u.Times, v.Seeds, u.Schedule, u.Rule)
				continue
			}
			unexplained++
			fmt.Fprintf(b, "UNLISTED %s: %d of %d schedules, first %s: unexplained\n", v.ID, u.Times, v.Seeds, u.Schedule)
			u.Diffs[0].write(b)
		}
	}
	fmt.Fprintf(b, "reach: %d of %d listed outcomes of %d racy vectors under %d schedules each; unlisted: %d explained, %d unexplained\n",
		reached, listed, len(r.Reach), r.Reach[0].Seeds, explained, unexplained)
}
