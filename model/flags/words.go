package flags

import (
	"fmt"
	"strings"
)

// splitWords splits a pasted text into the words of a command line: first each line is
// brought into the form of a shell, then the whole is split as a shell would.
func splitWords(text string) ([]string, error) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = shellLine(line)
	}
	return splitShell(strings.Join(lines, "\n"))
}

// shellLine turns a line of YAML into one of a shell; any other line stays as it is. It knows
// list items (`- --cell=zone1`), lists in brackets (`args: ["--cell=zone1"]`), and maps from
// flag names to values (`buffer_size: "4"`).
func shellLine(line string) string {
	item := strings.TrimSpace(line)
	item = strings.TrimSpace(strings.TrimPrefix(item, "- "))
	key, value, isMap := strings.Cut(item, ":")
	value = strings.TrimSpace(value)
	switch {
	case isMap && (key == "args" || key == "command" || key == "extraFlags"):
		return bracketList(value)
	case strings.HasPrefix(item, "["):
		return bracketList(item)
	case isMap && value != "" && !strings.HasPrefix(key, "-"):
		if _, known := find(key); known {
			return "--" + key + "=" + value
		}
		return line
	default:
		return item
	}
}

// bracketList gives the items of `[a, "b"]` separated by blanks.
func bracketList(list string) string {
	inner, found := strings.CutPrefix(strings.TrimSpace(list), "[")
	if !found {
		return list
	}
	inner = strings.TrimSuffix(inner, "]")
	var out strings.Builder
	var quote rune
	for _, r := range inner {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		case quote == 0 && r == ',':
			r = ' '
		}
		out.WriteRune(r)
	}
	return out.String()
}

// splitShell splits at blanks and line ends, honours single and double quotes and backslashes,
// and drops comments.
func splitShell(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	end := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			if text[i] != '\n' { // a backslash at the end of a line continues it
				word.WriteByte(text[i])
				inWord = true
			}
		case c == '\'' || c == '"':
			length := strings.IndexByte(text[i+1:], c)
			if length < 0 {
				return nil, fmt.Errorf("quote %c is opened and not closed: %.40s", c, text[i:])
			}
			word.WriteString(text[i+1 : i+1+length])
			i += length + 1
			inWord = true
		case c == '#' && !inWord:
			if skip := strings.IndexByte(text[i:], '\n'); skip >= 0 {
				i += skip
			} else {
				i = len(text)
			}
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\':
			end()
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	end()
	return words, nil
}
