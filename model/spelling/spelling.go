// Package spelling finds the name that somebody probably meant. Errors about unknown
// names end with it: `unknown release "v9.1": did you mean v19?`.
//
// Invariant: the answer depends only on the arguments; among equally near candidates the
// first one wins.
//
//	name, ok := spelling.Nearest("bufer-window", []string{"buffer-size", "buffer-window"})
//	// name is buffer-window, ok is true
package spelling

import "strings"

// Nearest gives the candidate with the fewest single-letter edits from name, ignoring
// case. It is false when even the best one is more different than alike.
func Nearest(name string, candidates []string) (string, bool) {
	best, bestDistance := "", len(name)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, best != "" && 2*bestDistance <= max(len(name), len(best))
}

// distance counts the insertions, deletions and replacements between two texts.
func distance(a, b string) int {
	previous := make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current[0] = i + 1
		for j := range len(b) {
			replace := previous[j]
			if a[i] != b[j] {
				replace++
			}
			current[j+1] = min(replace, previous[j+1]+1, current[j]+1)
		}
		previous, current = current, previous
	}
	return previous[len(b)]
}
