package flags

import "bufsim/model/release"

// Format prints the flags that differ from a release's defaults, in the release's spelling
// and in the order of the table: a command line for that release.
func Format(s Set, p release.Profile) []string {
	var out []string
	defaults := Defaults(p)
	for _, d := range Descriptions() {
		value := d.Value(s)
		switch {
		case value == d.Value(defaults):
		case d.Kind == KindBool && value == "true":
			out = append(out, d.Spelled(p))
		default:
			out = append(out, d.Spelled(p)+"="+value)
		}
	}
	return out
}
