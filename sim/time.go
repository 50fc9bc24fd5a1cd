package sim

import "time"

// Time is an instant of a world's virtual clock, in nanoseconds since the
// world's start. It is a type of its own so that wall-clock values cannot slip in.
type Time int64

// Never is later than every instant that a world reaches.
const Never Time = 1<<63 - 1

// Add returns t+d; it saturates at Never.
func (t Time) Add(d time.Duration) Time {
	sum := t + Time(d)
	if d > 0 && sum < t {
		return Never
	}
	return sum
}

// Sub returns the duration t-u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Duration returns the time since the world's start.
func (t Time) Duration() time.Duration { return time.Duration(t) }

// String prints t as a Go duration since the world's start, e.g. "6.2s".
func (t Time) String() string {
	if t == Never {
		return "never"
	}
	return time.Duration(t).String()
}
