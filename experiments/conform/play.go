package conform

import (
	"runtime"
	"sync"
)

// Verdict is what came of a vector of a file.
type Verdict struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Kind Kind   `json:"kind"`
	Result
}

// Report is what came of all vectors of some files. It does not depend on how many cores
// played them.
type Report struct {
	Passed   int       `json:"passed"`
	Failed   int       `json:"failed"`
	Verdicts []Verdict `json:"results"`
	// Reach is there for racy vectors if it was asked for.
	Reach      []Reach   `json:"reach,omitempty"`
	Unreadable []Problem `json:"unreadable,omitempty"`
}

// Play reads the files and plays every vector on all cores. With seeds, each racy one is
// played under so many random schedules besides.
func Play(files []string, seeds int) *Report {
	r := &Report{}
	var vectors, racy []Vector
	for _, name := range files {
		read, problems := ReadFile(name)
		vectors = append(vectors, read...)
		r.Unreadable = append(r.Unreadable, problems...)
	}
	r.Verdicts = inParallel(vectors, func(v Vector) Verdict {
		return Verdict{File: v.File, Line: v.Line, Kind: v.Kind, Result: v.Check()}
	})
	for i, verdict := range r.Verdicts {
		if verdict.Passed {
			r.Passed++
		} else {
			r.Failed++
		}
		if b := vectors[i].Buffer; seeds > 0 && b != nil && b.Racy() {
			racy = append(racy, vectors[i])
		}
	}
	r.Reach = inParallel(racy, func(v Vector) Reach { return MeasureReach(*v.Buffer, Newest(), seeds) })
	return r
}

// inParallel calls fn for all items, and gives the answers in the order of the items.
func inParallel[In, Out any](items []In, fn func(In) Out) []Out {
	out := make([]Out, len(items))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				out[i] = fn(items[i])
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	workers.Wait()
	return out
}
