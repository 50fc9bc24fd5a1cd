package analytic

import (
	"errors"
	"time"
)

// Closed is a population of clients that wait for each answer.
type Closed struct {
	Clients int
	// ThinkMin and ThinkMax bound the pause after each statement, drawn evenly between
	// them. Statements take no time beside it.
	ThinkMin, ThinkMax time.Duration
	// Reconnect is the additional pause after a failure.
	Reconnect time.Duration
}

// step is the resolution of the numerical convolution.
const step = time.Millisecond

// Failures is the mean number of statements that fail in an outage: each client's failures
// are the renewals of a delayed renewal process, the first after its residual pause and the
// window, the next ones each after a reconnect, a pause and the window.
func (c Closed) Failures(window, outage time.Duration) (float64, error) {
	if c.ThinkMin < 0 || c.ThinkMax < c.ThinkMin || c.Clients < 0 || c.Reconnect < 0 {
		return 0, errors.New("clients and pauses must not be negative, and the shortest pause not longer than the longest")
	}
	if window <= 0 || outage < 0 {
		return 0, errors.New("a window is positive and an outage not negative")
	}
	n := int(outage / step)
	arrival := c.residual(n) // of the first statement after the outage began
	gap := c.pause(n)
	sum := 0.0
	for first := shift(arrival, steps(window)); ; {
		p := total(first)
		if p == 0 {
			return sum * float64(c.Clients), nil
		}
		sum += p
		first = shift(convolve(first, gap), steps(c.Reconnect+window))
	}
}

func steps(d time.Duration) int { return int((d + step/2) / step) }

// pause is the distribution of a pause on the grid, up to n steps.
func (c Closed) pause(n int) []float64 {
	low, high := steps(c.ThinkMin), steps(c.ThinkMax)
	p := make([]float64, n+1)
	for i := low; i <= min(high, n); i++ {
		p[i] = 1 / float64(high-low+1)
	}
	return p
}

// residual is the distribution of what is left of a pause at a random instant: its density
// at r is P(pause > r) / E(pause).
func (c Closed) residual(n int) []float64 {
	low, high := steps(c.ThinkMin), steps(c.ThinkMax)
	p := make([]float64, n+1)
	if high == 0 {
		p[0] = 1
		return p
	}
	mean := float64(low+high) / 2
	for i := range p {
		survives := 1.0
		if i >= low {
			survives = max(0, float64(high-i)/float64(high-low+1))
		}
		p[i] = survives / mean
	}
	return p
}

// shift moves a distribution to later; what leaves the grid is after the outage.
func shift(p []float64, by int) []float64 {
	out := make([]float64, len(p))
	if by < len(p) {
		copy(out[by:], p)
	}
	return out
}

func convolve(p, q []float64) []float64 {
	out := make([]float64, len(p))
	for i, a := range p {
		if a == 0 {
			continue
		}
		for j, b := range q[:len(p)-i] {
			if b != 0 {
				out[i+j] += a * b
			}
		}
	}
	return out
}

func total(p []float64) (sum float64) {
	for _, v := range p {
		sum += v
	}
	return sum
}

// Poisson is traffic whose requests arrive whatever becomes of earlier ones.
type Poisson struct {
	// Rate is the mean number of arrivals in a second.
	Rate float64
}

// Failures is the mean number of statements that fail in an outage: those that arrive more
// than a window before its end.
func (p Poisson) Failures(window, outage time.Duration) float64 {
	return p.Rate * max(0, (outage-window).Seconds())
}
