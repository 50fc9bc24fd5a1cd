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

// ScenarioEntry is the JSON form of one line of the list.
type ScenarioEntry struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// ScenarioEntries is the JSON form of the list.
func ScenarioEntries(list []scenario.Entry) []ScenarioEntry {
	out := make([]ScenarioEntry, len(list))
	for i, e := range list {
		out[i] = ScenarioEntry(e)
	}
	return out
}
