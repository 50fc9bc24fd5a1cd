package scenario

import (
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"

	"bufsim/sim"
)

// DistKind is the shape of a distribution.
type DistKind string

// The shapes.
const (
	DistConstant  DistKind = "constant"
	DistUniform   DistKind = "uniform"
	DistLognormal DistKind = "lognormal"
)

// Dist is a distribution of durations. Written as a plain duration (`5ms`), as
// `{constant: 5ms}`, `{uniform: [50ms, 150ms]}` or
// `{lognormal: {median: 3ms, p99: 40ms}}`, the last perhaps with a `longest`. The zero Dist is
// the constant 0.
type Dist struct {
	Kind DistKind
	// Value is the constant.
	Value Duration
	// Min and Max are the ends of the uniform distribution.
	Min, Max Duration
	// Median and P99 are two quantiles of the log-normal distribution.
	Median, P99 Duration
	// Longest, if it is not 0, spreads the hundredth above P99 up to here: a heavy tail.
	Longest Duration
}

// Constant is a distribution with a single value.
func Constant(v time.Duration) Dist { return Dist{Kind: DistConstant, Value: Duration(v)} }

// Uniform is the even distribution between two ends.
func Uniform(low, high time.Duration) Dist {
	return Dist{Kind: DistUniform, Min: Duration(low), Max: Duration(high)}
}

// Lognormal is the log-normal distribution with the given quantiles.
func Lognormal(median, p99 time.Duration) Dist {
	return Dist{Kind: DistLognormal, Median: Duration(median), P99: Duration(p99)}
}

// WithLongest gives a log-normal distribution a tail up to longest.
func (d Dist) WithLongest(longest time.Duration) Dist {
	d.Longest = Duration(longest)
	return d
}

// Sim is the distribution as the simulation draws from it.
func (d Dist) Sim() sim.Dist {
	switch d.Kind {
	case DistUniform:
		return sim.Uniform(d.Min.Std(), d.Max.Std())
	case DistLognormal:
		if d.Longest > 0 {
			return sim.HeavyTail(d.Median.Std(), d.P99.Std(), d.Longest.Std())
		}
		return sim.LogNormal(d.Median.Std(), d.P99.Std(), 0, 0)
	default:
		return sim.Constant(d.Value.Std())
	}
}

// lognormalPair is the written form of the parameters.
type lognormalPair struct {
	Median  Duration `json:"median"`
	P99     Duration `json:"p99"`
	Longest Duration `json:"longest"`
}

func (d *Dist) decodeNode(dec *decoder, n ast.Node, path string) {
	if _, scalar := scalarText(n); scalar {
		*d = Dist{Kind: DistConstant}
		dec.value(n, reflect.ValueOf(&d.Value).Elem(), path)
		return
	}
	pairs, ok := pairsOf(n)
	if !ok || len(pairs) != 1 {
		dec.wrong(n, path, "a duration or one of constant, uniform, lognormal")
		return
	}
	p := pairs[0]
	before := len(dec.problems)
	*d = Dist{Kind: DistKind(p.key)}
	d.parameters(dec, p, path)
	if len(dec.problems) == before {
		d.check(dec, p, path)
	}
}

// parameters decodes what stands behind the name of the distribution.
func (d *Dist) parameters(dec *decoder, p pair, path string) {
	switch path = join(path, p.key); d.Kind {
	case DistConstant:
		dec.member(p, reflect.ValueOf(&d.Value).Elem(), path)
	case DistUniform:
		var ends []Duration
		dec.member(p, reflect.ValueOf(&ends).Elem(), path)
		if len(ends) != 2 {
			dec.add(p.at, path, "uniform takes two durations", "write uniform: [50ms, 150ms]")
			return
		}
		d.Min, d.Max = ends[0], ends[1]
	case DistLognormal:
		var q lognormalPair
		dec.member(p, reflect.ValueOf(&q).Elem(), path)
		d.Median, d.P99, d.Longest = q.Median, q.P99, q.Longest
	default:
		names := []string{string(DistConstant), string(DistUniform), string(DistLognormal)}
		dec.add(p.at, path, fmt.Sprintf("unknown distribution %q", p.key), suggest(p.key, names))
	}
}

// check refuses parameters that are no distribution.
func (d *Dist) check(dec *decoder, p pair, path string) {
	switch {
	case d.Kind == DistUniform && d.Min > d.Max:
		dec.add(p.at, path, fmt.Sprintf("uniform runs backwards, from %v to %v", d.Min, d.Max), "put the smaller end first")
	case d.Kind == DistLognormal && (d.Median == 0 || d.P99 < d.Median):
		dec.add(p.at, path, fmt.Sprintf("lognormal needs 0 < median <= p99, found median %v and p99 %v", d.Median, d.P99),
			"write lognormal: {median: 3ms, p99: 40ms}")
	case d.Kind == DistLognormal && d.Longest != 0 && d.Longest <= d.P99:
		dec.add(p.at, path, fmt.Sprintf("the longest, %v, is not above p99, %v", d.Longest, d.P99),
			"write lognormal: {median: 3ms, p99: 40ms, longest: 500ms}, or leave longest out")
	}
}

// canonical is the written form of a distribution.
func (d Dist) canonical() any {
	switch d.Kind {
	case DistUniform:
		return flow(fmt.Sprintf("{uniform: [%v, %v]}", d.Min, d.Max))
	case DistLognormal:
		if d.Longest > 0 {
			return flow(fmt.Sprintf("{lognormal: {median: %v, p99: %v, longest: %v}}", d.Median, d.P99, d.Longest))
		}
		return flow(fmt.Sprintf("{lognormal: {median: %v, p99: %v}}", d.Median, d.P99))
	default:
		return flow(d.Value.String())
	}
}

// String is the canonical form.
func (d Dist) String() string { return string(d.canonical().(flow)) }
