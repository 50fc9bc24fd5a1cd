package querylog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// instant is how the log writes a time. spec: W-52
const instant = "2006-01-02 15:04:05.000000"

// parse reads the text of a bare or unquoted column into a field of a record.
func parse(text string, field any) (err error) {
	switch f := field.(type) {
	case *string:
		*f = text
	case *time.Time:
		*f, err = time.Parse(instant, text)
	case *time.Duration:
		*f, err = parseSeconds(text)
	case *int:
		*f, err = strconv.Atoi(text)
	case *bool:
		*f, err = strconv.ParseBool(text)
	case *[]string:
		*f, err = parseTables(text)
	default:
		panic(fmt.Sprintf("a record has no field of type %T", field))
	}
	return err
}

// format is the opposite of parse.
func format(field any) string {
	switch f := field.(type) {
	case *string:
		return *f
	case *time.Time:
		return f.UTC().Format(instant)
	case *time.Duration:
		return strconv.FormatFloat(f.Seconds(), 'f', 6, 64)
	case *int:
		return strconv.Itoa(*f)
	case *bool:
		return strconv.FormatBool(*f)
	case *[]string:
		return formatTables(*f)
	}
	panic(fmt.Sprintf("a record has no field of type %T", field))
}

// parseSeconds reads seconds with six decimals, exactly.
func parseSeconds(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text + "s")
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of seconds", text)
	}
	return d, nil
}

// parseTables reads `["ks.t1","ks.t2"]`; old releases wrap that text in quotes once
// more. spec: W-54
func parseTables(text string) (tables []string, err error) {
	if inner, err := strconv.Unquote(text); err == nil {
		text = inner
	}
	if text == "" || text == "null" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &tables); err != nil {
		return nil, fmt.Errorf("%q is not a list of tables", text)
	}
	if len(tables) == 0 {
		return nil, nil
	}
	return tables, nil
}

func formatTables(tables []string) string {
	quotedNames := make([]string, len(tables))
	for i, t := range tables {
		quotedNames[i] = strconv.Quote(t)
	}
	return "[" + strings.Join(quotedNames, ",") + "]"
}
