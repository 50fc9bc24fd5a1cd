package querylog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseJSON reads a line of the JSON form. Its texts are quoted as Go does, which is
// not always JSON: control characters stand as \x00, \a or \v. spec: W-55
func parseJSON(line string) (Record, error) {
	fixed, err := repair(line)
	if err != nil {
		return Record{}, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(fixed), &members); err != nil {
		var at *json.SyntaxError
		if errors.As(err, &at) {
			return Record{}, &columnError{int(at.Offset), "?", err}
		}
		return Record{}, err
	}
	var r Record
	for i, c := range columns() {
		value, ok := members[c.key]
		if !ok {
			if i < columnsMin {
				return Record{}, fmt.Errorf("no member %q; the query log of a vtgate has it", c.key)
			}
			continue
		}
		if err := c.decode(&r, value); err != nil {
			return Record{}, fmt.Errorf("member %s: %w", c.key, err)
		}
	}
	r.Later = later(members)
	return r, nil
}

// decode reads a member: a text, or a bare number, truth value or list.
func (c column) decode(r *Record, value json.RawMessage) error {
	text := string(value)
	if c.kind == raw {
		r.BindVars = text
		return nil
	}
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
	}
	return parse(text, c.at(r))
}

// later gives the members after the 22nd column in their order.
func later(members map[string]json.RawMessage) (texts []string) {
	for _, key := range laterKeys(4) {
		value, ok := members[key]
		if !ok {
			continue
		}
		text := string(value)
		var inner string
		if json.Unmarshal(value, &inner) == nil {
			text = inner
		}
		texts = append(texts, text)
	}
	return texts
}

// repair turns Go's escapes inside the quotes of a line into those of JSON.
func repair(line string) (string, error) {
	var b strings.Builder
	inside := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			inside = !inside
			b.WriteByte(c)
		case c != '\\' || !inside:
			b.WriteByte(c)
		default:
			char, multibyte, tail, err := strconv.UnquoteChar(line[i:], '"')
			if err != nil {
				return "", &columnError{i + 1, "?", errors.New("a backslash that escapes nothing")}
			}
			i = len(line) - len(tail) - 1
			if !multibyte && char >= 0x80 {
				b.WriteString(`\ufffd`) // a byte that is no text, which JSON cannot hold
				continue
			}
			quotedChar, err := json.Marshal(string(char))
			if err != nil {
				return "", err
			}
			b.Write(quotedChar[1 : len(quotedChar)-1])
		}
	}
	return b.String(), nil
}

// FormatJSON is the line of a record in the JSON form, without a line feed: texts
// quoted as Go does, as a vtgate writes them. spec: W-55
func FormatJSON(r Record) string {
	var parts []string
	for _, c := range columns() {
		text := c.write(&r)
		switch c.at(&r).(type) {
		case *int, *bool, *[]string:
		default:
			if c.kind == bare && !strings.HasSuffix(c.key, "Time") || c.kind == single {
				text = strconv.Quote(format(c.at(&r)))
			}
		}
		parts = append(parts, strconv.Quote(c.key)+": "+text)
	}
	for i, key := range laterKeys(len(r.Later)) {
		parts = append(parts, strconv.Quote(key)+": "+formatLater(key, r.Later[i]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
