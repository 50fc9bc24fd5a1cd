package querylog

import (
	"time"
)

// Record is one statement of a log. Fields that a release's log does not have are
// zero. spec: W-52
type Record struct {
	Method          string
	RemoteAddr      string
	Username        string
	ImmediateCaller string
	EffectiveCaller string
	Start, End      time.Time
	// Total is the whole statement; Execute includes the time in the buffer.
	Total, Plan, Execute, Commit time.Duration
	StmtType                     string
	SQL                          string
	// BindVars is the JSON text as it stands in the log.
	BindVars     string
	ShardQueries int
	RowsAffected int
	// Error is the text that the client got, "" for success.
	Error          string
	TabletType     string
	SessionUUID    string
	CachedPlan     bool
	TablesUsed     []string
	ActiveKeyspace string
	// Later are the columns that newer releases have after the 22nd.
	Later []string
}

// column is one of the first 22 columns: its name in the JSON form, and how it is
// read and written.
type column struct {
	key  string
	kind kind
	at   func(*Record) any
}

// kind is the form of a column in a text log.
type kind int

const (
	bare   kind = iota // as it is
	single             // in single quotes, nothing escaped
	quoted             // quoted as in Go
	raw                // JSON, taken as it is
	list               // a JSON list of names
)

// columns are in the order of the text form. spec: W-52
func columns() []column {
	return []column{
		{"Method", bare, func(r *Record) any { return &r.Method }},
		{"RemoteAddr", bare, func(r *Record) any { return &r.RemoteAddr }},
		{"Username", bare, func(r *Record) any { return &r.Username }},
		{"ImmediateCaller", single, func(r *Record) any { return &r.ImmediateCaller }},
		{"Effective Caller", single, func(r *Record) any { return &r.EffectiveCaller }},
		{"Start", bare, func(r *Record) any { return &r.Start }},
		{"End", bare, func(r *Record) any { return &r.End }},
		{"TotalTime", bare, func(r *Record) any { return &r.Total }},
		{"PlanTime", bare, func(r *Record) any { return &r.Plan }},
		{"ExecuteTime", bare, func(r *Record) any { return &r.Execute }},
		{"CommitTime", bare, func(r *Record) any { return &r.Commit }},
		{"StmtType", bare, func(r *Record) any { return &r.StmtType }},
		{"SQL", quoted, func(r *Record) any { return &r.SQL }},
		{"BindVars", raw, func(r *Record) any { return &r.BindVars }},
		{"ShardQueries", bare, func(r *Record) any { return &r.ShardQueries }},
		{"RowsAffected", bare, func(r *Record) any { return &r.RowsAffected }},
		{"Error", quoted, func(r *Record) any { return &r.Error }},
		{"TabletType", quoted, func(r *Record) any { return &r.TabletType }},
		{"SessionUUID", quoted, func(r *Record) any { return &r.SessionUUID }},
		{"Cached Plan", bare, func(r *Record) any { return &r.CachedPlan }},
		{"TablesUsed", list, func(r *Record) any { return &r.TablesUsed }},
		{"ActiveKeyspace", quoted, func(r *Record) any { return &r.ActiveKeyspace }},
	}
}

// laterKeys are the JSON names of the columns after the 22nd, by how many there are:
// one is the reason why the record was written, three are about mirroring.
// spec: W-53
func laterKeys(n int) []string {
	mirror := []string{"MirrorSourceExecuteTime", "MirrorTargetExecuteTime", "MirrorTargetError"}
	switch n {
	case 1:
		return []string{"EmitReason"}
	case 3:
		return mirror
	case 4:
		return append(mirror, "EmitReason")
	}
	return nil
}

// columnsMin is the least number of columns: releases up to v12 end with the error.
// columnsMax is that of the newest release. spec: W-53
const (
	columnsMin = 17
	columnsMax = 26
)
