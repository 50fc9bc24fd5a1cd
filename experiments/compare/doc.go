// Package compare plays two settings on the same seeds and says what differs: two
// releases, two sets of flags, two scenarios, or any mixture.
//
// Both sides see the same seeds, so that their clients send the same statements at the
// same times; the run is the unit, and differences are taken run by run. P-values are
// those of the sign-flip test, corrected by Holm for the number of figures, and a
// figure is decided only below 5 %.
//
//	a, _ := compare.ParseSide("v13", base)
//	b, _ := compare.ParseSide("v24 buffer-window=5s", base)
//	c, err := compare.Play(ctx, a, b, seeds, compare.Options{})
package compare
