package hunt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bufsim/model/spelling"
)

// Step is one line of the program of a small world:
//
//	at 1s request ks/0 patience 1s retry 500ms
type Step struct {
	At time.Duration
	Do string
	// Shard is keyspace/shard; empty for what is about no shard.
	Shard string
	Args  []Arg
}

// Arg is one detail of a step.
type Arg struct{ Name, Value string }

// StepKind says what lines of one kind take.
type StepKind struct {
	Do string
	// OnShard says that a shard must be named.
	OnShard bool
	Args    []string
	Meaning string
}

// Arg returns the value of a detail, "" if it is not given.
func (s *Step) Arg(name string) string {
	for _, a := range s.Args {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Duration returns the value of a detail that is a duration, 0 if it is not given.
func (s *Step) Duration(name string) time.Duration {
	d, err := time.ParseDuration(s.Arg(name))
	if err != nil {
		return 0 // not given: the parser lets nothing else pass
	}
	return d
}

// Number returns the value of a detail that is a number, or fallback if it is not given.
func (s *Step) Number(name string, fallback int) int {
	n, err := strconv.Atoi(s.Arg(name))
	if err != nil {
		return fallback
	}
	return n
}

// String is the line, which parses back.
func (s Step) String() string {
	words := []string{"at", s.At.String(), s.Do}
	if s.Shard != "" {
		words = append(words, s.Shard)
	}
	for _, a := range s.Args {
		words = append(words, a.Name, a.Value)
	}
	return strings.Join(words, " ")
}

// ParseStep reads a line.
func ParseStep(line string, kinds []StepKind) (Step, error) {
	words := strings.Fields(line)
	if len(words) < 3 || words[0] != "at" {
		return Step{}, fmt.Errorf("step %q: write `at TIME WHAT ...`", line)
	}
	at, err := time.ParseDuration(words[1])
	if err != nil || at < 0 {
		return Step{}, fmt.Errorf("step %q: %q is no time, write 1.5s", line, words[1])
	}
	i := slices.IndexFunc(kinds, func(k StepKind) bool { return k.Do == words[2] })
	if i < 0 {
		return Step{}, fmt.Errorf("step %q: there is no step %q%s", line, words[2], meant(words[2], kinds))
	}
	s, rest := Step{At: at, Do: words[2]}, words[3:]
	if kinds[i].OnShard {
		if len(rest) == 0 || !strings.Contains(rest[0], "/") {
			return s, fmt.Errorf("step %q: a shard must follow, as in ks/-80", line)
		}
		s.Shard, rest = rest[0], rest[1:]
	}
	for ; len(rest) >= 2; rest = rest[2:] {
		if !slices.Contains(kinds[i].Args, rest[0]) {
			return s, fmt.Errorf("step %q: %s takes no %q", line, s.Do, rest[0])
		}
		s.Args = append(s.Args, Arg{rest[0], rest[1]})
	}
	if len(rest) > 0 {
		return s, fmt.Errorf("step %q: %q has no value", line, rest[0])
	}
	return s, s.check()
}

// check looks at the values of the arguments.
func (s *Step) check() error {
	for _, a := range s.Args {
		var err error
		switch a.Name {
		case "patience", "retry":
			_, err = time.ParseDuration(a.Value)
		case "rounds", "primary":
			_, err = strconv.Atoi(a.Value)
		case "cause":
			if !slices.Contains(refusals(), a.Value) {
				err = fmt.Errorf("want one of %s", strings.Join(refusals(), ", "))
			}
		}
		if err != nil {
			return fmt.Errorf("step %q: %s %s: %w", s.String(), a.Name, a.Value, err)
		}
	}
	return nil
}

func meant(word string, kinds []StepKind) string {
	var known []string
	for _, k := range kinds {
		known = append(known, k.Do)
	}
	if near, ok := spelling.Nearest(word, known); ok {
		return "; did you mean " + near + "?"
	}
	return "; there are " + strings.Join(known, ", ")
}

// splitShard cuts keyspace/shard.
func splitShard(name string) (keyspace, shard string) {
	keyspace, shard, _ = strings.Cut(name, "/")
	return keyspace, shard
}
