package findings

import "slices"

// Folder is where the pages and the cases are, seen from this package.
const Folder = "../../docs/findings"

// Finding is a fault of the failover that shows in the releases of today.
type Finding struct {
	// Slug names the page Folder/Slug.md and the case Folder/cases/Slug.yaml.
	Slug string
	// Title says what an operator sees.
	Title string
	// Rules foretold it, or explain it.
	Rules []string
	// Hidden are releases in which the case does not show, among [Releases].
	Hidden []string
	// Remedies are changes after which the case does not show.
	Remedies []string
	// Traffic are the levels of the sweep, as changes; the first is the case's own.
	Traffic []string
}

// Releases are those in which each case is played.
func Releases() []string { return []string{"v18", "v21", "v24", "main"} }

// Case is the path of the finding's scenario.
func (f Finding) Case() string { return Folder + "/cases/" + f.Slug + ".yaml" }

// ShowsIn reports whether the case shows in a release.
func (f Finding) ShowsIn(release string) bool { return !slices.Contains(f.Hidden, release) }

// Lookup finds a finding by its slug.
func Lookup(slug string) (Finding, bool) {
	all := All()
	i := slices.IndexFunc(all, func(f Finding) bool { return f.Slug == slug })
	if i < 0 {
		return Finding{}, false
	}
	return all[i], true
}

// All lists the findings: first those that cost most.
func All() []Finding { return append(lasting(), waiting()...) }

// crowds is the usual sweep over the number of clients.
func crowds() []string { return []string{"clients=1", "clients=3", "clients=10", "clients=30"} }
