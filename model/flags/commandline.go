package flags

import (
	"fmt"
	"strings"

	"bufsim/model/release"
)

// ParseCommandLine reads a pasted command line of vtgate, vttablet or vtctldclient and takes
// the flags it knows. It understands backslash continuations, quotes, comments, a prompt and
// the program's name in front, the `args:` list of a Kubernetes container and the
// `extraFlags:` map of the Vitess operator. Flags without a meaning for the simulation, and
// words that are no flags, are listed in Ignored as they stand; a redirection or `&` ends the
// command. Only a bad or missing value of a known flag or an open quote is an error.
func ParseCommandLine(text string, p release.Profile) (Parsed, error) {
	words, err := splitWords(text)
	if err != nil {
		return Parsed{}, err
	}
	out := Parsed{Flags: Defaults(p)}
	started := false
	for i := 0; i < len(words); i++ {
		word := words[i]
		arg := word
		name, value, hasValue, isFlag := splitArgument(word)
		if started && isShellWord(word) {
			break
		}
		if !isFlag {
			if started {
				out.Ignored = append(out.Ignored, word)
			}
			continue
		}
		started = true
		d, found := find(name)
		if !hasValue && (!found || d.Kind != KindBool) && i+1 < len(words) && isValueWord(words[i+1]) {
			i++
			value, hasValue = words[i], true
			word += " " + value
		}
		switch {
		case !found:
			out.Ignored = append(out.Ignored, word)
			continue
		case !hasValue && d.Kind == KindBool:
			value = "true"
		case !hasValue:
			return Parsed{}, fmt.Errorf("flag %s needs a value (%s)", word, d.Kind)
		}
		if err := out.take(d, arg, value, p); err != nil {
			return Parsed{}, err
		}
	}
	return out, nil
}

// isValueWord reports whether a word can be the value of the flag before it. Negative numbers
// are no values of Vitess's flags.
func isValueWord(word string) bool {
	return !strings.HasPrefix(word, "-") && !isShellWord(word)
}

// isShellWord reports whether a word ends a command or redirects it.
func isShellWord(word string) bool {
	return word == "&" || word == ";" || word == "|" || word == "&&" || word == "||" ||
		strings.HasPrefix(word, ">") || strings.HasPrefix(word, "<") || strings.HasPrefix(word, "2>")
}
