package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Marshal prints a scenario in its canonical form: every value in the order of
// the Go types, defaults included. [Load] turns the text into an equal value.
func (s *Scenario) Marshal() []byte {
	var b bytes.Buffer
	w := &writer{out: &b}
	w.fields(fieldMembers(reflect.ValueOf(s).Elem()), 0)
	return b.Bytes()
}

// Hash identifies what a scenario says, by its canonical form and the gateslap
// files it names. Comments, the order of keys and values equal to the defaults
// make no difference; title, description, note and expectations do.
func (s *Scenario) Hash() string {
	h := sha256.New()
	h.Write(s.Marshal())
	for _, g := range s.Workload {
		if g.Gateslap != nil {
			fmt.Fprintf(h, "\x00%d\x00%s", len(g.Gateslap.Text), g.Gateslap.Text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// flow is a value that is written as it stands.
type flow string

// orderedMap is a mapping with a fixed order of keys.
type orderedMap []member

type member struct {
	name  string
	value any
}

// canonical is a type with a written form of its own: a string, a flow or an
// orderedMap.
type canonical interface{ canonical() any }

// writer prints the canonical YAML. A general YAML library would do, but the
// text is hashed and must not change with a library.
type writer struct{ out *bytes.Buffer }

// fieldMembers lists the fields of a struct that are to be written.
func fieldMembers(v reflect.Value) orderedMap {
	var out orderedMap
	for _, f := range fieldsOf(v.Type()) {
		value := v.Field(f.index)
		if (f.omitEmpty || value.Kind() == reflect.Pointer || value.Kind() == reflect.Slice) && isEmpty(value) {
			continue
		}
		out = append(out, member{f.name, value.Interface()})
	}
	return out
}

// isEmpty reports whether a value says nothing.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// fields writes the members of a mapping, one a line.
func (w *writer) fields(members orderedMap, indent int) {
	for _, m := range members {
		w.margin(indent)
		w.out.WriteString(key(m.name) + ":")
		w.value(m.value, indent)
	}
}

func (w *writer) margin(indent int) { w.out.WriteString(strings.Repeat(" ", indent)) }

// value writes what stands behind a key, beginning on the same line.
func (w *writer) value(value any, indent int) {
	switch form := formToWrite(value).(type) {
	case flow:
		w.out.WriteString(" " + string(form) + "\n")
	case string:
		w.text(form, indent)
	case orderedMap:
		if len(form) == 0 {
			w.out.WriteString(" {}\n")
			return
		}
		w.out.WriteByte('\n')
		w.fields(form, indent+2)
	case []any:
		w.out.WriteByte('\n')
		for _, item := range form {
			w.item(item, indent+2)
		}
	}
}

// item writes one element of a list.
func (w *writer) item(value any, indent int) {
	w.margin(indent)
	w.out.WriteByte('-')
	members, ok := formToWrite(value).(orderedMap)
	if !ok || len(members) == 0 {
		w.value(value, indent)
		return
	}
	// The first key stands on the line of the dash.
	w.out.WriteString(" " + key(members[0].name) + ":")
	w.value(members[0].value, indent+2)
	w.fields(members[1:], indent+2)
}

// formToWrite turns a Go value into a flow, a string, an orderedMap or a list.
func formToWrite(value any) any {
	switch t := value.(type) {
	case flow, orderedMap, []any:
		return t
	case canonical:
		return t.canonical()
	case encoding.TextMarshaler:
		text, err := t.MarshalText()
		if err != nil {
			panic(err) // the types of this package always have a text
		}
		return flow(text)
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer:
		return formToWrite(v.Elem().Interface())
	case reflect.Struct:
		return fieldMembers(v)
	case reflect.Slice:
		items := make([]any, v.Len())
		for i := range items {
			items[i] = v.Index(i).Interface()
		}
		return items
	case reflect.String:
		return v.String()
	default:
		return flow(fmt.Sprint(value))
	}
}

func key(name string) string { return quoteIfNeeded(name) }

// text writes a string: plain where YAML takes it for one, as a block if it is
// made of plain lines, else in quotes.
func (w *writer) text(s string, indent int) {
	if !isBlock(s) {
		w.out.WriteString(" " + quoteIfNeeded(s) + "\n")
		return
	}
	header := " |-\n"
	if strings.HasSuffix(s, "\n") {
		header = " |\n"
	}
	w.out.WriteString(header)
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" {
			w.margin(indent + 2)
			w.out.WriteString(line)
		}
		w.out.WriteByte('\n')
	}
}

// isBlock reports whether a text can be written as a literal block without any
// special care.
func isBlock(s string) bool {
	body := strings.TrimSuffix(s, "\n")
	if !strings.Contains(body, "\n") {
		return false
	}
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		edge := i == 0 || i == len(lines)-1
		if edge && line == "" || line != strings.TrimSpace(line) || !isPlainLine(line) {
			return false
		}
	}
	return true
}

// isPlainLine reports whether a line is made of printable ASCII.
func isPlainLine(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// quoteIfNeeded writes a string so that YAML reads it as that very string.
func quoteIfNeeded(s string) string {
	if isPlainScalar(s) {
		return s
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(quoted)
}

// isPlainScalar is deliberately narrow: letters first, then signs that mean
// nothing to YAML, and no word that YAML takes for something else.
func isPlainScalar(s string) bool {
	if s == "" || !isLetter(s[0]) || strings.HasSuffix(s, " ") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isLetter(c) && !('0' <= c && c <= '9') && !strings.ContainsRune("-_./ ,()+%", rune(c)) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf":
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err != nil
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
