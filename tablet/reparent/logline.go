package reparent

import "fmt"

// LogLine is one line of the server's log that the operator's client prints.
type LogLine struct {
	// Wall is the server's wall clock, in nanoseconds since 1970.
	Wall     int64
	Severity Severity
	// File and Line are the place that the log names.
	File string
	Line int
	Text string
}

// Severity is a log line's level, by its first letter.
type Severity byte

// The severities.
const (
	SeverityInfo    Severity = 'I'
	SeverityWarning Severity = 'W'
	SeverityError   Severity = 'E'
)

// level gives the level's name in traces.
func (s Severity) level() string {
	switch s {
	case SeverityWarning:
		return "warning"
	case SeverityError:
		return "error"
	default:
		return "info"
	}
}

// The lines that the log of a PlannedReparentShard names. lineElected is measured; all others,
// also those of the other operations, are a MODEL: they only grow with the operation's
// progress. spec: R-164
const (
	lineElected = 192 + iota*40
	lineChecking
	lineDemoting
	lineUndoFailed
	lineContested
	lineDemotingAll
	lineTied
	lineRefreshFailed
	lineRepointing
	linePromotionFailed
	lineJournal
	lineJournalFailed
	lineRepointFailed
)

// The lines of an EmergencyReparentShard.
const (
	lineEmergency = 153 + iota*30
	lineStopping
	lineStopFailed
	lineRelayLogs
	lineErrant
	lineSource
	lineFilter
	lineBetter
	lineIdeal
	linePromoting
	lineEmergencyRepoint
	lineEmergencyJournal
	lineNotPromoted
	lineOnlyReplica
)

// The lines of the operations that are part of Vitess's server itself.
const (
	lineForced = 2700 + iota*20
	lineReset
	lineInitPrimary
	lineInitReplica
	lineInitJournal
	lineInitJournalFailed
	lineDatabase
	lineInitRefreshFailed
	lineExternal
	lineExternalFailed
)

// info writes a line that the operator sees, too.
func (p *progress) info(line int, format string, args ...any) {
	p.log(SeverityInfo, line, fmt.Sprintf(format, args...))
}

// warn is info for what went wrong and is survived.
func (p *progress) warn(line int, format string, args ...any) {
	p.log(SeverityWarning, line, fmt.Sprintf(format, args...))
}

func (p *progress) log(severity Severity, line int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Log = append(p.result.Log, LogLine{Wall: p.host.Wall(), Severity: severity, File: p.file, Line: line, Text: text})
	p.host.Logf(severity.level(), "%s", text)
}
