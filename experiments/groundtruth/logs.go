package groundtruth

import (
	"regexp"
	"strings"
	"time"

	"bufsim/experiments/runner"
)

// Lines about buffering and promotions are in all records.
var (
	logStamp    = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ `)
	bufferLines = regexp.MustCompile(`^(Starting buffering|Stopping buffering|Draining finished|FailoverTooRecent|ReparentTooRecent|Adding 1 to PrimaryPromoted|Query buffering is disabled|DryRun|.*NOT starting buffering)`)
	drainTook   = regexp.MustCompile(`^Draining finished .* Took: (\S+) for: `)
	logNumbers  = regexp.MustCompile(`after: [0-9.]+ seconds|Took: \S+|too recent \([^)]*\)|Draining \d+ buffered|for: \d+ requests|[a-z0-9]+-\d+, tabletType`)
	throttled   = regexp.MustCompile(`FailoverTooRecent-\S+ `)
	seenError   = regexp.MustCompile(`(?s)\(A failover was detected by this seen error: (.*)$`)
	readOnlyMy  = regexp.MustCompile(`(?s)The MySQL server is running with.*`)
)

// shortLine is a line without what differs from run to run. Records hold one line of a message
// of several, cut after some 250 characters; so the error that started buffering is kept in
// its beginning, and that of lines about skipped requests not at all.
func shortLine(l string) string {
	short := logNumbers.ReplaceAllString(throttled.ReplaceAllString(mask(l), ""), "…")
	if strings.Contains(short, "NOT starting") {
		return oneLine(seenError.ReplaceAllString(short, "(…)"))
	}
	return oneLine(readOnlyMy.ReplaceAllString(short, "The MySQL server is running with … read-only"))
}

// logLines are the record's lines without their stamps.
func (m *Measured) logLines() []string {
	var list []string
	for _, l := range m.Log {
		list = append(list, logStamp.ReplaceAllString(l, ""))
	}
	return list
}

func simulatedLog(r *runner.Result) []string {
	var list []string
	for _, l := range r.Gates[0].Log {
		list = append(list, l.Text)
	}
	return list
}

// logFigures are the sequence of the lines about buffering, and how long the buffer took to
// drain, all drains together.
func (m *Measured) logFigures(f figures, lines []string) {
	var sequence []string
	took := 0.0
	for _, l := range lines {
		if !bufferLines.MatchString(l) || strings.Contains(l, "skipped ") && strings.HasSuffix(l, "log messages") {
			continue
		}
		if d := drainTook.FindStringSubmatch(l); d != nil {
			if t, err := time.ParseDuration(d[1]); err == nil {
				took += t.Seconds()
			}
		}
		short := shortLine(l)
		if len(sequence) == 0 || sequence[len(sequence)-1] != short { // throttled lines repeat
			sequence = append(sequence, short)
		}
	}
	f[aboutLog+"lines about buffering"] = value{text: orNone(strings.Join(sequence, " | "))}
	f.add(aboutDrain, took)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
