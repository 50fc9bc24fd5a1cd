package groundtruth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Measured is one recorded run, of either series; both are brought into the terms of the
// second.
type Measured struct {
	// sinceTick is how long after a health tick of the simulated tablets the load begins; no
	// record tells it.
	sinceTick time.Duration

	Name             string   `json:"name"`
	Note             string   `json:"note"`
	Vitess           string   `json:"vitess"`
	MySQL            string   `json:"mysql"`
	Topo             string   `json:"topo"`
	Tablets          int      `json:"tablets"`
	Durability       string   `json:"durability"`
	ReplicationDelay float64  `json:"replication_delay_s"`
	PrimaryAtStart   string   `json:"primary_at_start"`
	Load             []Load   `json:"load"`
	Connections      int      `json:"connections"`
	Seconds          float64  `json:"seconds"`
	Flags            []string `json:"vtgate_flags"`
	Start            string   `json:"t0_utc"`
	// Sleep, ReadTimeout and Mode are the load of the first series.
	Sleep       [2]float64 `json:"sleep_ms"`
	ReadTimeout float64    `json:"read_timeout_s"`
	Mode        string     `json:"mode"`

	Ops           []Op                 `json:"ops"`
	OK            int                  `json:"ok"`
	Errors        int                  `json:"errors"`
	ByKind        map[string]KindCount `json:"by_kind"`
	ErrorTexts    []ErrorText          `json:"error_texts"`
	ErrorsNote    string               `json:"error_texts_note"`
	ErrorRequests [][]any              `json:"error_requests"`
	SlowRequests  [][]any              `json:"slow_requests"`
	Latency       map[string]float64   `json:"latency_s"`
	Metrics       map[string]float64   `json:"metrics"`
	Health        [][]any              `json:"health_messages"`
	Log           []string             `json:"vtgate_log"`
}

// Load is a group of equal workers.
type Load struct {
	Clients int `json:"n"`
	// Kind is what a round is: auto (half INSERT, half SELECT), sql (one fixed statement) or
	// tx (BEGIN, Statements INSERTs, COMMIT).
	Kind string `json:"kind"`
	// Min and Max bound the pause between rounds, Think that inside a transaction, in
	// milliseconds.
	Min        float64    `json:"smin"`
	Max        float64    `json:"smax"`
	Think      [2]float64 `json:"think"`
	Statements int        `json:"stmts"`
	SQL        string     `json:"sql"`
	// First are statements that each connection runs first; Database is named at connect.
	First    []string `json:"first"`
	Database string   `json:"db"`
	// Name is the kind of its statements in the records.
	Name string `json:"k"`
	// Mode says what follows an error: fast (the default), keep, retry or exit.
	Mode string `json:"mode"`
}

// Op is one operation of the operator, with what became of it.
type Op struct {
	Op      string  `json:"op"`
	Start   float64 `json:"start"`
	End     float64 `json:"end"`
	RC      *int    `json:"rc"`
	Err     string  `json:"err"`
	Outcome string  `json:"outcome"`
}

// KindCount counts the statements of one kind.
type KindCount struct {
	OK     int `json:"ok"`
	Errors int `json:"errors"`
}

// ErrorText is one error text that clients saw.
type ErrorText struct {
	Kind  string  `json:"kind"`
	Text  string  `json:"text"`
	Count int     `json:"count"`
	First float64 `json:"first_start"`
	Last  float64 `json:"last_start"`
}

// Read reads a recorded run and refuses what it does not know: an unknown field may mean that
// something happened which a simulated run would not repeat.
func Read(path string) (*Measured, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return m, nil
}

func parse(src []byte) (*Measured, error) {
	m := &Measured{}
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	if err := m.complete(); err != nil {
		return nil, err
	}
	return m, m.check()
}

// complete turns the load of the first series into that of the second. Its clients read with a
// time-out of 40 s, which the second series had, too: its requests that timed out show it.
func (m *Measured) complete() error {
	const readTimeout = 40
	if m.ReadTimeout == 0 {
		m.ReadTimeout = readTimeout
	}
	switch {
	case m.Mode != "" && len(m.Load) > 0:
		return errors.New("it has both mode and load: of which series is it?")
	case m.Mode != "":
		m.Load = []Load{{Clients: m.Connections, Kind: kindAuto, Min: m.Sleep[0], Max: m.Sleep[1], Mode: m.Mode}}
	case len(m.Load) == 0:
		return errors.New("it has neither mode (first series) nor load (second series)")
	}
	return nil
}

// The kinds of rounds.
const (
	kindAuto = "auto"
	kindSQL  = "sql"
	kindTx   = "tx"
)

func (m *Measured) check() error {
	switch {
	case m.Name == "":
		return errors.New("it has no name")
	case m.Tablets < 2:
		return fmt.Errorf("%d tablets: a reparent needs two", m.Tablets)
	case m.Seconds <= 0:
		return fmt.Errorf("it lasts %v s", m.Seconds)
	}
	for i, l := range m.Load {
		if err := l.check(); err != nil {
			return fmt.Errorf("load %d: %w", i+1, err)
		}
	}
	return nil
}

func (l *Load) check() error {
	switch {
	case l.Clients < 1:
		return fmt.Errorf("%d workers", l.Clients)
	case l.Min < 0 || l.Max < l.Min:
		return fmt.Errorf("a pause from %v to %v ms", l.Min, l.Max)
	case l.Kind == kindSQL && l.SQL == "":
		return errors.New("kind sql without a statement (sql)")
	case l.Kind == kindTx && l.Think[1] < l.Think[0]:
		return fmt.Errorf("a pause from %v to %v ms in transactions", l.Think[0], l.Think[1])
	case l.Kind != kindAuto && l.Kind != kindSQL && l.Kind != kindTx:
		return fmt.Errorf("kind %q: want auto, sql or tx", l.Kind)
	}
	if _, ok := errorPolicy(l.Mode); !ok {
		return fmt.Errorf("mode %q: want exit, retry, fast or keep", l.Mode)
	}
	return nil
}

// errorsCut reports whether clients' errors were recorded only in part.
func (m *Measured) errorsCut() bool {
	n := 0
	for _, e := range m.errorTexts() {
		n += e.Count
	}
	return n < m.Errors
}

// errorTexts lists the error texts; the first series has only the requests.
func (m *Measured) errorTexts() []ErrorText {
	if m.ErrorTexts != nil {
		return m.ErrorTexts
	}
	var list []ErrorText
	for _, r := range m.ErrorRequests {
		if text, ok := r[len(r)-1].(string); ok {
			list = append(list, ErrorText{Text: text, Count: 1})
		}
	}
	return list
}

// milliseconds and seconds turn the files' numbers into durations.
func milliseconds(ms float64) time.Duration { return seconds(ms / 1000) }
func seconds(s float64) time.Duration       { return time.Duration(s * float64(time.Second)) }

// IsRun tells a recorded run from other files of the folder by their names.
func IsRun(path string) bool {
	return strings.HasSuffix(path, ".json") && filepath.Base(path) != PhasesFile
}
