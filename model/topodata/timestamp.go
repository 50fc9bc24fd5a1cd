package topodata

import "time"

// Timestamp is an instant as records hold it: nanoseconds since the Unix epoch, on the
// clock of the host that wrote the record. Zero means "not set". The most important one
// is the primary term start time (PTS).
// spec: T-3
type Timestamp int64

// Seconds gives the whole seconds since the epoch, rounded down: the resolution in which
// health messages carry a PTS. Two terms of the same second are equal in it.
// spec: T-70, T-77
func (t Timestamp) Seconds() int64 {
	s := int64(t) / int64(time.Second)
	if int64(t)%int64(time.Second) < 0 {
		s--
	}
	return s
}

// IsZero reports whether the instant was never set.
func (t Timestamp) IsZero() bool { return t == 0 }

// Add gives the instant d later.
func (t Timestamp) Add(d time.Duration) Timestamp { return t + Timestamp(d) }
