package stats

import "math/bits"

// Rand is a small deterministic generator: splitmix64 (Steele, Lea, Flood:
// Fast splittable pseudorandom number generators, OOPSLA 2014). It is our own,
// so that the intervals in a published study do not change with the Go release.
// It is not safe for concurrent use.
type Rand struct {
	state uint64
}

// NewRand returns a generator that starts at the seed. Equal seeds give equal
// sequences; every seed, zero included, is good.
func NewRand(seed uint64) *Rand {
	return &Rand{state: seed}
}

// Uint64 returns the next 64 random bits.
func (r *Rand) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// intn returns a uniform number in [0, n), without bias (Lemire: Fast random
// integer generation in an interval, ACM TOMACS 29(1), 2019). n must be positive.
func (r *Rand) intn(n int) int {
	bound := uint64(n)
	hi, lo := bits.Mul64(r.Uint64(), bound)
	if lo < bound {
		for threshold := -bound % bound; lo < threshold; {
			hi, lo = bits.Mul64(r.Uint64(), bound)
		}
	}
	return int(hi)
}
