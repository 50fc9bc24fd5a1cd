package observed

import (
	"slices"
	"strings"
	"time"

	"bufsim/experiments/observed/querylog"
)

// Transactions is what the transactions of a query log are like. The zero value says that
// none was seen from its BEGIN to its end.
type Transactions struct {
	Count int `json:"count"`
	// Statements is the mean number of statements between BEGIN and COMMIT or ROLLBACK.
	Statements float64 `json:"statements"`
	// Median and P99 are quantiles of the time from the start of BEGIN to the start of
	// COMMIT or ROLLBACK.
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
}

// transactionWatch follows the sessions of a log from BEGIN to COMMIT. spec: W-56
type transactionWatch struct {
	open       map[string]*openTransaction
	statements int
	lengths    []time.Duration
}

type openTransaction struct {
	begun      time.Time
	statements int
}

func newTransactionWatch() *transactionWatch {
	return &transactionWatch{open: map[string]*openTransaction{}}
}

// see takes the next statement and reports whether it belongs to a transaction. Only those
// that the log has from their beginning are seen.
func (w *transactionWatch) see(r querylog.Record) bool {
	name := session(r)
	now := w.open[name]
	switch strings.ToUpper(r.StmtType) {
	case "BEGIN":
		w.open[name] = &openTransaction{begun: r.Start}
		return true
	case "COMMIT", "ROLLBACK":
		if now != nil {
			w.statements += now.statements
			w.lengths = append(w.lengths, r.Start.Sub(now.begun))
			delete(w.open, name)
		}
	default:
		if now != nil {
			now.statements++
		}
	}
	return now != nil
}

func (w *transactionWatch) summary() Transactions {
	if len(w.lengths) == 0 {
		return Transactions{}
	}
	slices.Sort(w.lengths)
	return Transactions{
		Count: len(w.lengths), Statements: float64(w.statements) / float64(len(w.lengths)),
		Median: quantile(w.lengths, 0.5), P99: quantile(w.lengths, 0.99),
	}
}
