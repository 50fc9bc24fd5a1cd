package explore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bufsim/sim"
)

// Decisions is a schedule: what was decided in a run, and what the world has to ask so that
// the same questions come again. It has a compact text form, see [Decisions.String].
type Decisions struct {
	// Preempts: switches before operations were possible.
	Preempts bool
	// Untimed: timers that match Pattern could fire early, see [WithEarlyTimers].
	Untimed bool
	Pattern string
	List    []sim.Decision
}

// Recorded gives the decisions of a world that was played under c.
func Recorded(w *sim.World, c sim.Chooser) Decisions {
	d := Decisions{List: w.Decisions()}
	p, ok := c.(sim.Preempter)
	d.Preempts = ok && p.Preempts()
	for more := true; more; {
		switch x := c.(type) {
		case *early:
			d.Untimed, d.Pattern = true, x.pattern
			c = x.Chooser
		case *stalling:
			c = x.Chooser
		case *Replay:
			d.Untimed, d.Pattern = x.log.Untimed, x.log.Pattern
			more = false
		default:
			more = false
		}
	}
	return d
}

// Departures counts the decisions that are not the dull ones, stalls and switches among them.
func (d Decisions) Departures() (all, stalls, switches int) {
	for _, x := range d.List {
		if x.C == 0 {
			continue
		}
		all++
		switch x.Kind {
		case sim.KindStall:
			stalls++
		case sim.KindSwitch:
			switches++
		}
	}
	return all, stalls, switches
}

// kindLetters are the kinds in the text form, in their order; `u0` is the first of others.
const kindLetters = "tswbcfdz"

// longestGroup is how many decisions a group that repeats may have in the text form.
const longestGroup = 6

// String is the text form: words for what the world has to ask, a semicolon, and the
// decisions. `s3=1` is a switch (t task, w waiter, b barge, c select, f fault, d delay, z
// stall) among three, of which number 1 was taken; `=0` is left out. `t2*5` is five times
// t2, `(z77 s2)*3` three times both.
func (d Decisions) String() string {
	var b strings.Builder
	if d.Preempts {
		b.WriteString("preempts ")
	}
	if d.Untimed {
		b.WriteString("untimed")
		if d.Pattern != "" {
			b.WriteString("=" + d.Pattern)
		}
		b.WriteString(" ")
	}
	b.WriteString(";")
	for list := d.List; len(list) > 0; {
		size, times := group(list)
		texts := make([]string, size)
		for i := range texts {
			texts[i] = decisionText(list[i])
		}
		text := strings.Join(texts, " ")
		if size > 1 && times > 1 {
			text = "(" + text + ")"
		}
		if times > 1 {
			text += "*" + strconv.Itoa(times)
		}
		b.WriteString(" " + text)
		list = list[size*times:]
	}
	return b.String()
}

// group finds the beginning of list that saves most if it is written once: its size, and
// how many times it comes in a row.
func group(list []sim.Decision) (size, times int) {
	size, times = 1, 1
	saved := 0
	for s := 1; s <= min(longestGroup, len(list)/2); s++ {
		n := 1
		for (n+1)*s <= len(list) && slices.Equal(list[:s], list[n*s:(n+1)*s]) {
			n++
		}
		if n > 1 && (n-1)*s > saved {
			size, times, saved = s, n, (n-1)*s
		}
	}
	return size, times
}

func decisionText(d sim.Decision) string {
	kind := ""
	if int(d.Kind) < len(kindLetters) {
		kind = kindLetters[d.Kind : d.Kind+1]
	} else {
		kind = fmt.Sprintf("u%d.", d.Kind-sim.KindUser)
	}
	if d.C == 0 {
		return kind + strconv.Itoa(int(d.N))
	}
	return fmt.Sprintf("%s%d=%d", kind, d.N, d.C)
}

// mostDecisions bounds what a text may blow up to.
const mostDecisions = 10_000_000

// ParseDecisions reads the text form.
func ParseDecisions(text string) (Decisions, error) {
	var d Decisions
	head, tail, found := strings.Cut(text, ";")
	if !found {
		return d, fmt.Errorf("decisions need a semicolon before the first one")
	}
	for _, word := range strings.Fields(head) {
		name, arg, has := strings.Cut(word, "=")
		switch {
		case name == "preempts" && !has:
			d.Preempts = true
		case name == "untimed":
			d.Untimed, d.Pattern = true, arg
		default:
			return Decisions{}, fmt.Errorf("decisions: unknown word %q: want preempts or untimed", word)
		}
	}
	for n := 1; ; n++ {
		tail = strings.TrimLeft(tail, " \t\r\n")
		if tail == "" {
			return d, nil
		}
		group, rest, err := parseGroup(tail)
		if err == nil && len(d.List)+len(group) > mostDecisions {
			err = fmt.Errorf("there are more than %d decisions", mostDecisions)
		}
		if err != nil {
			return Decisions{}, fmt.Errorf("decisions, part %d: %w", n, err)
		}
		d.List, tail = append(d.List, group...), rest
	}
}

// parseGroup reads one decision or several in parentheses, repeated as often as is written.
func parseGroup(text string) (group []sim.Decision, rest string, err error) {
	inner := ""
	if strings.HasPrefix(text, "(") {
		end := strings.IndexByte(text, ')')
		if end < 0 {
			return nil, "", fmt.Errorf("%q is not closed", clip(text))
		}
		inner, text = text[1:end], text[end+1:]
	} else {
		end := strings.IndexAny(text+" ", "* \t\r\n")
		inner, text = text[:end], text[end:]
	}
	for _, word := range strings.Fields(inner) {
		d, err := parseDecision(word)
		if err != nil {
			return nil, "", err
		}
		group = append(group, d)
	}
	if !strings.HasPrefix(text, "*") {
		return group, text, nil
	}
	end := strings.IndexAny(text+" ", " \t\r\n")
	times, err := strconv.Atoi(text[1:end])
	if err != nil || times < 1 || times > mostDecisions/max(len(group), 1) {
		return nil, "", fmt.Errorf("%q is no number of times", clip(text[:end]))
	}
	return slices.Repeat(group, times), text[end:], nil
}

func parseDecision(word string) (sim.Decision, error) {
	wrong := fmt.Errorf("%q is no decision: want something like s3=1", clip(word))
	kind := sim.ChoiceKind(max(strings.IndexByte(kindLetters, word[0]), 0))
	rest := word[1:]
	switch {
	case word[0] == 'u':
		number, tail, found := strings.Cut(rest, ".")
		k, err := strconv.ParseUint(number, 10, 7)
		if !found || err != nil {
			return sim.Decision{}, wrong
		}
		kind, rest = sim.KindUser+sim.ChoiceKind(k), tail
	case strings.IndexByte(kindLetters, word[0]) < 0:
		return sim.Decision{}, wrong
	}
	number, taken, has := strings.Cut(rest, "=")
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 2 {
		return sim.Decision{}, wrong
	}
	d := sim.Decision{Kind: kind, N: int32(n)}
	if has {
		c, err := strconv.ParseInt(taken, 10, 32)
		if err != nil || c < 0 || c >= n {
			return sim.Decision{}, wrong
		}
		d.C = int32(c)
	}
	return d, nil
}

// clip keeps messages short.
func clip(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
