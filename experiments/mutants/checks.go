package mutants

import (
	"slices"
	"strings"
)

// users are the packages whose tests are asked after those of the mutated package itself, the
// nearest first: by the longest prefix of the package.
var users = []struct {
	prefix   string
	packages []string
}{
	{"./gate", []string{"./gate", "./experiments/history", "./experiments/conform"}},
	{"./tablet", []string{"./tablet", "./tablet/reparent", "./experiments/history"}},
	{"./topo", []string{"./topo", "./topo/topotest", "./tablet/reparent"}},
	{"./sim", []string{"./sim", "./sim/explore", "./gate"}},
	{"./model", []string{"./tablet/mysqld", "./tablet", "./gate"}},
}

// outside are the checks that see a whole cluster; they are asked last.
var outside = []string{"./experiments/runner", "./experiments/invariant"}

// checks lists the packages whose tests may catch a mutant, in the order in which they are asked.
func (m Mutant) checks() []string {
	list := []string{m.Package()}
	for _, u := range users {
		if strings.HasPrefix(m.Package(), u.prefix) {
			list = append(list, u.packages...)
		}
	}
	list = append(list, outside...)
	var once []string
	for _, p := range list {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	return once
}
