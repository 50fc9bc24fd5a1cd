package scenario

import "fmt"

// Expect are the figures that a published guide prints for a scenario, and
// what each of them demands of our runs.
type Expect struct {
	Source   string    `json:"source,omitempty" jsonschema:"where the figures were published"`
	Keyspace string    `json:"keyspace" jsonschema:"keyspace of the series"`
	Shard    ShardName `json:"shard" jsonschema:"shard of the series"`
	// Seeds is the range for among_seeds.
	Seeds    Seeds             `json:"seeds" jsonschema:"seeds among which one run must show all figures marked among_seeds"`
	Counters []ExpectedCounter `json:"counters,omitempty" jsonschema:"buffer counters at the end of the run"`
	// ClientsEnded is the number of clients that gave up.
	ClientsEnded *ExpectedNumber `json:"clients_ended,omitempty" jsonschema:"clients that gave up"`
	Note         string          `json:"note,omitempty" jsonschema:"remark on the figures as a whole"`
}

func (e *Expect) setDefaults(*decoder) { *e = Expect{Seeds: Seeds{First: 1, Last: 50}} }

// ExpectedNumber is one published number.
type ExpectedNumber struct {
	// Guide is the number as published.
	Guide int `json:"guide" jsonschema:"the published number"`
	// Match says what our number must be.
	Match Match `json:"match" jsonschema:"what our number must be"`
	// Min and Max bound our number in every run, where given.
	Min *int `json:"min,omitempty" jsonschema:"least number in any run"`
	Max *int `json:"max,omitempty" jsonschema:"greatest number in any run"`
	// Note says why, where Match is not exact.
	Note string `json:"note,omitempty" jsonschema:"why the number may differ"`
}

func (e *ExpectedNumber) setDefaults(*decoder) { *e = ExpectedNumber{Match: MatchExact} }

// Holds reports whether our number of one run is allowed. For MatchAmongSeeds
// that is only the part that every single run must meet.
func (e ExpectedNumber) Holds(ours int) bool {
	if e.Match == MatchExact {
		return ours == e.Guide
	}
	return (e.Min == nil || ours >= *e.Min) && (e.Max == nil || ours <= *e.Max)
}

// Match is the kind of demand that a published number makes.
type Match string

// The kinds.
const (
	// MatchExact: every run gives the published number.
	MatchExact Match = "exact"
	// MatchAmongSeeds: every run keeps the bounds, and one run among the seeds
	// of [Expect] gives all numbers of this kind at once.
	MatchAmongSeeds Match = "among_seeds"
	// MatchConstraint: every run keeps the bounds; the published number depends
	// on timing that the guide does not tell.
	MatchConstraint Match = "constraint"
)

// Values lists the kinds.
func (Match) Values() []string {
	return []string{string(MatchExact), string(MatchAmongSeeds), string(MatchConstraint)}
}

// ExpectedCounter is one series of the gate's metrics.
type ExpectedCounter struct {
	// Metric is the name without the prefix vtgate_.
	Metric Metric `json:"metric" jsonschema:"name of the series without the prefix vtgate_"`
	// Reason is the label of series that have one.
	Reason string `json:"reason,omitempty" jsonschema:"label reason, where the series has one"`

	Guide int    `json:"guide" jsonschema:"the published number"`
	Match Match  `json:"match" jsonschema:"what our number must be"`
	Min   *int   `json:"min,omitempty" jsonschema:"least number in any run"`
	Max   *int   `json:"max,omitempty" jsonschema:"greatest number in any run"`
	Note  string `json:"note,omitempty" jsonschema:"why the number may differ"`
}

func (c *ExpectedCounter) setDefaults(*decoder) { *c = ExpectedCounter{Match: MatchExact} }

// Number is the counter's number and demand without its name.
func (c ExpectedCounter) Number() ExpectedNumber {
	return ExpectedNumber{Guide: c.Guide, Match: c.Match, Min: c.Min, Max: c.Max, Note: c.Note}
}

// Series is the name of a counter in the gate's exposition text.
//
// spec: W-60
func (e *Expect) Series(c ExpectedCounter) string {
	if c.Reason == "" {
		return fmt.Sprintf("vtgate_%s{keyspace=%q,shard_name=%q}", c.Metric, e.Keyspace, string(e.Shard))
	}
	return fmt.Sprintf("vtgate_%s{keyspace=%q,reason=%q,shard_name=%q}", c.Metric, e.Keyspace, c.Reason, string(e.Shard))
}

// Metric is a buffer counter.
//
// spec: W-61
type Metric string

// The counters that the guide prints.
const (
	MetricBuffered       Metric = "buffer_requests_buffered"
	MetricBufferedDryRun Metric = "buffer_requests_buffered_dry_run"
	MetricDrained        Metric = "buffer_requests_drained"
	MetricEvicted        Metric = "buffer_requests_evicted"
	MetricSkipped        Metric = "buffer_requests_skipped"
)

// Values lists the counters.
func (Metric) Values() []string {
	return []string{
		string(MetricBuffered), string(MetricBufferedDryRun), string(MetricDrained),
		string(MetricEvicted), string(MetricSkipped),
	}
}

// reasons lists the labels of a counter; none for counters without.
func (m Metric) reasons() []string {
	switch m {
	case MetricEvicted:
		return []string{"BufferFull", "ContextDone", "WindowExceeded"}
	case MetricSkipped:
		return []string{"BufferFull", "Disabled", "LastFailoverTooRecent", "LastReparentTooRecent", "Shutdown"}
	}
	return nil
}
