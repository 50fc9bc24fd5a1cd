package report

import "bufsim/experiments/scenario"

// Scenarios lists the built-in scenarios, one line each.
func Scenarios(list []scenario.Entry) string {
	p := &page{}
	for _, e := range list {
		p.line("%-34s %s", e.Name, e.Title)
	}
	return p.String()
}
