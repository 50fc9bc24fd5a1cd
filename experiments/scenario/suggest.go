package scenario

import (
	"fmt"
	"strings"

	"bufsim/model/spelling"
)

// suggest says which of the allowed words was probably meant, and lists them.
func suggest(word string, allowed []string) string {
	list := "allowed: " + strings.Join(allowed, ", ")
	if near, ok := spelling.Nearest(word, allowed); ok {
		return fmt.Sprintf("did you mean %q? %s", near, list)
	}
	return list
}
