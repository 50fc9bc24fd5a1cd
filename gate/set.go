package gate

import (
	"strings"

	"bufsim/sim"
)

// set takes over the settings of a SET statement. Autocommit is the gate's own business:
// switching it on commits. The names of character sets and users' variables change nothing
// here; the rest is replayed where a connection is reserved. spec: W-30, G-65
func (g *Gate) set(ctx *sim.Context, s *session, id, sql string) error {
	_, assignments, _ := strings.Cut(strings.TrimSpace(sql), " ")
	for assignment := range strings.SplitSeq(assignments, ",") {
		name, value, assigned := strings.Cut(assignment, "=")
		name, value = settingName(name), strings.ToLower(strings.Trim(strings.TrimSpace(value), ";'"))
		switch {
		case name == "autocommit" && isOn(value):
			s.autocommit = true
			if err := g.commit(ctx, s, id); err != nil {
				return err
			}
		case name == "autocommit":
			s.autocommit = false
		case assigned && !strings.HasPrefix(name, "@"):
			s.settings = append(s.settings, "set "+strings.TrimSpace(assignment))
		}
	}
	return nil
}

// settingName strips the scope from a setting: `@@session.autocommit` is autocommit.
func settingName(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	for _, scope := range []string{"session ", "local ", "@@session.", "@@local.", "@@"} {
		name = strings.TrimPrefix(name, scope)
	}
	return strings.TrimSpace(strings.TrimSuffix(name, ":"))
}

func isOn(value string) bool { return value == "1" || value == "on" || value == "true" }
