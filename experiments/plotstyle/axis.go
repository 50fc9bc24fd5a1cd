package plotstyle

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// Axis names one axis.
type Axis struct {
	// Title says what is measured, without its unit.
	Title string
	// Unit is the unit, such as "s"; empty for a bare number.
	Unit string
	// Percent shows shares, 0 to 1, as percentages. The CSV keeps the shares.
	Percent bool
}

// label is the text along the axis.
func (a Axis) label() string {
	switch {
	case a.Percent:
		return a.Title + " (%)"
	case a.Unit != "":
		return a.Title + " (" + a.Unit + ")"
	}
	return a.Title
}

// column is the header of the axis in the CSV.
func (a Axis) column() string {
	if a.Percent {
		return a.Title + " (share)"
	}
	return a.label()
}

func (a Axis) check(name string) error {
	if a.Title == "" {
		return fmt.Errorf("%s axis: title is missing", name)
	}
	if a.Percent && a.Unit != "" {
		return fmt.Errorf("%s axis: percent and unit %q contradict each other", name, a.Unit)
	}
	return nil
}

// ticks places about six marks at round numbers.
type ticks struct {
	of Axis
}

// Ticks implements plot.Ticker.
func (t ticks) Ticks(low, high float64) []plot.Tick {
	step := roundStep(high - low)
	scale := 1.0
	if t.of.Percent {
		scale = 100
	}
	digits := max(0, -int(math.Floor(math.Log10(step*scale)+1e-9)))
	var marks []plot.Tick
	first, last := int(math.Ceil(low/step-1e-9)), int(math.Floor(high/step+1e-9))
	for i := first; i <= last; i++ {
		value := float64(i) * step
		label := strconv.FormatFloat(value*scale, 'f', digits, 64)
		marks = append(marks, plot.Tick{Value: value, Label: label})
	}
	return marks
}

// roundStep is 1, 2 or 5 times a power of ten, and four to eight times in the span.
func roundStep(span float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(span/4)))
	for _, step := range []float64{1, 2, 5} {
		if span/(step*power) <= 8 {
			return step * power
		}
	}
	return 10 * power
}

// roundRange widens a range of values to zero and to the next round marks: an
// axis that does not start at zero exaggerates.
func roundRange(low, high float64) (float64, float64) {
	low, high = min(low, 0), max(high, 0)
	if high == low {
		high = low + 1
	}
	step := roundStep(high - low)
	return math.Floor(low/step+1e-9) * step, math.Ceil(high/step-1e-9) * step
}
