// Package plotstyle draws every figure of the project in one house style, with
// gonum/plot. It has no counterpart in Vitess.
//
// The style: sans-serif text; the colours of Okabe and Ito, which colour-blind
// readers can tell apart, always together with a marker and a dash pattern, so
// that no meaning hangs on colour alone; light horizontal grid; intervals as
// bands; legend outside on the right; a title that is a sentence (the finding
// or the question), left aligned; a caption below that says how many runs, which
// seeds, which release, and what one run is.
//
// A [Figure] is a frame (title, caption, legend) around a [Body]: [Curves] for a
// value that depends on a number, [Heat] for one that depends on two, [Bars] for
// totals and their parts, [Steps] and [Lanes] for the time of one run. Another
// kind is one more file with one more type that implements Body.
//
// Left out: interactive figures, colour themes, any option that would let two
// figures of one report look different.
//
// Invariants: the same figure gives the same bytes in every format; the CSV
// holds exactly the numbers that are drawn; a figure that would mislead (values
// that are not finite, bands upside down, intervals without a named method, no
// caption) is an error and writes no file.
//
// Example:
//
//	fig := plotstyle.Figure{
//		Title: "A window of 10 s hides a failover of 5 s.",
//		Caption: plotstyle.Caption{Runs: 200, Seeds: "1-200", Release: "v22",
//			Unit: "one failover", Interval: "95 % BCa bootstrap over runs"},
//		Body: plotstyle.Curves{
//			X: plotstyle.Axis{Title: "buffer-window", Unit: "s"},
//			Y: plotstyle.Axis{Title: "failed statements", Percent: true},
//			Series: []plotstyle.Series{{Name: "PRS", X: x, Y: y, Low: low, High: high}},
//			References: []plotstyle.Reference{{X: 10, Label: "default 10 s"}},
//		},
//	}
//	err := fig.Save("figures", "window") // window.png, window.svg, window.csv
package plotstyle
