package conform

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Result is what came of one vector.
type Result struct {
	ID     string `json:"id"`
	Note   string `json:"note,omitempty"`
	Passed bool   `json:"passed"`
	// Schedule is the one that passed, or the last one tried: default, or the name of a random one.
	Schedule string `json:"schedule"`
	// Diffs is empty if the default schedule gave what was recorded. For a racy vector they are
	// the differences from the listed outcome that is most alike.
	Diffs []Diff `json:"diffs,omitempty"`
}

// Diff is one field in which an outcome differs from the recorded one.
type Diff struct {
	// Where is the path of the field; requests are named by their number.
	Where string `json:"where"`
	// Want and Got are the values as JSON; empty if there is none.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
	// Rule names the rules that decide about the field.
	Rule string `json:"rule"`
}

// String is one line.
func (d Diff) String() string {
	or := func(text string) string {
		if text == "" {
			return "nothing"
		}
		return text
	}
	return fmt.Sprintf("%s: want %s, got %s (rules %s)", d.Where, or(d.Want), or(d.Got), d.Rule)
}

// String is the id and one line for each difference.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: passed=%v schedule=%s", r.ID, r.Passed, r.Schedule)
	if r.Note != "" {
		b.WriteString(" (" + r.Note + ")")
	}
	for _, d := range r.Diffs {
		b.WriteString("\n  " + d.String())
	}
	return b.String()
}

// FieldRule names the rules about all fields whose path begins with Prefix; list indexes are
// left out of the path.
type FieldRule struct{ Prefix, Rule string }

// Compare lists the fields in which two values of one type differ, by their JSON forms. As in
// the vectors, zero, false, empty and missing are the same.
func Compare[T any](want, got T, rules []FieldRule) []Diff {
	wanted, have := flatten(want), flatten(got)
	paths := maps.Clone(wanted)
	maps.Copy(paths, have)
	var diffs []Diff
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if wanted[path] != have[path] {
			diffs = append(diffs, Diff{path, wanted[path], have[path], ruleOf(path, rules)})
		}
	}
	return diffs
}

func ruleOf(path string, rules []FieldRule) string {
	bare := regexp.MustCompile(`\[[^]]*\]`).ReplaceAllString(path, "[]")
	for _, r := range rules {
		if strings.HasPrefix(bare, r.Prefix) {
			return r.Rule
		}
	}
	return "unknown"
}

func worldDiff(err error) Diff {
	return Diff{Where: "the run", Want: "an end", Got: err.Error(), Rule: "section 11"}
}

// flatten gives the leaves of a value's JSON form by their paths.
func flatten(value any) map[string]string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // our own types can be marshalled
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	leaves := map[string]string{}
	addLeaves(leaves, "", tree)
	return leaves
}

func addLeaves(leaves map[string]string, path string, node any) {
	switch node := node.(type) {
	case nil:
	case map[string]any:
		for key, child := range node {
			addLeaves(leaves, strings.TrimPrefix(path+"."+key, "."), child)
		}
	case []any:
		for i, child := range node {
			addLeaves(leaves, fmt.Sprintf("%s[%s]", path, itemName(child, i)), child)
		}
	default:
		if node != false && node != float64(0) && node != "" {
			text, _ := json.Marshal(node)
			leaves[path] = string(text)
		}
	}
}

// itemName is the number of a request, or the place in the list.
func itemName(item any, i int) string {
	if fields, ok := item.(map[string]any); ok && fields["req"] != nil {
		return fmt.Sprintf("r%v", fields["req"])
	}
	return fmt.Sprint(i)
}
