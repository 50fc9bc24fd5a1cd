package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bufsim/model/spelling"
	"bufsim/sim/trace"
)

// Parse reads the line of one fault. The error is a [*ParseError].
func Parse(line string, kinds Table) (Fault, error) {
	p := &parser{line: line, kinds: kinds}
	var f Fault
	if p.list, p.err = words(line); p.err == nil {
		f = p.fault()
	}
	if p.err != nil {
		return Fault{}, p.err
	}
	return f, nil
}

// ParsePlan reads one fault from each line. Empty lines and those that begin with #
// are passed over. The error is a [*ParseError].
func ParsePlan(text string, kinds Table) (Plan, error) {
	var plan Plan
	row := 0
	for line := range strings.Lines(text) {
		row++
		line = strings.TrimRight(line, "\r\n")
		if s := strings.TrimSpace(line); s == "" || s[0] == '#' {
			continue
		}
		f, err := Parse(line, kinds)
		if wrong := (*ParseError)(nil); errors.As(err, &wrong) {
			wrong.Row = row
			return nil, wrong
		}
		plan = append(plan, f)
	}
	return plan, nil
}

// parser reads the words of a line; after the first mistake it reads nothing.
type parser struct {
	line  string
	kinds Table
	list  []word
	next  int
	err   *ParseError
}

func (p *parser) fail(column int, what, fix string) {
	if p.err == nil {
		p.err = &ParseError{Line: p.line, Column: column, What: what, Fix: fix}
	}
}

// end is the column behind the line.
func (p *parser) end() int { return len([]rune(strings.TrimRight(p.line, " \t"))) + 1 }

func (p *parser) more() bool { return p.err == nil && p.next < len(p.list) }

// take returns the next word; wanted says what it should be if there is none.
func (p *parser) take(wanted, fix string) word {
	if p.err != nil {
		return word{column: 1}
	}
	if p.next == len(p.list) {
		p.fail(p.end(), "the line ends where "+wanted+" should be", fix)
		return word{column: p.end()}
	}
	p.next++
	return p.list[p.next-1]
}

// plain is take for a word that is not key=value.
func (p *parser) plain(wanted, fix string) word {
	w := p.take(wanted, fix)
	if p.err == nil && (w.key != "" || w.text == "") {
		p.fail(w.column, fmt.Sprintf("expected %s", wanted), fix)
	}
	return w
}

func (p *parser) fault() Fault {
	f := Fault{When: p.when()}
	do := p.plain("a kind of fault", "such as crash; `bufsim faults` lists them")
	if p.err != nil {
		return f
	}
	k, ok := p.kinds.Find(do.text)
	if !ok {
		p.fail(do.column, fmt.Sprintf("unknown kind of fault %q", do.text), suggest(do.text, p.kinds.Names()))
		return f
	}
	f.Do = k.Name
	p.target(k, &f)
	p.options(k, &f)
	return f
}

func (p *parser) when() (w When) {
	const how = "begin with at 6s, when buffer.start or after buffer.start wait 200ms"
	begin := p.take("the time of the fault", how)
	switch {
	case p.err != nil:
	case begin.key == "" && begin.text == "at":
		at := p.plain("a time", "write a time such as 6s")
		w.At = p.duration(at, Duration)
	case begin.key == "" && (begin.text == "when" || begin.text == "after"):
		p.event(&w)
		if after := begin.text == "after"; p.err == nil && after != (w.Wait > 0) {
			if after {
				p.fail(begin.column, "after needs a wait", "add wait 200ms, or write when")
			} else {
				p.fail(begin.column, "when takes no wait", "write after")
			}
		}
	default:
		p.fail(begin.column, fmt.Sprintf("a fault cannot begin with %q", begin.text), how)
	}
	return w
}

// event reads a trigger up to the kind of the fault.
func (p *parser) event(w *When) {
	const example = "such as buffer.start; docs/trace.md lists them"
	w.Event, w.Nth = trace.Kind(p.plain("a kind of event", example).text), 1
	for p.more() {
		m := p.list[p.next]
		switch {
		case m.key != "":
			w.Where = append(w.Where, Match{m.key, m.text})
			p.next++
		case m.text == "nth":
			p.next++
			w.Nth = p.count(p.plain("a number", "write a number from 1 on"))
		case m.text == "wait":
			p.next++
			w.Wait = p.duration(p.plain("a time", "write a time such as 200ms"), Duration)
		default:
			return
		}
	}
}

func (p *parser) count(w word) int {
	n, err := strconv.ParseInt(w.text, 10, 32)
	if p.err == nil && (err != nil || n < 1) {
		p.fail(w.column, fmt.Sprintf("%q is not a number from 1 on", w.text), "the first event is nth 1")
	}
	return int(n)
}

func (p *parser) target(k *Kind, f *Fault) {
	if k.Target == None || p.err != nil {
		return
	}
	named := p.more() && p.list[p.next].key == "" && !slices.Contains(k.words(), p.list[p.next].text)
	if named || k.Target == Required {
		f.Target = p.plain("a target", "such as zone1-100, gate-1 or primary:commerce/0").text
	}
}

// options reads the pairs of a name and a value that follow the target.
func (p *parser) options(k *Kind, f *Fault) {
	values := map[string]word{}
	for p.more() {
		name := p.plain("a name", suggest("", k.words()))
		if p.err == nil && !slices.Contains(k.words(), name.text) {
			p.fail(name.column, fmt.Sprintf("%s takes no %q", k.Name, name.text), suggest(name.text, k.words()))
		}
		if _, twice := values[name.text]; twice {
			p.fail(name.column, name.text+" appears twice", "remove one of the two")
		}
		values[name.text] = p.plain("the value of "+name.text, "")
	}
	f.Peer = p.part(k.Name, "peer", k.Peer, values).text
	for _, spec := range k.Args {
		p.argument(k, spec, values, f)
	}
	if w := p.part(k.Name, "for", k.For, values); w.text != "" {
		if f.For = p.duration(w, Duration); f.For == 0 {
			p.fail(w.column, "for 0s is no time at all", "leave it out for a fault that lasts, or write a longer time")
		}
	}
}

// part returns the value of a part that every kind may have.
func (p *parser) part(kind, name string, need Need, values map[string]word) word {
	w, given := values[name]
	if !given && need == Required {
		p.fail(p.end(), fmt.Sprintf("%s needs %s", kind, name), "add "+name+" at the end of the line")
	}
	return w
}

func (p *parser) argument(k *Kind, spec ArgSpec, values map[string]word, f *Fault) {
	w, given := values[spec.Name]
	if !given {
		if spec.Required {
			p.fail(p.end(), fmt.Sprintf("%s needs %s", k.Name, spec.Name), fmt.Sprintf("add %s and %s: %s", spec.Name, spec.Form, spec.Meaning))
		}
		return
	}
	if value := p.value(spec, w); p.err == nil {
		f.Args = append(f.Args, Arg{spec.Name, value})
	}
}

// value brings the value of an argument into its canonical form.
func (p *parser) value(spec ArgSpec, w word) string {
	switch spec.Form {
	case Duration, Signed:
		return p.duration(w, spec.Form).String()
	case Percent, Number:
		text, percent := strings.CutSuffix(w.text, "%")
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || percent != (spec.Form == Percent) || percent && n < 0 {
			p.fail(w.column, fmt.Sprintf("%q is not %s", w.text, spec.Form), spec.Name+" is "+spec.Meaning)
		}
		text = strconv.FormatInt(n, 10)
		if percent {
			text += "%"
		}
		return text
	}
	if len(spec.Words) > 0 && !slices.Contains(spec.Words, w.text) {
		p.fail(w.column, fmt.Sprintf("%q is no value of %s", w.text, spec.Name), suggest(w.text, spec.Words))
	}
	return w.text
}

func (p *parser) duration(w word, form Form) time.Duration {
	d, err := time.ParseDuration(w.text)
	if p.err == nil && (err != nil || d < 0 && form != Signed) {
		p.fail(w.column, fmt.Sprintf("%q is not %s", w.text, form), "write a number with a unit (ns, us, ms, s, m, h)")
	}
	return d
}

// suggest says which of the allowed words was probably meant, and lists them.
func suggest(name string, allowed []string) string {
	if len(allowed) == 0 {
		return "nothing may follow"
	}
	list := "allowed: " + strings.Join(allowed, ", ")
	if near, ok := spelling.Nearest(name, allowed); ok {
		return fmt.Sprintf("did you mean %q? %s", near, list)
	}
	return list
}
