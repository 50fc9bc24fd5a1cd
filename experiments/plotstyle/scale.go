package plotstyle

import (
	"image/color"
	"math"
	"slices"
)

// shade is the colour of a share of the way from nothing to the largest value: one
// hue from paper to dark blue, so that darker is more also in print.
func shade(share float64) color.NRGBA {
	stops := []color.NRGBA{
		{R: 255, G: 255, B: 255, A: 255}, {R: 190, G: 220, B: 240, A: 255}, {R: 86, G: 160, B: 210, A: 255},
		{R: 0, G: 94, B: 158, A: 255}, {R: 4, G: 38, B: 84, A: 255},
	}
	at := max(0, min(1, share)) * float64(len(stops)-1)
	i := min(int(at), len(stops)-2)
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a) + (at-float64(i))*(float64(b)-float64(a))))
	}
	a, b := stops[i], stops[i+1]
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 255}
}

// inkOn is the grey that can be read on a shade.
func inkOn(share float64) color.NRGBA {
	if share > 0.6 {
		return paper()
	}
	return ink()
}

// largest is the largest value of all rows, and 1 if there is none above zero.
func largest(rows [][]float64) float64 {
	top := 0.0
	for _, row := range rows {
		top = max(top, slices.Max(row))
	}
	if top == 0 {
		return 1
	}
	return top
}
