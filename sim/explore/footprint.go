package explore

import "bufsim/sim"

// footprint is what a step touches. Two steps whose footprints have nothing in common, or
// only what both of them read, can be exchanged.
type footprint struct {
	objects []access
	all     bool // touches everything
}

type access struct {
	id    uint64
	write bool
}

func (f *footprint) add(id uint64, write bool) {
	if id == sim.TouchedAll {
		f.all = true
		return
	}
	for i := range f.objects {
		if f.objects[i].id == id {
			f.objects[i].write = f.objects[i].write || write
			return
		}
	}
	f.objects = append(f.objects, access{id, write})
}

// conflicts reports whether the order of two steps can matter.
func (f *footprint) conflicts(g *footprint) bool {
	if f.all || g.all {
		return true
	}
	for _, a := range f.objects {
		for _, b := range g.objects {
			if a.id == b.id && (a.write || b.write) {
				return true
			}
		}
	}
	return false
}
