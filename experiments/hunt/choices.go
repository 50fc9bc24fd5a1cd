package hunt

import (
	"fmt"
	"strconv"
	"strings"

	"bufsim/sim"
)

// The text form of a decision log: one word for each decision, kind, number of alternatives and
// the one taken, as in t3.1; a word that repeats is written once with its number, as in s2.0*17.
const kindLetters = "tswbefdl"

// formatChoices writes a log in lines.
func formatChoices(log []sim.Decision) string {
	var b strings.Builder
	width := 0
	for i := 0; i < len(log); {
		n := 1
		for i+n < len(log) && log[i+n] == log[i] {
			n++
		}
		word := choiceWord(log[i])
		if n > 1 {
			word += "*" + strconv.Itoa(n)
		}
		switch {
		case width == 0:
		case width+1+len(word) > choicesWidth:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
		i += n
	}
	return b.String()
}

const choicesWidth = 110

func choiceWord(d sim.Decision) string {
	letter := "u" + strconv.Itoa(int(d.Kind-min(d.Kind, sim.KindUser))) + ":"
	if int(d.Kind) < len(kindLetters) {
		letter = kindLetters[d.Kind : d.Kind+1]
	}
	return fmt.Sprintf("%s%d.%d", letter, d.N, d.C)
}

// parseChoices reads what formatChoices wrote.
func parseChoices(text string) ([]sim.Decision, error) {
	var log []sim.Decision
	for word := range strings.FieldsSeq(text) {
		one, times, repeated := strings.Cut(word, "*")
		d, err := parseChoice(one)
		n := 1
		if err == nil && repeated {
			n, err = strconv.Atoi(times)
		}
		if err != nil || n < 1 || n > choicesMax-len(log) {
			return nil, fmt.Errorf("choice %d: %q is none, write t3.1 or t3.1*4", len(log)+1, word)
		}
		for range n {
			log = append(log, d)
		}
	}
	return log, nil
}

// choicesMax keeps a slip of the finger from filling the memory.
const choicesMax = 50_000_000

func parseChoice(word string) (d sim.Decision, err error) {
	if word == "" {
		return d, strconv.ErrSyntax
	}
	kind, rest := sim.ChoiceKind(strings.IndexByte(kindLetters, word[0])), word[1:]
	if word[0] == 'u' {
		number, after, ok := strings.Cut(rest, ":")
		n, err := strconv.ParseUint(number, 10, 7)
		if err != nil || !ok {
			return d, strconv.ErrSyntax
		}
		kind, rest = sim.KindUser+sim.ChoiceKind(n), after
	} else if !strings.Contains(kindLetters, word[:1]) {
		return d, strconv.ErrSyntax
	}
	n, c, ok := strings.Cut(rest, ".")
	alternatives, err1 := strconv.ParseInt(n, 10, 32)
	taken, err2 := strconv.ParseInt(c, 10, 32)
	if !ok || err1 != nil || err2 != nil || alternatives < 2 || taken < 0 || taken >= alternatives {
		return d, strconv.ErrSyntax
	}
	return sim.Decision{Kind: kind, N: int32(alternatives), C: int32(taken)}, nil
}
