package observed

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/observed/querylog"
)

// Traffic is what a gate's clients do, as far as it decides about buffering.
type Traffic struct {
	// Span is the time over which it was watched.
	Span       time.Duration `json:"span_ns"`
	Statements int           `json:"statements"`
	// QPS is the mean number of statements a second.
	QPS float64 `json:"qps"`
	// Primary is the share of statements that went to primaries, the only ones that
	// are buffered. Reads is the share of SELECTs among those of them that are in no
	// transaction, InTransaction that of statements from BEGIN to COMMIT or ROLLBACK.
	Primary       float64 `json:"primary"`
	Reads         float64 `json:"reads"`
	InTransaction float64 `json:"in_transaction"`
	// Transactions is what the transactions are like.
	Transactions Transactions `json:"transactions,omitzero"`
	// Sessions counts the sessions that sent statements, Concurrency the most statements
	// under way at once. 0 is unknown: counters tell neither.
	Sessions    int `json:"sessions,omitempty"`
	Concurrency int `json:"concurrency,omitempty"`
	// Median and P99 are quantiles of the time that statements took outside of failovers.
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
	// Failed are the statements that ended with an error, Parked those that waited in the
	// buffer, as far as their time tells.
	Failed int `json:"failed"`
	Parked int `json:"parked"`
}

// FromLog derives the traffic of a query log. spec: W-56
//
// A statement counts as parked if it succeeded and took both half a second and a
// hundred times the median; what overlaps a failed or parked one takes no part in the
// quantiles.
func FromLog(records []querylog.Record) (Traffic, error) {
	if len(records) < 2 {
		return Traffic{}, errors.New("one record does not make a rate; the log needs two at least")
	}
	t := Traffic{Statements: len(records)}
	first, last := records[0].Start, records[0].End
	for _, r := range records {
		if r.Start.Before(first) {
			first = r.Start
		}
		if r.End.After(last) {
			last = r.End
		}
	}
	if t.Span = last.Sub(first); t.Span <= 0 {
		return Traffic{}, errors.New("all records have the same instant, which makes no rate")
	}
	t.QPS = float64(t.Statements) / t.Span.Seconds()
	t.shares(records)
	t.times(records)
	t.Concurrency = concurrency(records)
	return t, nil
}

// shares counts statements by their kind.
func (t *Traffic) shares(records []querylog.Record) {
	byStart := slices.Clone(records)
	slices.SortStableFunc(byStart, func(a, b querylog.Record) int { return a.Start.Compare(b.Start) })
	sessions, watch := map[string]bool{}, newTransactionWatch()
	var primary, reads, inside float64
	for _, r := range byStart {
		sessions[session(r)] = true
		within := watch.see(r)
		if r.Error != "" {
			t.Failed++
		}
		if r.TabletType != "" && r.TabletType != "PRIMARY" && r.TabletType != "MASTER" {
			continue
		}
		primary++
		verb := strings.ToUpper(r.StmtType)
		switch {
		case within:
			inside++
		case verb == "SELECT", verb == "SHOW":
			reads++
		}
	}
	t.Sessions, t.Transactions = len(sessions), watch.summary()
	t.Primary = primary / float64(len(records))
	if primary > 0 {
		t.InTransaction = inside / primary
	}
	if primary > inside {
		t.Reads = reads / (primary - inside)
	}
}

// session names the session of a statement; old logs know only the client's address.
func session(r querylog.Record) string { return cmp.Or(r.SessionUUID, r.RemoteAddr) }

// What makes a statement one that waited in the buffer.
const (
	parkedMin    = 500 * time.Millisecond
	parkedFactor = 100
)

// times finds the parked statements, and the quantiles of what ran while nothing
// failed or was parked.
func (t *Traffic) times(records []querylog.Record) {
	median := quantile(durations(records), 0.5)
	var bad []querylog.Record
	for _, r := range records {
		parked := r.Error == "" && r.Total >= max(parkedMin, parkedFactor*median)
		if parked {
			t.Parked++
		}
		if parked || r.Error != "" {
			bad = append(bad, r)
		}
	}
	calm := slices.DeleteFunc(slices.Clone(records), overlaps(bad))
	t.Median, t.P99 = quantile(durations(calm), 0.5), quantile(durations(calm), 0.99)
}

// overlaps tells which records run at a time when one of the bad ones does.
func overlaps(bad []querylog.Record) func(querylog.Record) bool {
	slices.SortFunc(bad, func(a, b querylog.Record) int { return a.Start.Compare(b.Start) })
	type span struct{ start, end time.Time }
	var spans []span
	for _, b := range bad {
		if n := len(spans); n > 0 && !b.Start.After(spans[n-1].end) {
			if b.End.After(spans[n-1].end) {
				spans[n-1].end = b.End
			}
			continue
		}
		spans = append(spans, span{b.Start, b.End})
	}
	return func(r querylog.Record) bool {
		i, _ := slices.BinarySearchFunc(spans, r.Start, func(s span, at time.Time) int {
			if s.end.Before(at) {
				return -1
			}
			return 1
		})
		return i < len(spans) && !spans[i].start.After(r.End)
	}
}

func durations(records []querylog.Record) []time.Duration {
	list := make([]time.Duration, len(records))
	for i, r := range records {
		list[i] = r.Total
	}
	slices.Sort(list)
	return list
}

// quantile is the smallest value that at least a share q of the sorted ones does not
// exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// concurrency is the most statements under way at once.
func concurrency(records []querylog.Record) int {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, r := range records {
		edges = append(edges, edge{r.Start, 1}, edge{r.End, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	now, most := 0, 0
	for _, e := range edges {
		now += e.step
		most = max(most, now)
	}
	return most
}

// FromCounters derives the traffic from what a gate counted in a span of time, see
// [Snapshot.Since]: the rate, the share of primaries and the quantiles, these as the
// upper bounds of their buckets. Counters tell reads from writes no more than sessions.
// spec: W-64
func FromCounters(counted Snapshot, span time.Duration) (Traffic, error) {
	if span <= 0 {
		return Traffic{}, errors.New("a rate needs the time between the two snapshots")
	}
	n := counted.Sum("vtgate_api_count")
	if n == 0 {
		return Traffic{}, errors.New("vtgate_api counted no statement in between; take the snapshots under traffic")
	}
	primary := counted.Sum("vtgate_api_count", Label{"db_type", "PRIMARY"}) + counted.Sum("vtgate_api_count", Label{"db_type", "MASTER"})
	t := Traffic{Span: span, Statements: int(n), QPS: n / span.Seconds(), Primary: primary / n, Failed: int(counted.Sum("vtgate_api_error_counts"))}
	var err error
	if t.Median, err = counted.bucketQuantile("vtgate_api", 0.5); err != nil {
		return t, err
	}
	t.P99, err = counted.bucketQuantile("vtgate_api", 0.99)
	return t, err
}

// bucketQuantile is the upper bound of the bucket that holds a quantile; a quantile
// above the last bound is that bound.
func (s Snapshot) bucketQuantile(family string, q float64) (time.Duration, error) {
	type bucket struct{ le, n float64 }
	var buckets []bucket
	for text, n := range s.By(family+"_bucket", "le") {
		le, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("%s_bucket: le=%q is not a bound", family, text)
		}
		buckets = append(buckets, bucket{le, n})
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.le, b.le) })
	last := 0.0
	for _, b := range buckets {
		if !math.IsInf(b.le, 1) {
			last = b.le
		}
		if b.n >= q*buckets[len(buckets)-1].n {
			break
		}
	}
	return time.Duration(last * float64(time.Second)), nil
}
