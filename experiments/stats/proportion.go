package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Wilson estimates the share of runs in which something happened, yes of n, with
// the score interval (Wilson: Probable inference, JASA 22, 1927; method 3 in
// Newcombe: Two-sided confidence intervals for the single proportion, Statistics
// in Medicine 17, 1998). It has about the stated coverage on average: the one to
// show in figures. A level of zero means 0.95. No run: [ErrNoRuns].
//
// Only for outcomes of runs; requests inside a run are not independent.
func Wilson(yes, n int, level float64) (Estimate, error) {
	est, err := proportion(yes, n, level, WilsonScore)
	if err != nil {
		return Estimate{}, err
	}
	z := distuv.UnitNormal.Quantile(0.5 + est.Level/2)
	size, share := float64(n), est.Mean
	scale := 1 + z*z/size
	centre := share + z*z/(2*size)
	half := z * math.Sqrt(share*(1-share)/size+z*z/(4*size*size))
	est.Low, est.High = (centre-half)/scale, (centre+half)/scale
	// At the edges the formula gives the edge up to rounding.
	if yes == 0 {
		est.Low = 0
	}
	if yes == n {
		est.High = 1
	}
	return est, nil
}

// ClopperPearson is like [Wilson] with the tail-area interval (Clopper and
// Pearson: The use of confidence or fiducial limits, Biometrika 26, 1934; method
// 5 in Newcombe 1998). Its coverage is never below the stated level: the one to
// use for a bound such as "at most 3 % of failovers lose a statement".
func ClopperPearson(yes, n int, level float64) (Estimate, error) {
	est, err := proportion(yes, n, level, Exact)
	if err != nil {
		return Estimate{}, err
	}
	tail := (1 - est.Level) / 2
	est.Low, est.High = 0, 1
	if yes > 0 {
		est.Low = distuv.Beta{Alpha: float64(yes), Beta: float64(n - yes + 1)}.Quantile(tail)
	}
	if yes < n {
		est.High = distuv.Beta{Alpha: float64(yes + 1), Beta: float64(n - yes)}.Quantile(1 - tail)
	}
	return est, nil
}

func proportion(yes, n int, level float64, method Method) (Estimate, error) {
	if level == 0 {
		level = 0.95
	}
	if err := checkLevel(level); err != nil {
		return Estimate{}, err
	}
	if n == 0 {
		return Estimate{}, ErrNoRuns
	}
	if n < 0 || yes < 0 || yes > n {
		return Estimate{}, fmt.Errorf("%d of %d runs is impossible", yes, n)
	}
	return Estimate{N: n, Mean: float64(yes) / float64(n), Level: level, Method: method}, nil
}
