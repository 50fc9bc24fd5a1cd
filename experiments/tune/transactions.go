package tune

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"bufsim/experiments/observed"
	"bufsim/experiments/scenario"
)

// Transactions is the part of a gate's statements that stands in transactions: BEGIN, some
// writes, COMMIT. The zero value is none of it.
//
// Only the first write, which opens the transaction at the tablet, can be held by the
// buffer; what comes after it goes to its tablet or fails. spec: G-14, G-60
type Transactions struct {
	// Share of all statements for primaries, BEGIN and COMMIT counted.
	Share float64
	// Writes of each transaction; 0 is [writesUsual].
	Writes int
	// Length is the time that a transaction is open for, from BEGIN to COMMIT: the pauses of
	// its client, without the statements' own time. LengthP99 is that of the longest
	// hundredth; 0 is the same.
	Length, LengthP99 time.Duration
}

// What a transaction is like where nobody knows it.
const (
	writesUsual = 2
	lengthUsual = 20 * time.Millisecond
)

// breather is the shortest pause of a connection between two transactions.
const breather = 50 * time.Millisecond

// complete fills in what was left out.
func (t Transactions) complete() Transactions {
	t.Writes = cmp.Or(t.Writes, writesUsual)
	t.Length = cmp.Or(t.Length, lengthUsual)
	t.LengthP99 = max(t.Length, t.LengthP99)
	return t
}

// check refuses what makes no transactions.
func (t Transactions) check(l *Load) error {
	switch {
	case t.Share < 0 || t.Share > 1 || t.Writes < 0 || t.Length < 0:
		return errors.New("the share of transactions is 0 to 100 %, their writes and length are not negative")
	case t.Share == 0:
		return nil
	case l.Gateslap != "":
		return errors.New("gateslap's files say themselves what is in a transaction: put BEGIN and COMMIT into custom SQL files")
	case l.OnError == scenario.OnErrorRetry:
		return errors.New("a statement of a transaction cannot be sent again by itself: with transactions, retries are not played")
	}
	if n := t.complete().clients(l); l.Connections > 0 && n >= l.Connections*l.Gates+t.only() {
		return fmt.Errorf("so many transactions of that length need %d connections at all times, and there are %d", n, l.Connections*l.Gates)
	}
	return nil
}

// only is 1 if nothing but transactions is sent, so that they may have all connections.
func (t Transactions) only() int {
	if t.Share == 1 {
		return 1
	}
	return 0
}

// rate is the number of transactions a second, at all gates.
func (t Transactions) rate(l *Load) float64 {
	return l.QPS * float64(l.Gates) * t.Share / float64(t.Writes+2)
}

// duration is how long a transaction takes, its statements included.
func (t Transactions) duration() time.Duration {
	return t.Length + time.Duration(t.Writes+2)*serviceTime
}

// clients is how many connections send transactions: enough for a pause after each.
func (t Transactions) clients(l *Load) int {
	return max(1, int(math.Ceil(t.rate(l)*(t.duration()+breather).Seconds())))
}

// pause is between two transactions of a connection.
func (t Transactions) pause(l *Load) time.Duration {
	each := time.Duration(float64(t.clients(l)) / t.rate(l) * float64(time.Second))
	return max(time.Millisecond, each-t.duration())
}

// cycle is the time from a connection's transaction to its next.
func (t Transactions) cycle(l *Load) time.Duration { return t.duration() + t.pause(l) }

// cycleMax bounds how long a scenario waits for transactions that are rare.
const cycleMax = time.Minute

// settled is after how long transactions stand anywhere between their beginnings and their
// ends, and how long it takes them to end.
func (t Transactions) settled(l *Load) time.Duration {
	if t.Share == 0 {
		return 0
	}
	t = t.complete()
	return min(cycleMax, t.LengthP99+t.cycle(l)).Round(time.Second)
}

// waves is the number of groups that transactions are divided into, at most: each begins at
// another part of the cycle, so that at any time some are at their beginnings, some open, and
// some at their ends.
const waves = 8

// workload writes the groups of clients.
func (t Transactions) workload(l *Load, line func(string, ...any)) {
	t = t.complete()
	all, pause := t.clients(l), t.pause(l)
	groups := min(waves, all)
	for i := range groups {
		line("  - name: transactions-%d", i+1)
		line("    start: %v", (min(cycleMax, t.cycle(l)) * time.Duration(i) / time.Duration(groups)).Round(time.Millisecond))
		line("    closed:")
		line("      clients: %d", (all+i)/groups)
		line("      think: %s", about(pause))
		line("      transaction: {inserts: %d, think: %s}", t.Writes, t.think())
		line("      read_timeout: %v", l.ReadTimeout)
	}
}

// think is the pause before each statement after BEGIN.
func (t Transactions) think() string {
	pauses := time.Duration(t.Writes + 1)
	if t.LengthP99 == t.Length {
		return about(t.Length / pauses)
	}
	return fmt.Sprintf("{lognormal: {median: %v, p99: %v}}", (t.Length / pauses).Round(time.Microsecond), (t.LengthP99 / pauses).Round(time.Microsecond))
}

// about is a pause that is as long on average.
func about(d time.Duration) string {
	return fmt.Sprintf("{uniform: [%v, %v]}", (d / 2).Round(time.Microsecond), (3 * d / 2).Round(time.Microsecond))
}

// String tells what is taken for granted about transactions.
func (t Transactions) String() string {
	t = t.complete()
	length := t.Length.String()
	if t.LengthP99 > t.Length {
		length += fmt.Sprintf(" (1 %% of them %v)", t.LengthP99)
	}
	return fmt.Sprintf("%.3g %% of the statements are in transactions: BEGIN, %d writes and COMMIT in about %s. Their first failed statement ends them, "+
		"and their clients go on with the next.", 100*t.Share, t.Writes, length)
}

// observedTransactions are those of a query log.
func observedTransactions(t observed.Traffic) Transactions {
	if t.InTransaction == 0 || t.Transactions.Count == 0 {
		return Transactions{}
	}
	return Transactions{
		Share: t.InTransaction, Writes: max(1, int(math.Round(t.Transactions.Statements))),
		Length: max(time.Millisecond, t.Transactions.Median), LengthP99: t.Transactions.P99,
	}
}
