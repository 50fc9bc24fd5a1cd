package gateslap

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type knownKey struct{ section, key string }

// binder gives the strings of a document their types and collects mistakes.
type binder struct {
	doc      *document
	known    map[knownKey]bool
	mistakes []*Error
}

func (d *binder) mysql(m *MySQL) {
	s := "mysql"
	m.Host = d.text(s, "host")
	m.Port = d.number(s, "port", 1, 65535)
	m.User = d.text(s, "user")
	m.Password = d.text(s, "password")
	m.Database = d.text(s, "database")
	m.Charset = d.text(s, "charset")
	m.Autocommit = d.text(s, "autocommit")
	m.ReadTimeout = d.duration(s, "read_timeout", time.Second)
	m.WriteTimeout = d.duration(s, "write_timeout", time.Second)
}

func (d *binder) gateslap(g *Gateslap) {
	s := "gateslap"
	g.PooledConns = d.number(s, "pooled_conns", 0, workersMax)
	g.OneoffConns = d.number(s, "oneoff_conns", 0, workersMax)
	g.PersistConns = d.number(s, "persist_conns", 0, workersMax)
	g.SleepBetweenQuery = d.truth(s, "sleep_between_query")
	g.SleepMin = d.duration(s, "sleep_min", time.Millisecond)
	g.SleepMax = d.duration(s, "sleep_max", time.Millisecond)
	g.TmpDir = d.text(s, "tmp_dir")
	g.AlwaysUnique = d.truth(s, "always_unique")
	if g.SleepBetweenQuery && g.SleepMin > g.SleepMax {
		d.fail(s, "sleep_min", fmt.Sprintf("%v is more than sleep_max, %v", g.SleepMin, g.SleepMax),
			"the pause is drawn between the two", "swap them")
	}
}

func (d *binder) errorHandling(e *ErrorHandling) {
	s := "errors"
	e.RetryTime = d.duration(s, "retry_time", time.Millisecond)
	e.RetryCount = d.retryCount(s, "retry_count")
	e.DropTable = d.truth(s, "drop_table")
}

func (d *binder) pool(p *Pool) {
	s := "pool"
	p.MaxConnections = d.number(s, "maxconnections", 0, workersMax)
	p.MinCached = d.number(s, "mincached", 0, workersMax)
	p.MaxCached = d.number(s, "maxcached", 0, workersMax)
	p.MaxShared = d.number(s, "maxshared", 0, workersMax)
	p.Blocking = d.truth(s, "blocking")
	p.MaxUsage = d.text(s, "maxusage")
	p.Ping = Ping(d.number(s, "ping", 0, 7))
}

func (d *binder) mysqlSlap(m *MySQLSlap) {
	s := "mysqlslap"
	m.IntCols = d.number(s, "int_cols", 0, columnsMax)
	m.CharCols = d.number(s, "char_cols", 0, columnsMax)
	m.SQLType = SQLType(d.text(s, "sql_type"))
	known := []SQLType{SQLTypeMixed, SQLTypeUpdate, SQLTypeWrite, SQLTypeKey, SQLTypeRead}
	if d.present(s, "sql_type") && !slices.Contains(known, m.SQLType) {
		d.fail(s, "sql_type", fmt.Sprintf("%q is not a load type", string(m.SQLType)),
			"mysqlslap knows mixed, update, write, key and read", "write one of these")
	}
	m.QueriesPerProcess = d.number(s, "queries_per_process", 0, statementsMax)
	m.UniqueWriteNumber = d.number(s, "auto-generate-sql-unique-write-number", 0, statementsMax)
}

func (d *binder) custom(c *Custom) {
	s := "custom"
	c.CreateTableSQL = d.optional(s, "create_table_sql")
	c.LoadSQL = d.optional(s, "load_sql")
	c.PooledSQL = list(d.optional(s, "pooled_sql"))
	c.OneoffSQL = list(d.optional(s, "oneoff_sql"))
	c.PersistSQL = list(d.optional(s, "persist_sql"))
}

// Bounds that no real file comes near; they keep a slip of the finger from
// asking for a simulation that never ends.
const (
	workersMax    = 1_000_000
	columnsMax    = 4096
	statementsMax = 1_000_000_000
)

// list splits a comma separated list of paths and drops empty members.
func list(s string) []string {
	var out []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// optional returns the value of a key, or "" when it is missing or has none.
func (d *binder) optional(section, key string) string {
	d.known[knownKey{section, key}] = true
	s := d.doc.section(section)
	e := d.doc.lookup(s, key)
	if e == nil {
		return ""
	}
	value, err := d.doc.value(d.named(section), e)
	var mistake *Error
	if errors.As(err, &mistake) {
		d.mistakes = append(d.mistakes, mistake)
	}
	return value
}

// named is the section, or an empty one of that name when the file has none.
//
// spec: W-4
func (d *binder) named(name string) *section {
	if s := d.doc.section(name); s != nil {
		return s
	}
	return &section{name: name, line: 1}
}

func (d *binder) present(section, key string) bool {
	return d.doc.lookup(d.doc.section(section), key) != nil
}

// text returns the value of a required key.
func (d *binder) text(section, key string) string {
	value := d.optional(section, key)
	if !d.present(section, key) {
		d.fail(section, key, "the key is missing", "gateslap stops without it", "add `"+key+"=` to the section ["+section+"]")
	}
	return value
}

// truth is Python's truth of a string: everything but the empty one is true.
//
// spec: W-3
func (d *binder) truth(section, key string) bool { return d.text(section, key) != "" }

// number returns a required whole number.
func (d *binder) number(section, key string, low, high int64) int {
	value := d.text(section, key)
	if !d.present(section, key) {
		return 0
	}
	n, ok := wholeNumber(value)
	if !ok {
		d.fail(section, key, fmt.Sprintf("%q is not a whole number", value),
			"the key takes a number and comments may only stand on lines of their own",
			fmt.Sprintf("write a number from %d to %d", low, high))
		return 0
	}
	if n < low || n > high {
		d.fail(section, key, fmt.Sprintf("%d is out of range", n), "",
			fmt.Sprintf("write a number from %d to %d", low, high))
		return 0
	}
	return int(n)
}

func (d *binder) duration(section, key string, unit time.Duration) time.Duration {
	return time.Duration(d.number(section, key, 0, int64(time.Hour*24*365/unit))) * unit
}

// retryCount reads a number of retries: empty, missing, not a number or below
// one all mean none.
func (d *binder) retryCount(section, key string) int {
	n, ok := wholeNumber(d.optional(section, key))
	if !ok || n < 1 {
		return 0
	}
	return int(min(n, statementsMax))
}

// wholeNumber reads a number as Python's int() does: blanks around it, a sign
// and single underscores between digits are allowed.
func wholeNumber(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") ||
		strings.Contains(s, "+_") || strings.Contains(s, "-_") {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
	return n, err == nil
}

// fail records a mistake at the key, or at the section when the key is missing.
func (d *binder) fail(section, key, what, why, fix string) {
	e := &Error{
		File: d.doc.file, Line: d.named(section).line, Column: 1,
		Section: section, Key: key, What: what, Why: why, Fix: fix,
	}
	if at := d.doc.lookup(d.doc.section(section), key); at != nil {
		e.Line, e.Column = at.line, at.column
	}
	d.mistakes = append(d.mistakes, e)
}

// err joins the mistakes in the order of the file.
func (d *binder) err() error {
	slices.SortStableFunc(d.mistakes, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all []error
	for _, m := range d.mistakes {
		all = append(all, m)
	}
	return errors.Join(all...)
}

// unknown lists the keys nobody asked for. Keys of [DEFAULT] are known when
// some section reads them.
func (d *binder) unknown() []Unknown {
	var out []Unknown
	for _, s := range d.doc.sections {
		for _, e := range s.entries {
			if !d.known[knownKey{s.name, e.key}] {
				out = append(out, Unknown{Section: s.name, Key: e.key, Line: e.line})
			}
		}
	}
	return out
}
