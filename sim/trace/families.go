package trace

import (
	"fmt"
	"slices"
	"strings"
)

// UnknownKindError says that a name is neither a kind nor a family of kinds.
type UnknownKindError struct {
	Name string
	// Known are the families and the kinds that there are, sorted.
	Known []string
}

// Error implements error.
func (e *UnknownKindError) Error() string {
	return fmt.Sprintf("unknown kind of event %q; known are %s", e.Name, strings.Join(e.Known, ", "))
}

// ParseKinds reads a list of kinds and families such as "net,buffer.evict", for
// [Filter]. Spaces around names and empty names are passed over; the result is in
// the order of the list, without repetitions. A name that fits none of the known
// kinds is an [*UnknownKindError].
func ParseKinds(list string, known []KindDoc) ([]string, error) {
	var kinds []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(kinds, name) {
			continue
		}
		if !slices.ContainsFunc(known, func(d KindDoc) bool { return d.Kind.In(name) }) {
			return nil, &UnknownKindError{Name: name, Known: names(known)}
		}
		kinds = append(kinds, name)
	}
	return kinds, nil
}

// names lists each kind and all families that it belongs to.
func names(known []KindDoc) []string {
	var list []string
	for _, d := range known {
		name := string(d.Kind)
		for i, c := range name {
			if c == '.' {
				list = append(list, name[:i])
			}
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
