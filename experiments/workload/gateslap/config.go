package gateslap

import "time"

// Config is one gateslap configuration, every key of the original's files.
//
// spec: W-3, W-4, W-5
type Config struct {
	MySQL     MySQL
	Gateslap  Gateslap
	Errors    ErrorHandling
	Pool      Pool
	MySQLSlap MySQLSlap
	Custom    Custom
	// Unknown lists the keys that gateslap never reads, in the order of the
	// file. They have no effect; a caller may show them as warnings.
	Unknown []Unknown
}

// MySQL is the section [mysql]: the vtgate to talk to.
type MySQL struct {
	Host     string
	Port     int
	User     string
	Password string // quotes in the file are part of it
	Database string
	Charset  string
	// Autocommit is read and then ignored by the original.
	// spec: W-30
	Autocommit string
	// ReadTimeout and WriteTimeout bound each socket read and write of one-off
	// and retry connections; 0 means no bound. Other connections have none.
	// spec: W-25
	ReadTimeout, WriteTimeout time.Duration
}

// Gateslap is the section [gateslap]: the generated workers and their pace.
type Gateslap struct {
	// PooledConns, OneoffConns and PersistConns are the numbers of workers of
	// each kind that run a generated file.
	PooledConns, OneoffConns, PersistConns int
	// SleepBetweenQuery says whether workers pause after each line.
	SleepBetweenQuery bool
	// SleepMin and SleepMax bound the pause, drawn in whole milliseconds;
	// SleepMax is also the grace at an interrupt.
	SleepMin, SleepMax time.Duration
	TmpDir             string
	// AlwaysUnique sorts the statements of each generated file and drops
	// repeated ones.
	AlwaysUnique bool
}

// ErrorHandling is the section [errors].
type ErrorHandling struct {
	// RetryTime is the pause before each retry.
	RetryTime time.Duration
	// RetryCount is the number of retries of a failed statement; 0 means that
	// the worker ends with the first failure it sees.
	RetryCount int
	// DropTable drops existing tables at the start and created ones at the end.
	DropTable bool
}

// Pool is the section [pool]. See [Pool.Limits] for what the numbers mean.
type Pool struct {
	MaxConnections, MinCached, MaxCached, MaxShared int
	// Blocking is true for every value that is not empty, "false" included.
	Blocking bool
	// MaxUsage is ignored by the original, which uses MaxShared instead.
	// spec: W-23
	MaxUsage string
	Ping     Ping
}

// Ping says when a pooled connection is tested; the values are bits.
type Ping int

// The moments of a test.
const (
	PingAtFetch   Ping = 1
	PingAtCursor  Ping = 2
	PingAtExecute Ping = 4
)

// Has reports whether a connection is tested at the given moment.
func (p Ping) Has(moment Ping) bool { return p&moment != 0 }

// MySQLSlap is the section [mysqlslap]: the load that is generated.
type MySQLSlap struct {
	IntCols, CharCols int
	SQLType           SQLType
	// QueriesPerProcess is the number of load statements of each generated
	// file; 99 inserts stand in front of them.
	QueriesPerProcess int
	// UniqueWriteNumber is the size of the list of distinct leading inserts.
	UniqueWriteNumber int
}

// SQLType is the mix of the generated load.
type SQLType string

// The mixes mysqlslap knows.
const (
	SQLTypeMixed  SQLType = "mixed"
	SQLTypeUpdate SQLType = "update"
	SQLTypeWrite  SQLType = "write"
	SQLTypeKey    SQLType = "key"
	SQLTypeRead   SQLType = "read"
)

// Custom is the section [custom]: files that replace or add to the generated
// load. Paths are as written.
type Custom struct {
	// CreateTableSQL holds further DDL; LoadSQL runs once before the load.
	CreateTableSQL, LoadSQL string
	// PooledSQL, OneoffSQL and PersistSQL add one worker of their kind for
	// each file; a file may be named more than once.
	PooledSQL, OneoffSQL, PersistSQL []string
}

// Unknown is a key that has no meaning to gateslap.
type Unknown struct {
	Section, Key string
	Line         int
}

// Parse reads a configuration; name is the file name shown in errors.
// All mistakes in the values are reported together; [Errors] lists them. A
// mistake in the syntax of the file ends the reading at once.
//
// spec: W-2, W-3, W-4, I-W1
func Parse(name string, src []byte) (Config, error) {
	doc, err := parseDocument(name, src)
	if err != nil {
		return Config{}, err
	}
	d := &binder{doc: doc, known: map[knownKey]bool{}}
	var c Config
	d.mysql(&c.MySQL)
	d.gateslap(&c.Gateslap)
	d.errorHandling(&c.Errors)
	d.pool(&c.Pool)
	d.mysqlSlap(&c.MySQLSlap)
	d.custom(&c.Custom)
	if err := d.err(); err != nil {
		return Config{}, err
	}
	c.Unknown = d.unknown()
	return c, nil
}
