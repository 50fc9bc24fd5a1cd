package groundtruth

import (
	"regexp"
	"strings"
)

// masks take out of a text what no simulated run can share: numbers of connections and
// positions, addresses, durations, users, statements.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?s)(:|,) Sql: ".*$`), ": Sql: <sql>"},
	{regexp.MustCompile(` \(CallerID: [^)]*\)`), ""},
	{regexp.MustCompile(`(?:MySQL56/)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[0-9a-f:,-]*`), "<position>"},
	{regexp.MustCompile(`read tcp \S+->\S+: read: connection reset by peer`), "EOF"},
	{regexp.MustCompile(`dial tcp \S+: `), ""},
	{regexp.MustCompile(`(\b[a-z][a-z0-9]*-)0*([0-9]{3,})\b`), "$1$2"},
	{regexp.MustCompile(`desc = initial packet read failed: EOF`), "desc = EOF"},
	{regexp.MustCompile(`elapsed time: [^,]+,`), "elapsed time: <d>,"},
	{regexp.MustCompile(`(connection|query) ID (\d+|<n>)`), "$1 ID <n>"},
	{regexp.MustCompile(`-(read-only|super-read-only) option`), "-read-only option"},
	{regexp.MustCompile(`\b\d{9,}\b`), "N"},
}

// mask makes a text comparable. A reset and an end of file of a broken connection count as
// one, and so do the two ways in which a read meets the end.
func mask(text string) string {
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	return strings.TrimSpace(text)
}

var clientError = regexp.MustCompile(`(?s)^\((\d+), (.*?)\)?$`)

// fromClient reads "(1105, 'text')", as the measured clients print errors, as "1105 text".
func fromClient(s string) string {
	m := clientError.FindStringSubmatch(s)
	if m == nil {
		return mask(s)
	}
	text := m[2]
	if len(text) > 0 && strings.ContainsRune(`'"`, rune(text[0])) {
		text = strings.TrimSuffix(text[1:], text[:1])
	}
	text = strings.NewReplacer(`\n`, "\n", `\'`, `'`, `\"`, `"`).Replace(text)
	return m[1] + " " + mask(text)
}

var tabletNames = regexp.MustCompile(`\b[a-z][a-z0-9]*-\d{3,}\b`)

// commandError is an operator's error without the client's prefix, which is always the same, and without
// the names of tablets: which of two equal replicas is elected is open.
// spec: R-9a
func commandError(s string) string {
	return tabletNames.ReplaceAllString(mask(strings.TrimPrefix(s, "rpc error: code = Unknown desc = ")), "<tablet>")
}
