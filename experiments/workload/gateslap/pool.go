package gateslap

import "math"

// PoolLimits are the numbers by which the shared connection pool works.
type PoolLimits struct {
	// Connections is the most connections the pool has at one time. A borrower
	// beyond it waits if Waits is set.
	Connections int
	// IdleAtStart connections are opened when the pool is made.
	IdleAtStart int
	// IdleMax is the number of returned connections that are kept; one more is
	// closed.
	IdleMax int
	// Uses is the number of successful statements after which a connection is
	// replaced by a new one.
	Uses int
	// Waits says whether a borrower waits when the limit is reached.
	Waits bool
}

// Limits derives the working numbers from the settings. A setting of 0 means
// no limit, shown as [math.MaxInt].
//
// spec: W-22, W-23
func (p Pool) Limits() PoolLimits {
	unlimited := func(n int) int {
		if n == 0 {
			return math.MaxInt
		}
		return n
	}
	l := PoolLimits{
		IdleAtStart: p.MinCached,
		IdleMax:     unlimited(max(p.MaxCached, idleFloor(p))),
		Uses:        unlimited(p.MaxShared),
		Waits:       p.Blocking,
		Connections: math.MaxInt,
	}
	if p.MaxConnections > 0 {
		l.Connections = max(p.MaxConnections, p.MaxCached, p.MaxShared)
	}
	return l
}

// idleFloor keeps a pool from closing the very connections it opened at the
// start; with no limit on idle connections there is nothing to raise.
func idleFloor(p Pool) int {
	if p.MaxCached == 0 {
		return 0
	}
	return p.MinCached
}
