package observed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// variable is a variable of /debug/vars: how /metrics calls it, and the labels whose
// values its keys join with dots. spec: W-61, W-63
type variable struct {
	name, family string
	labels       []string
}

// variables are those that bufsim makes use of.
func variables() []variable {
	shard := []string{"keyspace", "shard_name"}
	reason := append(slices.Clone(shard), "reason")
	call := []string{"operation", "keyspace", "db_type"}
	list := []variable{
		{"VtgateApi", "vtgate_api", call},
		{"VtgateApiErrorCounts", "vtgate_api_error_counts", append(slices.Clone(call), "code")},
		{"HealthcheckPrimaryPromoted", "vtgate_healthcheck_primary_promoted", shard},
		{"BufferStops", "vtgate_buffer_stops", reason},
		{"BufferRequestsEvicted", "vtgate_buffer_requests_evicted", reason},
		{"BufferRequestsSkipped", "vtgate_buffer_requests_skipped", reason},
		{"BufferSize", "vtgate_buffer_size", nil},
	}
	for _, name := range []string{
		"BufferStarts", "BufferRequestsBuffered", "BufferRequestsBufferedDryRun", "BufferRequestsDrained", "BufferUtilizationSum",
		"BufferUtilizationDryRunSum",
	} {
		list = append(list, variable{name, "vtgate_" + snake(name), shard})
	}
	list = append(list,
		variable{"BufferFailoverDurationSumMs", "vtgate_buffer_failover_duration_sum_ms", shard},
		variable{"BufferLastFailoverDurationMs", "vtgate_buffer_last_failover_duration_ms", shard},
		variable{"BufferLastRequestsInFlightMax", "vtgate_buffer_last_requests_in_flight_max", shard},
		variable{"BufferLastRequestsDryRunMax", "vtgate_buffer_last_requests_dry_run_max", shard},
	)
	return list
}

// snake turns CamelCase into lower case with underscores. spec: W-60
func snake(name string) string {
	var b strings.Builder
	for i, c := range name {
		if i > 0 && 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(c)))
	}
	return b.String()
}

// readVars reads the JSON of /debug/vars; variables that bufsim has no use for are
// passed over. spec: W-63
func readVars(name string, src io.Reader) (Snapshot, error) {
	var page map[string]json.RawMessage
	text, err := io.ReadAll(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return nil, fmt.Errorf("%s: not a page of /debug/vars: %w", place(name, text, err), err)
	}
	s := Snapshot{}
	for _, v := range variables() {
		if value, ok := page[v.name]; ok {
			if err := s.variable(v, value); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, v.name, err)
			}
		}
	}
	return s, nil
}

// place adds line and column of a JSON error to a file's name.
func place(name string, text []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return name
	}
	before := string(text[:syntax.Offset])
	return fmt.Sprintf("%s:%d:%d", name, 1+strings.Count(before, "\n"), len(before)-strings.LastIndexByte(before, '\n'))
}

func (s Snapshot) variable(v variable, value json.RawMessage) error {
	if v.labels == nil {
		var n float64
		err := json.Unmarshal(value, &n)
		s[v.family] = n
		return err
	}
	if v.name == "VtgateApi" {
		return s.timings(v, value)
	}
	var counts map[string]float64
	if err := json.Unmarshal(value, &counts); err != nil {
		return err
	}
	for key, n := range counts {
		labels, err := v.split(key)
		if err != nil {
			return err
		}
		s[series(v.family, labels)] = n
	}
	return nil
}

// split takes a key apart. Vitess has replaced dots inside of values, so that each
// dot is one between values.
func (v variable) split(key string) ([]Label, error) {
	values := strings.Split(key, ".")
	if len(values) != len(v.labels) {
		return nil, fmt.Errorf("key %q has %d parts, want %s", key, len(values), strings.Join(v.labels, "."))
	}
	var labels []Label
	for i, name := range v.labels {
		labels = append(labels, Label{name, values[i]})
	}
	return labels, nil
}

// timings reads a histogram: buckets that are not cumulative, with bounds in
// nanoseconds.
func (s Snapshot) timings(v variable, value json.RawMessage) error {
	var t struct{ Histograms map[string]map[string]float64 }
	if err := json.Unmarshal(value, &t); err != nil {
		return err
	}
	for key, h := range t.Histograms {
		if key == "All" {
			continue // the sum of the others
		}
		labels, err := v.split(key)
		if err != nil {
			return err
		}
		if err := s.histogram(v.family, labels, h); err != nil {
			return fmt.Errorf("histogram %q: %w", key, err)
		}
	}
	return nil
}

func (s Snapshot) histogram(family string, labels []Label, h map[string]float64) error {
	var bounds []float64
	for text := range h {
		switch text {
		case "Count", "Time", "inf":
			continue
		}
		ns, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a bound", text)
		}
		bounds = append(bounds, ns)
	}
	slices.Sort(bounds)
	sum := 0.0
	for _, ns := range bounds {
		sum += h[strconv.FormatFloat(ns, 'f', -1, 64)]
		s[bucket(family, labels, ns/float64(time.Second))] = sum
	}
	s[bucket(family, labels, math.Inf(1))] = sum + h["inf"]
	s[series(family+"_sum", labels)] = h["Time"] / float64(time.Second)
	s[series(family+"_count", labels)] = h["Count"]
	return nil
}
