package scenario

import (
	"fmt"
	"strings"
)

// suggest says which of the allowed words was probably meant, and lists them.
func suggest(word string, allowed []string) string {
	list := "allowed: " + strings.Join(allowed, ", ")
	if near := nearest(word, allowed); near != "" {
		return fmt.Sprintf("did you mean %q? %s", near, list)
	}
	return list
}

// nearest returns the allowed word with the smallest edit distance to word, or
// "" when none is close.
func nearest(word string, allowed []string) string {
	best, bestDistance := "", len(word)/2+1
	for _, candidate := range allowed {
		if d := distance(strings.ToLower(word), candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
