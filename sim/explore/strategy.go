package explore

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"bufsim/model/spelling"
	"bufsim/sim"
)

// Strategy is a way to choose schedules. Its text form is a name, with a number after a
// colon where the strategy has one, and what is put on top of it after plus signs:
// `random`, `pct:3`, `pos+stall`, `preempt:2+untimed:gate-1`. See [Strategies] and [Parse].
type Strategy struct {
	base    *base
	n       int
	stall   int // percent
	untimed bool
	pattern string
}

// base is a strategy without what may be put on top of it.
type base struct {
	name    string
	meaning string
	// number is the default of the number after the colon; 0: there is none.
	number int
	make   func(seed uint64, n int, e Estimate) sim.Chooser
}

// defaultStall is the chance of a stall, in percent, where the text form has no number.
const defaultStall = 10

func bases() []*base {
	return []*base{
		{"first", "first come, first served: the dull schedule", 0, func(uint64, int, Estimate) sim.Chooser { return First{} }},
		{"random", "every step at random, going on in three of four cases", 0, func(seed uint64, _ int, _ Estimate) sim.Chooser { return NewRandom(seed, true) }},
		{"uniform", "every step at random, all alternatives alike", 0, func(seed uint64, _ int, _ Estimate) sim.Chooser { return NewWalk(seed, Estimate{}) }},
		{"urw", "every step at random, by how much each task has still to do", 0, func(seed uint64, _ int, e Estimate) sim.Chooser { return NewWalk(seed, e) }},
		{"priorities", "random priorities of tasks that change now and then", 0, func(seed uint64, _ int, _ Estimate) sim.Chooser { return NewPriorities(seed) }},
		{"pct", "random priorities of tasks that change at N-1 places", 3, func(seed uint64, n int, e Estimate) sim.Chooser { return NewPCT(seed, n, e.length()) }},
		{"pos", "random priorities of operations", 0, func(seed uint64, _ int, _ Estimate) sim.Chooser { return NewPOS(seed) }},
		{"preempt", "at most N interruptions of tasks", 2, func(seed uint64, n int, e Estimate) sim.Chooser { return NewPreempting(seed, n, e.length()) }},
		{"delay", "the dull schedule, but the first is passed over at most N times", 2, func(seed uint64, n int, e Estimate) sim.Chooser { return NewDelaying(seed, n, e.length()) }},
		{"portfolio", "takes turns with the others, by the seed", 0, nil},
	}
}

// Described is a strategy's name, as it is written, and what it does.
type Described struct{ Name, Meaning string }

// Strategies lists the names that [Parse] knows, and what may be put on top of them.
func Strategies() []Described {
	var list []Described
	for _, b := range bases() {
		name := b.name
		if b.number > 0 {
			name += ":N"
		}
		list = append(list, Described{name, b.meaning})
	}
	return append(list,
		Described{"...+stall:P", "and a task is put aside for a while with a chance of P percent"},
		Described{"...+untimed:HOST", "and timers (of hosts like that) may fire at any time"})
}

// Parse reads the text form of a strategy.
func Parse(text string) (Strategy, error) {
	parts := strings.Split(text, "+")
	s, err := parseBase(text, parts[0])
	for _, part := range parts[1:] {
		if err == nil {
			err = s.parseTop(text, part)
		}
	}
	if err != nil {
		return Strategy{}, err
	}
	return s, nil
}

func parseBase(text, part string) (Strategy, error) {
	name, arg, has := strings.Cut(part, ":")
	all := bases()
	i := slices.IndexFunc(all, func(b *base) bool { return b.name == name })
	if i < 0 {
		var names []string
		for _, b := range all {
			names = append(names, b.name)
		}
		return Strategy{}, unknown(text, "strategy", name, names)
	}
	s := Strategy{base: all[i], n: all[i].number}
	if !has {
		return s, nil
	}
	if s.n == 0 {
		return Strategy{}, fmt.Errorf("strategy %q: %s takes no number", text, name)
	}
	n, err := number(text, name, arg, 1000)
	s.n = n
	return s, err
}

func (s *Strategy) parseTop(text, part string) error {
	name, arg, has := strings.Cut(part, ":")
	switch name {
	case "stall":
		s.stall = defaultStall
		if has {
			n, err := number(text, name, arg, 100)
			s.stall = n
			return err
		}
	case "untimed":
		s.untimed, s.pattern = true, arg
		if _, err := path.Match(arg, ""); err != nil {
			return fmt.Errorf("strategy %q: %q is no pattern of hosts: %w", text, arg, err)
		}
	default:
		return unknown(text, "addition", name, []string{"stall", "untimed"})
	}
	return nil
}

func number(text, name, arg string, most int) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("strategy %q: %s needs a number from 1 to %d, not %q", text, name, most, arg)
	}
	return n, nil
}

func unknown(text, what, name string, known []string) error {
	if near, ok := spelling.Nearest(name, known); ok {
		return fmt.Errorf("strategy %q: unknown %s %q: did you mean %s?", text, what, name, near)
	}
	return fmt.Errorf("strategy %q: unknown %s %q: want %s", text, what, name, strings.Join(known, ", "))
}

// String is the text form.
func (s Strategy) String() string {
	if s.base == nil {
		return "first"
	}
	text := s.base.name
	if s.base.number > 0 {
		text += fmt.Sprintf(":%d", s.n)
	}
	if s.stall > 0 {
		text += fmt.Sprintf("+stall:%d", s.stall)
	}
	if s.untimed {
		text += "+untimed"
		if s.pattern != "" {
			text += ":" + s.pattern
		}
	}
	return text
}

// Timed reports whether timers fire at their times. In a world that is not timed only
// those properties hold that depend on no duration.
func (s Strategy) Timed() bool { return !s.untimed }

// Chooser returns the chooser of the seed's schedule. Equal seeds and estimates give equal
// choosers.
func (s Strategy) Chooser(seed uint64, e Estimate) sim.Chooser {
	s = s.For(seed)
	if s.base == nil {
		return First{}
	}
	c := s.base.make(seed, s.n, e)
	if s.stall > 0 {
		c = WithStalls(c, seed, s.stall, 0)
	}
	if s.untimed {
		c = WithEarlyTimers(c, s.pattern)
	}
	return c
}
