package groundtruth

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

// Measured is one recorded run of the first series.
type Measured struct {
	Name             string             `json:"name"`
	Note             string             `json:"note"`
	Tablets          int                `json:"tablets"`
	Durability       string             `json:"durability"`
	ReplicationDelay float64            `json:"replication_delay_s"`
	Connections      int                `json:"connections"`
	SleepMS          [2]int             `json:"sleep_ms"`
	ReadTimeout      float64            `json:"read_timeout_s"`
	Mode             string             `json:"mode"`
	Seconds          float64            `json:"seconds"`
	Flags            []string           `json:"vtgate_flags"`
	Ops              []Op               `json:"ops"`
	OK               int                `json:"ok"`
	Errors           int                `json:"errors"`
	ErrorRequests    [][]any            `json:"error_requests"`
	Metrics          map[string]float64 `json:"metrics"`
}

// Op is one operation of the operator.
type Op struct {
	Op    string  `json:"op"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	RC    int     `json:"rc"`
	Err   string  `json:"err"`
}

// Load reads a recorded run.
func Load(path string) (*Measured, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &Measured{}
	if err := json.Unmarshal(src, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.Mode == "" || m.Connections == 0 {
		return nil, fmt.Errorf("%s: not a run of the first series (it has no mode)", path)
	}
	return m, nil
}

// Counters are the buffer's series that do not measure time, in the form of a
// gate's exposition text, sorted.
func (m *Measured) Counters() []string {
	var list []string
	for name, v := range m.Metrics {
		if timeless(name) {
			list = append(list, fmt.Sprintf("%s %d", name, int64(v)))
		}
	}
	sort.Strings(list)
	return list
}

// timeless reports whether a series counts something other than milliseconds.
func timeless(name string) bool {
	return strings.HasPrefix(name, "vtgate_buffer") && !strings.Contains(name, "_ms")
}

// ErrorTexts are the errors that clients saw, with counts, sorted.
func (m *Measured) ErrorTexts() []string {
	count := map[string]int{}
	for _, r := range m.ErrorRequests {
		if text, ok := r[len(r)-1].(string); ok {
			count[pythonTuple(text)]++
		}
	}
	return withCounts(count)
}

// pythonTuple reads "(1105, 'text')" as "1105 text".
func pythonTuple(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "("), ")")
	num, text, _ := strings.Cut(s, ", ")
	text = strings.Trim(text, `'"`)
	return num + " " + strings.NewReplacer(`\n`, "\n", `\'`, `'`).Replace(text)
}

func withCounts(count map[string]int) []string {
	var list []string
	for text, n := range count {
		list = append(list, fmt.Sprintf("%d x %s", n, strings.ReplaceAll(text, "\n", `\n`)))
	}
	sort.Strings(list)
	return list
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
