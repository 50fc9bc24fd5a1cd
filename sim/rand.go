package sim

import "math/bits"

// Rand is a named stream of pseudo-random numbers: a 64-bit permuted
// congruential generator whose start is derived from (seed, name) alone. It
// uses integers only, so that all machines draw the same values. A stream
// belongs to one consumer and is not safe for use by several live goroutines.
type Rand struct {
	hi, lo uint64
}

// NewRand returns the stream of the given seed and name.
func NewRand(seed uint64, name string) *Rand {
	h := HashString(hashSeed, name)
	r := &Rand{hi: splitmix(seed ^ bits.RotateLeft64(h, 17)), lo: splitmix(h + seed*0x9e3779b97f4a7c15)}
	r.Uint64()
	return r
}

func splitmix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Uint64 returns the next 64 uniform bits (PCG-DXSM, 128-bit state).
func (r *Rand) Uint64() uint64 {
	const mulHi, mulLo = 2549297995355413924, 4865540595714422341
	const incHi, incLo = 6364136223846793005, 1442695040888963407
	hi, lo := bits.Mul64(r.lo, mulLo)
	hi += r.hi*mulLo + r.lo*mulHi
	lo, carry := bits.Add64(lo, incLo, 0)
	hi, _ = bits.Add64(hi, incHi, carry)
	r.hi, r.lo = hi, lo
	hi ^= hi >> 32
	hi *= 0xda942042e4dd58b5
	hi ^= hi >> 48
	return hi * (lo | 1)
}

// Int64n returns a uniform number in [0, n). It panics if n <= 0.
func (r *Rand) Int64n(n int64) int64 {
	if n <= 0 {
		panic("sim: Int64n of a non-positive bound")
	}
	bound := uint64(n)
	hi, lo := bits.Mul64(r.Uint64(), bound)
	if lo < bound {
		threshold := -bound % bound
		for lo < threshold {
			hi, lo = bits.Mul64(r.Uint64(), bound)
		}
	}
	return int64(hi)
}

// Intn returns a uniform number in [0, n). It panics if n <= 0.
func (r *Rand) Intn(n int) int { return int(r.Int64n(int64(n))) }

// Chance reports true with probability num/den.
func (r *Rand) Chance(num, den int64) bool { return num > 0 && r.Int64n(den) < num }

// Shuffle permutes n elements uniformly (Fisher-Yates).
func (r *Rand) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.Intn(i+1))
	}
}
