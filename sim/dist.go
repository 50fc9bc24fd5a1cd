package sim

import (
	"math/bits"
	"time"
)

// Dist is a distribution of durations. Draws use integers only, so that all
// machines draw the same values. The zero value is the constant 0.
type Dist struct {
	kind distKind
	a, b time.Duration // constant: a; uniform: [a, b]; log-normal: median a, 99th percentile b
	lo   time.Duration // log-normal: clamped to [lo, hi]; hi 0 is no limit
	hi   time.Duration // heavy tail: the longest
}

type distKind uint8

const (
	distConstant distKind = iota
	distUniform
	distLogNormal
	distHeavyTail
	distExponential
)

// Constant is always d.
func Constant(d time.Duration) Dist { return Dist{a: d} }

// Uniform is uniform over [lo, hi], both ends included.
func Uniform(lo, hi time.Duration) Dist { return Dist{kind: distUniform, a: lo, b: hi} }

// LogNormal has the given median and 99th percentile; draws are clamped to
// [lo, hi], where hi 0 is no upper limit.
func LogNormal(median, p99, lo, hi time.Duration) Dist {
	return Dist{kind: distLogNormal, a: median, b: p99, lo: lo, hi: hi}
}

// HeavyTail is log-normal with the given median and 99th percentile, but for one draw in a
// hundred: what would lie above the percentile is spread evenly, on a logarithmic scale, between
// it and the longest. It stands for work that now and then is held up by something else.
func HeavyTail(median, p99, longest time.Duration) Dist {
	return Dist{kind: distHeavyTail, a: median, b: p99, hi: longest}
}

// Exponential has the given mean: the gaps of a Poisson process.
func Exponential(mean time.Duration) Dist { return Dist{kind: distExponential, a: mean} }

// Draw returns the next value of the distribution from r.
func (d Dist) Draw(r *Rand) time.Duration {
	switch d.kind {
	case distUniform:
		if d.b <= d.a {
			return d.a
		}
		return d.a + time.Duration(r.Int64n(int64(d.b-d.a)+1))
	case distLogNormal:
		return d.logNormal(r)
	case distHeavyTail:
		return d.heavyTail(r)
	case distExponential:
		return d.exponential(r)
	}
	return d.a
}

// Median returns the distribution's median.
func (d Dist) Median() time.Duration {
	switch d.kind {
	case distUniform:
		return d.a + (d.b-d.a)/2
	case distExponential:
		return time.Duration(mulDiv(int64(d.a), ln2, 1<<32))
	}
	return d.a
}

// ln2 is the natural logarithm of two in Q32.
const ln2 = 2977044472

// exponential computes -mean*ln(u) for a uniform u in (0, 1], in fixed point.
func (d Dist) exponential(r *Rand) time.Duration {
	u := r.Uint64()>>1 + 1 // Q63
	return time.Duration(mulDiv(int64(d.a), mulDiv(63<<32-log2(u), ln2, 1<<32), 1<<32))
}

// logNormal computes median * (p99/median)^(z/z99) = median * 2^(z*log2(p99/median)/z99)
// in fixed point, with z a standard normal draw: the sum of 12 uniforms minus 6
// (Irwin-Hall), whose tails end at six standard deviations.
func (d Dist) logNormal(r *Rand) time.Duration {
	if d.a <= 0 || d.b <= d.a {
		return max(d.a, d.lo)
	}
	const one = 1 << 32
	var sum int64
	for range 6 {
		x := r.Uint64()
		sum += int64(x>>32) + int64(x&(one-1))
	}
	z := sum - 6*one       // Q32
	const z99 = 9991523754 // 2.326347874 in Q32
	spread := log2(uint64(d.b)) - log2(uint64(d.a))
	v := exp2(uint64(d.a), mulDiv(z, spread, z99))
	v = max(v, d.lo)
	if d.hi > 0 {
		v = min(v, d.hi)
	}
	return v
}

func (d Dist) heavyTail(r *Rand) time.Duration {
	v := d.logNormal(r)
	if v <= d.b || d.b <= 0 || d.hi <= d.b {
		return v
	}
	u := int64(r.Uint64() >> 32) // Q32
	return exp2(uint64(d.b), mulDiv(u, log2(uint64(d.hi))-log2(uint64(d.b)), 1<<32))
}

// mulDiv returns a*b/c rounded towards zero; b and c are positive.
func mulDiv(a, b, c int64) int64 {
	neg := a < 0
	if neg {
		a = -a
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	if neg {
		return -int64(q)
	}
	return int64(q)
}

// log2 returns the binary logarithm of x > 0 in Q32, by repeated squaring.
func log2(x uint64) int64 {
	n := bits.Len64(x) - 1
	y := x << (63 - n) // Q63 in [1, 2)
	result := int64(n) << 32
	for bit := int64(1) << 31; bit > 0; bit >>= 1 {
		hi, lo := bits.Mul64(y, y) // Q126: Q62 in hi
		if hi>>63 != 0 {
			result += bit
			y = hi
		} else {
			y = hi<<1 | lo>>63
		}
	}
	return result
}

// exp2 returns base * 2^e for e in Q32, saturating at a hundred years.
func exp2(base uint64, e int64) time.Duration {
	const limit = uint64(100 * 365 * 24 * time.Hour)
	whole, frac := e>>32, uint64(e&(1<<32-1))
	y := uint64(1) << 63 // Q63 in [1, 2)
	roots := exp2Roots()
	for i := uint(1); i <= 32; i++ {
		if frac>>(32-i)&1 != 0 {
			hi, lo := bits.Mul64(y, roots[i-1])
			y = hi<<1 | lo>>63
		}
	}
	hi, lo := bits.Mul64(base, y) // base * y, Q63
	v := hi<<1 | lo>>63
	if whole < 0 {
		return time.Duration(v >> min(uint64(-whole), 63))
	}
	if whole >= int64(bits.LeadingZeros64(v)) || v<<whole > limit {
		return time.Duration(limit)
	}
	return time.Duration(v << whole)
}

// exp2Roots returns 2^(2^-i) in Q63 for i = 1..32: the repeated square roots of two.
func exp2Roots() *[32]uint64 {
	return &[32]uint64{
		13043817825332782212, 10968499650544839023, 10058158527438640871, 9631725603661576981,
		9425337585438007767, 9323807973325342579, 9273454034941487980, 9248379135337035441,
		9235867122425417553, 9229617465154500136, 9226494222562136017, 9224932997620185949,
		9224152484218207415, 9223762252282022473, 9223567142504825508, 9223469589163912706,
		9223420812880372951, 9223396424835331638, 9223384230836993049, 9223378133843869261,
		9223375085348818743, 9223373561101671328, 9223372798978192081, 9223372417916476073,
		9223372227385623972, 9223372132120199398, 9223372084487487480, 9223372060671131613,
		9223372048762953703, 9223372042808864754, 9223372039831820280, 9223372038343298044,
	}
}
