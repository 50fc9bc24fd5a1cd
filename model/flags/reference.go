package flags

import (
	"fmt"
	"strings"

	"bufsim/model/release"
)

// Reference gives the documentation of all flags as Markdown: one table per component, with
// both spellings, the default in the newest release and in those that differ.
func Reference() string {
	var out strings.Builder
	var component Component
	for _, d := range Descriptions() {
		if d.Component != component {
			component = d.Component
			fmt.Fprintf(&out, "\n## %s\n\n| flag | up to v22 | type | default | meaning | rule |\n|---|---|---|---|---|---|\n", component)
		}
		fmt.Fprintf(&out, "| `--%s` | `--%s` | %s | %s | %s | %s |\n", d.Name, d.OldName, d.Kind, defaultHistory(d), d.Help, d.Rule)
	}
	return strings.TrimPrefix(out.String(), "\n")
}

// defaultHistory tells how a default changed over the releases, such as
// "`10`, from v13 `1000`".
func defaultHistory(d Description) string {
	var out strings.Builder
	previous := ""
	for i, p := range release.All() {
		value := d.Default(p)
		switch {
		case i == 0:
			out.WriteString(code(value))
		case value != previous:
			out.WriteString(", from " + p.Name + " " + code(value))
		}
		previous = value
	}
	return out.String()
}

func code(value string) string {
	if value == "" {
		return "none"
	}
	return "`" + value + "`"
}
