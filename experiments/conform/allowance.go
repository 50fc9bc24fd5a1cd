package conform

import "regexp"

// allowance is a kind of outcome that the rules allow and that nobody recorded: how it differs
// from the listed one that is most alike.
type allowance struct {
	vectors []string
	// fields fits every field that may differ.
	fields *regexp.Regexp
	rule   string
}

// allowances are the known ones, as the README of the vectors tells them.
func allowances() []allowance {
	return []allowance{
		{ // the call passes between the first look at the flag and the one under the lock
			vectors: []string{"racy/shutdown-and-request", "racy/rand-42-206", "racy/rand-42-279"},
			fields:  regexp.MustCompile(`\.skipped\.Shutdown$|^states_at_end\.|^probes\[\d+]\.shards\.`),
			rule:    "B-14, C-8(e)",
		},
		{ // the caller sees its context end, but the window evicts first
			vectors: []string{"racy/deadline-at-window"},
			fields:  regexp.MustCompile(`\.evicted\.(ContextDone|WindowExceeded)$`),
			rule:    "B-29, C-2",
		},
		{ // request 5, its context ended, is evicted by request 4 before it can leave
			vectors: []string{"racy/rand-42-36"},
			fields:  regexp.MustCompile(`\.evicted\.(ContextDone|BufferFull)$|^requests\[r5]\.`),
			rule:    "B-29, B-31",
		},
	}
}

// allowedBy names the rule that allows the differences of a vector's outcome, or nothing.
func allowedBy(id string, diffs []Diff) string {
	for _, a := range allowances() {
		if a.allows(id, diffs) {
			return a.rule
		}
	}
	return ""
}

func (a allowance) allows(id string, diffs []Diff) bool {
	for _, name := range a.vectors {
		if name != id {
			continue
		}
		for _, d := range diffs {
			if !a.fields.MatchString(d.Where) {
				return false
			}
		}
		return true
	}
	return false
}
