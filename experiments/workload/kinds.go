package workload

import (
	"cmp"
	"slices"
	"strings"
)

// The kinds of statements that verbs do not tell.
const (
	// KindConnect is a statement that failed because no connection could be had.
	KindConnect = "connect"
	// KindTransactionWrite is a write inside an explicit transaction.
	KindTransactionWrite = "tw"
)

// KindCount counts the finished statements of one kind: Errors had an error as their first
// visible outcome, OK had none.
type KindCount struct {
	Kind   string `json:"kind"`
	OK     int    `json:"ok"`
	Errors int    `json:"errors"`
}

// kind is the record's kind by name: "r" for autocommit reads, "w" for autocommit writes, else
// the verb.
func (r *Record) kind() string {
	switch {
	case r.Kind != "":
		return r.Kind
	case r.Verb.IsRead():
		return "r"
	case r.Verb.IsWrite():
		return "w"
	default:
		return strings.ToLower(r.Verb.String())
	}
}

// kinds counts the records by kind.
func (j *Journal) kinds() []KindCount {
	var list []KindCount
	for i := range j.Records {
		r := &j.Records[i]
		name := r.kind()
		at := slices.IndexFunc(list, func(k KindCount) bool { return k.Kind == name })
		if at < 0 {
			at = len(list)
			list = append(list, KindCount{Kind: name})
		}
		if r.First != nil {
			list[at].Errors++
		} else {
			list[at].OK++
		}
	}
	slices.SortFunc(list, func(a, b KindCount) int { return cmp.Compare(a.Kind, b.Kind) })
	return list
}
