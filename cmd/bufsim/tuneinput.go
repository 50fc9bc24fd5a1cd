package main

import (
	"bytes"
	"cmp"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bufsim/experiments/observed"
	"bufsim/experiments/observed/querylog"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/experiments/tune"
	"bufsim/model/release"
)

// tuneInput is what tune takes from its command line.
type tuneInput struct {
	settings settings
	// tuned are the texts of the flags that say which values may be recommended.
	tuned map[string]string

	load                       tune.Load
	readShare, transactions    string
	transactionWrites          int
	transactionLength          time.Duration
	onError                    string
	queryLog, metrics, before  string
	span                       time.Duration
	prs, prsFrom, lag, lagFrom string
	errors                     string
	pauseP99, pauseMax         time.Duration
	runs, verify, requestBytes int
	printScenario              bool
	assumed                    []string
}

func (in *tuneInput) register(c *cobra.Command) {
	in.settings.register(c)
	f := c.Flags()
	f.Float64Var(&in.load.QPS, "qps", 0, "statements a second for primaries, at each gate")
	f.IntVar(&in.load.Connections, "connections", 0, "most statements under way at each gate; 0 is no limit")
	f.StringVar(&in.readShare, "read-share", "", "`SHARE` of reads, e.g. 80% (default 80%, or as observed)")
	f.StringVar(&in.transactions, "transactions", "", "`SHARE` of statements in transactions, BEGIN and COMMIT counted (default 0%, or as in the query log)")
	f.IntVar(&in.transactionWrites, "transaction-writes", 0, "writes of each transaction (default 2, or as in the query log)")
	f.DurationVar(&in.transactionLength, "transaction-length", 0, "time for which a transaction is open (default 20ms, or as in the query log)")
	f.BoolVar(&in.load.Closed, "closed", false, "clients wait for each answer: --connections of them send --qps together")
	f.DurationVar(&in.load.ReadTimeout, "client-timeout", 0, "the clients' own time limit; 0 waits for ever")
	f.StringVar(&in.onError, "client-on-error", "", "what --closed clients do when a statement fails: `POLICY` "+alternatives(scenario.OnError("").Values()))
	f.DurationVar(&in.load.RetryWait, "client-retry-wait", 0, "pause of --closed clients after a failure")
	f.IntVar(&in.load.RetryCount, "client-retries", 0, "tries of --closed clients with --client-on-error retry; 0 is no limit")
	f.StringVar(&in.load.Gateslap, "gateslap", "", "traffic of a gateslap configuration: `FILE.ini` or built-in name")
	f.StringVar(&in.queryLog, "query-log", "", "traffic of a vtgate's query log: `FILE`")
	f.StringVar(&in.metrics, "metrics", "", "traffic of a vtgate's counters: `FILE` with a dump of /metrics or /debug/vars")
	f.StringVar(&in.before, "before", "", "`FILE` with an earlier dump of the same gate; needs --metrics and --span")
	f.DurationVar(&in.span, "span", 0, "time between the two dumps, or since the gate's start without --before")
	f.StringVar(&in.prs, "prs", "", "write outages of the reparents, `LENGTHS`: 5s, 2s,5s or 2s..8s (default: the scenario's)")
	f.StringVar(&in.prsFrom, "prs-from", "", "`FILE` with measured write outages, one a line")
	f.StringVar(&in.lag, "lag", "", "replication delays, `LENGTHS` (default: the scenario's)")
	f.StringVar(&in.lagFrom, "lag-from", "", "`FILE` with measured replication delays, one a line")
	f.IntVar(&in.load.Gates, "gates", 1, "number of gates")
	f.IntVar(&in.load.Shards, "shards", 1, "number of shards; all of them are reparented")
	f.DurationVar(&in.load.Apart, "apart", 0, "time between the reparents of two shards; 0 is at once")
	f.StringVar(&in.errors, "errors", "0", "target: failed statements of a run at most, `N`, or a share of all such as 0.1%")
	f.DurationVar(&in.pauseP99, "p99-pause", 0, "target: 99 % of the pauses are no longer")
	f.DurationVar(&in.pauseMax, "max-pause", 0, "target: no pause is longer")
	f.IntVar(&in.runs, "runs", 0, "runs of each setting in the search (default: what a minute allows)")
	f.IntVar(&in.verify, "verify", 0, "fresh runs of the result (default: what a minute allows)")
	f.IntVar(&in.requestBytes, "request-bytes", tune.RequestBytes, "memory that a held request costs a gate")
	f.BoolVar(&in.printScenario, "print-scenario", false, "print the scenario that would be played, and stop")
	c.MarkFlagsMutuallyExclusive("prs", "prs-from")
	c.MarkFlagsMutuallyExclusive("lag", "lag-from")
	c.MarkFlagsMutuallyExclusive("gateslap", "query-log", "metrics", "qps")
	complete(c, "client-on-error", scenario.OnError("").Values)
}

// tunedFlags are the flags that tune searches.
func tunedFlags() []string {
	return []string{
		"enable-buffer", "buffer-window", "buffer-size", "buffer-max-failover-duration",
		"buffer-min-time-between-failovers", "buffer-drain-concurrency",
	}
}

// tuneProblem makes the problem of the command line, and checks all of it.
func (a *app) tuneProblem(c *cobra.Command, in *tuneInput, args []string) (*tune.Problem, error) {
	p := &tune.Problem{Seeds: in.runs, Verify: in.verify, RequestBytes: in.requestBytes}
	if in.runs < 0 || in.verify < 0 || in.requestBytes < 1 {
		return nil, usage("--runs, --verify and --request-bytes are whole numbers from 1 on")
	}
	var err error
	if p.PRS, err = a.lengths("prs", in.prs, in.prsFrom); err != nil {
		return nil, err
	}
	if p.Lag, err = a.lengths("lag", in.lag, in.lagFrom); err != nil {
		return nil, err
	}
	if err := in.target(&p.Target); err != nil {
		return nil, err
	}
	if p.Candidates, err = in.candidates(c); err != nil {
		return nil, err
	}
	if p.Scenario, err = a.tunedScenario(c, in, args, p); err != nil {
		return nil, err
	}
	p.Assumptions = in.assumed
	if p.Profile, err = in.settings.profile(p.Scenario); err != nil {
		return nil, err
	}
	p.Base, err = in.settings.resolve(c, a, p.Scenario, p.Profile)
	return p, err
}

// lengths reads durations of a flag or of its file.
func (a *app) lengths(flag, text, from string) (d tune.Durations, err error) {
	switch {
	case from != "":
		src, err := readFileOr(a.in, from)
		if err != nil {
			return d, cannot("read the lengths in", from, err)
		}
		if d, err = tune.ReadDurations(from, bytes.NewReader(src)); err != nil {
			return d, usage("--%s-from: %v", flag, err)
		}
	case text != "":
		if d, err = tune.ParseDurations(text); err != nil {
			return d, usage("--%s: %v", flag, err)
		}
	}
	return d, nil
}

func (in *tuneInput) target(t *tune.Target) error {
	if err := t.ParseErrors(in.errors); err != nil {
		return usage("--errors: %v", err)
	}
	if in.pauseP99 < 0 || in.pauseMax < 0 {
		return usage("--p99-pause and --max-pause are durations such as 5s")
	}
	t.PauseP99, t.PauseMax = in.pauseP99, in.pauseMax
	return nil
}

// candidates takes the tuned flags off the command line.
func (in *tuneInput) candidates(c *cobra.Command) (list tune.Candidates, err error) {
	in.tuned = map[string]string{}
	for _, name := range tunedFlags() {
		if c.Flags().Changed(name) {
			in.tuned[name] = in.settings.vitess[name].text
		}
		delete(in.settings.vitess, name)
	}
	if text := in.tuned["enable-buffer"]; text != "" && text != "true" && text != "1" {
		return list, usage("--enable-buffer: tune looks for settings of a buffer that is on")
	}
	for name, to := range map[string]*[]time.Duration{
		"buffer-window": &list.Windows, "buffer-max-failover-duration": &list.Maxes, "buffer-min-time-between-failovers": &list.Gaps,
	} {
		if err := ascending(name, in.tuned[name], to, time.ParseDuration, "a duration such as 5s"); err != nil {
			return list, err
		}
	}
	for name, to := range map[string]*[]int{"buffer-size": &list.Sizes, "buffer-drain-concurrency": &list.Drains} {
		if err := ascending(name, in.tuned[name], to, strconv.Atoi, "a whole number"); err != nil {
			return list, err
		}
	}
	return list, nil
}

// ascending reads a list of values of a flag, sorted.
func ascending[T cmp.Ordered](name, text string, to *[]T, parse func(string) (T, error), form string) error {
	if text == "" {
		return nil
	}
	words, err := sweep.ParseValues(text)
	if err != nil {
		return usage("--%s: %v", name, err)
	}
	for _, w := range words {
		v, err := parse(w)
		if err != nil {
			return usage("--%s: %q is not %s", name, w, form)
		}
		*to = append(*to, v)
	}
	slices.Sort(*to)
	*to = slices.Compact(*to)
	return nil
}

// tunedScenario loads the scenario that is named, or makes one of the traffic.
func (a *app) tunedScenario(c *cobra.Command, in *tuneInput, args []string, p *tune.Problem) (*scenario.Scenario, error) {
	traffic := in.load.QPS != 0 || in.load.Gateslap != "" || in.queryLog != "" || in.metrics != ""
	switch {
	case in.metrics == "" && (in.before != "" || in.span != 0):
		return nil, usage("--before and --span go with --metrics")
	case traffic && len(args) > 0:
		return nil, usage("the scenario %s has traffic of its own; leave it out, or --qps, --gateslap, --query-log and --metrics", args[0])
	case !traffic:
		for _, name := range []string{"connections", "read-share", "transactions", "transaction-writes", "transaction-length", "closed", "client-timeout", "client-on-error", "client-retry-wait", "client-retries", "gates", "shards", "apart"} {
			if c.Flags().Changed(name) {
				return nil, usage("--%s goes with traffic of numbers: say --qps, too", name)
			}
		}
		return loadScenario(nameOr(args, scenario.DefaultName))
	}
	if err := a.observe(c, in); err != nil {
		return nil, err
	}
	if err := in.details(c); err != nil {
		return nil, err
	}
	opts := scenario.VitessOptions()
	opts.ReadFile = os.ReadFile
	s, err := in.load.Scenario(p.PRS.Max()+p.Lag.Max(), opts)
	if err != nil {
		return nil, usage("%v", err)
	}
	return s, nil
}

// details puts in what the command line says about the traffic.
func (in *tuneInput) details(c *cobra.Command) error {
	l := &in.load
	l.OnError, l.Release = scenario.OnError(in.onError), cmp.Or(in.settings.release, release.Latest().Name)
	if in.readShare != "" || in.queryLog == "" && in.metrics == "" {
		share, err := shareOf("read-share", cmp.Or(in.readShare, "80%"))
		if err != nil {
			return err
		}
		l.Reads = share
	}
	if err := in.inTransactions(); err != nil {
		return err
	}
	if l.Apart < 0 || l.ReadTimeout < 0 || l.RetryWait < 0 || l.RetryCount < 0 || l.Connections < 0 {
		return usage("--connections, --apart, --client-timeout, --client-retry-wait and --client-retries must not be negative")
	}
	return nil
}

// inTransactions puts in what the command line says about transactions.
func (in *tuneInput) inTransactions() error {
	t := &in.load.Transactions
	if in.transactions != "" {
		share, err := shareOf("transactions", in.transactions)
		if err != nil {
			return err
		}
		t.Share = share
	}
	if in.transactionWrites < 0 || in.transactionLength < 0 {
		return usage("--transaction-writes and --transaction-length must not be negative")
	}
	if t.Share == 0 {
		if in.transactionWrites > 0 || in.transactionLength > 0 {
			return usage("--transaction-writes and --transaction-length go with transactions: say --transactions, too")
		}
		return nil
	}
	if in.transactionWrites > 0 {
		t.Writes = in.transactionWrites
	}
	if in.transactionLength > 0 {
		t.Length, t.LengthP99 = in.transactionLength, 0
	}
	in.assumed = append(in.assumed, t.String())
	return nil
}

func shareOf(flag, text string) (float64, error) {
	var s scenario.Share
	if err := s.UnmarshalText([]byte(text)); err != nil {
		return 0, usage("--%s: %v; write for example 80%%", flag, err)
	}
	return float64(s), nil
}

// observe takes the traffic from a log or from counters. What the command line says
// besides wins.
func (a *app) observe(c *cobra.Command, in *tuneInput) error {
	var (
		traffic observed.Traffic
		err     error
	)
	switch {
	case in.queryLog != "":
		traffic, err = a.readLog(in.queryLog)
	case in.metrics != "":
		traffic, err = a.readCounters(in)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	l, assumed := tune.FromTraffic(traffic)
	in.assumed = append(in.assumed, assumed...)
	in.load.QPS, in.load.Reads, in.load.Transactions = l.QPS, l.Reads, l.Transactions
	if !c.Flags().Changed("connections") {
		in.load.Connections = l.Connections
	}
	return nil
}

func (a *app) readLog(path string) (t observed.Traffic, err error) {
	src, err := readFileOr(a.in, path)
	if err != nil {
		return t, cannot("read the query log", path, err)
	}
	records, err := querylog.ReadAll(path, bytes.NewReader(src))
	if err != nil {
		return t, usage("--query-log: %v", err)
	}
	if t, err = observed.FromLog(records); err != nil {
		return t, usage("--query-log: %s: %v", path, err)
	}
	return t, nil
}

func (a *app) readCounters(in *tuneInput) (t observed.Traffic, err error) {
	if in.span <= 0 {
		return t, usage("--metrics needs --span, the time between the two dumps, such as 60s")
	}
	counted, err := a.snapshots(in.metrics, in.before)
	if err != nil {
		return t, err
	}
	if t, err = observed.FromCounters(counted, in.span); err != nil {
		return t, usage("--metrics: %s: %v", in.metrics, err)
	}
	return t, nil
}

// snapshots reads a dump of a gate's counters, without what an earlier one had counted.
func (a *app) snapshots(path, before string) (observed.Snapshot, error) {
	read := func(path string) (observed.Snapshot, error) {
		src, err := readFileOr(a.in, path)
		if err != nil {
			return nil, cannot("read the counters in", path, err)
		}
		s, err := observed.Read(path, bytes.NewReader(src))
		if err != nil {
			return nil, usage("%v", err)
		}
		return s, nil
	}
	after, err := read(path)
	if err != nil || before == "" {
		return after, err
	}
	earlier, err := read(before)
	if err != nil {
		return nil, err
	}
	counted, err := after.Since(earlier)
	if err != nil {
		return nil, usage("%s and %s: %v", before, path, err)
	}
	return counted, nil
}
