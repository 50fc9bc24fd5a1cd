package sweep

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/sim"
)

// pointsMax bounds the points of a plan; each has a setting of its own in memory.
const pointsMax = 100_000

// design gives the rows of the plan: the grid of all values, the first axis running
// fastest, or random points.
func (r *Resolved) design() ([][]string, error) {
	if r.Plan.Random < 0 {
		return nil, fmt.Errorf("random: %d points cannot be drawn", r.Plan.Random)
	}
	if r.Plan.Random > 0 {
		return r.random(r.Plan.Random)
	}
	n := 1
	for _, a := range r.Axes {
		if n > pointsMax/len(a.Values) {
			return nil, fmt.Errorf("vary: the grid has more than %d points; vary less, or draw some of them with random", pointsMax)
		}
		n *= len(a.Values)
	}
	rows := make([][]string, n)
	for i := range rows {
		rest := i
		for _, a := range r.Axes {
			rows[i] = append(rows[i], a.Values[rest%len(a.Values)])
			rest /= len(a.Values)
		}
	}
	return rows, nil
}

// random draws points: each axis independently and evenly, a range between its ends
// and a list among its values. The draws depend on the axis's name alone, so that
// one axis more leaves those of the others as they are.
func (r *Resolved) random(n int) ([][]string, error) {
	if n > pointsMax {
		return nil, fmt.Errorf("random: more than %d points", pointsMax)
	}
	rows := make([][]string, n)
	for _, a := range r.Axes {
		rand := sim.NewRand(designSeed, "design/"+a.Name)
		draw := func() string { return a.Values[rand.Int64n(int64(len(a.Values)))] }
		if low, high, format, ok := ends(a.Range); ok {
			draw = func() string { return format(low + rand.Int64n(high-low+1)) }
		}
		for i := range rows {
			rows[i] = append(rows[i], draw())
		}
	}
	return rows, nil
}

// designSeed starts the draws of random designs: equal plans have equal points.
const designSeed = 1

// ends takes a range apart: whole numbers, or durations in milliseconds.
func ends(text string) (low, high int64, format func(int64) string, ok bool) {
	from, rest, _ := strings.Cut(text, "..")
	to, _, _ := strings.Cut(rest, "/")
	low, err := strconv.ParseInt(from, 10, 64)
	high, err2 := strconv.ParseInt(to, 10, 64)
	if err == nil && err2 == nil {
		return low, high, func(n int64) string { return strconv.FormatInt(n, 10) }, low <= high
	}
	first, err := time.ParseDuration(from)
	last, err2 := time.ParseDuration(to)
	ms := func(n int64) string { return (time.Duration(n) * time.Millisecond).String() }
	return first.Milliseconds(), last.Milliseconds(), ms, err == nil && err2 == nil && first <= last
}
