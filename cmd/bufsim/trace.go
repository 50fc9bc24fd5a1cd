package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bufsim/experiments/hunt"
	"bufsim/experiments/report"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/spelling"
	"bufsim/sim/trace"
)

func (a *app) traceCommand() *cobra.Command {
	var (
		in     jobInput
		filter traceFilter
		form   *formValue
	)
	c := &cobra.Command{
		Use:   "trace [SCENARIO|CASE]",
		Short: "Show what happened in a run, event by event",
		Long: `Plays one scenario, or a case of explore, with the full trace and prints its events:
as lines, as a grid with a column for each host and a character for each event, as
NDJSON, as a Mermaid sequence diagram, or for ui.perfetto.dev. Filters cut it down to
what matters.
docs/trace.md explains each kind of event.`,
		Example: `  bufsim trace --kinds reparent,buffer
  bufsim trace 3 --release v13 --host gate-1 --from 6s --to 8s
  bufsim trace -o grid --from 5s --to 10s
  bufsim trace --request r48
  bufsim trace cases/buffer-states-GATE-SHARD -o grid
  bufsim trace -o perfetto > run.json   # open it in ui.perfetto.dev
  bufsim trace -o mermaid --kinds net,reparent --host vtctld --from 6s --to 7s`,
		Args:              atMostOne("scenario"),
		ValidArgsFunction: scenarioArgs,
		RunE: func(c *cobra.Command, args []string) error {
			keep, err := filter.build()
			if err != nil {
				return err
			}
			if len(args) > 0 && isCase(args[0]) {
				return a.traceCase(c, args[0], &filter, keep, form.form)
			}
			j, err := a.prepare(c, &in, nameOr(args, scenario.DefaultName))
			if err != nil {
				return err
			}
			rec, seen := trace.NewRecorder(keep), trace.NewRecorder(trace.Filter{Kinds: []string{string(trace.KindHost)}})
			result, err := j.play(runner.Options{Sink: trace.Tee{filter.follow(rec), seen}})
			if err != nil {
				return err
			}
			if err := checkHosts(filter.hosts, seen.Events()); err != nil {
				return err
			}
			if err := a.writeTrace(form.form, rec.Events(), j.replay); err != nil {
				return err
			}
			if result.Outcome.Failed() {
				return verdict(result)
			}
			return nil
		},
	}
	in.register(c)
	in.variant.register(c)
	form = registerOutput(c, "text", "grid", "ndjson", "mermaid", "perfetto")
	c.Flags().Var(form, "format", "another name of --output")
	c.Flags().Lookup("format").Hidden = true
	filter.register(c)
	return c
}

// traceCase prints the events of a case.
func (a *app) traceCase(c *cobra.Command, path string, filter *traceFilter, keep trace.Filter, form string) error {
	one, err := readCaseAlone(c, path, "host", "request", "kinds", "from", "to", "output", "format")
	if err != nil {
		return err
	}
	rec, seen := trace.NewRecorder(keep), trace.NewRecorder(trace.Filter{Kinds: []string{string(trace.KindHost)}})
	if err := one.Record(trace.Tee{filter.follow(rec), seen}); err != nil {
		return usage("%s: %v", path, err)
	}
	if err := checkHosts(filter.hosts, seen.Events()); err != nil {
		return err
	}
	return a.writeTrace(form, rec.Events(), replayCase(c, path))
}

// traceFilter is what the command line says about the wanted events.
type traceFilter struct {
	hosts    []string
	requests []string
	kinds    string
	from, to time.Duration
}

func (t *traceFilter) register(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&t.hosts, "host", nil, "only these hosts, e.g. gate-1,zone1-100")
	f.StringSliceVar(&t.requests, "request", nil, "only what belongs to these requests, e.g. gate-1/r42,r43")
	f.StringVar(&t.kinds, "kinds", "", "only these kinds or families of events, e.g. buffer,reparent")
	f.DurationVar(&t.from, "from", 0, "only from this virtual time on")
	f.DurationVar(&t.to, "to", 0, "only up to this virtual time (default: the end)")
	complete(c, "kinds", families)
}

// follow is the recorder, or what passes the events of the wanted requests on to it.
func (t *traceFilter) follow(rec *trace.Recorder) trace.Sink {
	if len(t.requests) == 0 {
		return rec
	}
	return hunt.Follow(t.requests, rec)
}

func (t *traceFilter) build() (trace.Filter, error) {
	if t.from < 0 || t.to < 0 {
		return trace.Filter{}, usage("--from and --to are virtual times from 0s on")
	}
	if t.to > 0 && t.to < t.from {
		return trace.Filter{}, usage("--to %s is before --from %s", t.to, t.from)
	}
	kinds, err := trace.ParseKinds(t.kinds, hunt.TraceKinds())
	if err != nil {
		var unknown *trace.UnknownKindError
		if errors.As(err, &unknown) {
			return trace.Filter{}, usage("--kinds: unknown kind of event %q; %s", unknown.Name, meantKind(unknown.Name))
		}
		return trace.Filter{}, usage("--kinds: %v", err)
	}
	return trace.Filter{Hosts: runner.FullHostNames(t.hosts), Kinds: kinds, From: int64(t.from), Until: int64(t.to)}, nil
}

// meantKind says which kind of event was probably meant, and which families there
// are.
func meantKind(name string) string {
	var all []string
	for _, d := range hunt.TraceKinds() {
		all = append(all, string(d.Kind))
	}
	list := "the families are " + strings.Join(families(), ", ") + "; docs/trace.md lists all kinds"
	if near, ok := spelling.Nearest(name, append(all, families()...)); ok {
		return "did you mean " + near + "? " + list
	}
	return list
}

// families lists the first parts of all kinds of events.
func families() []string {
	var list []string
	seen := map[string]bool{}
	for _, d := range hunt.TraceKinds() {
		family, _, _ := strings.Cut(string(d.Kind), ".")
		if !seen[family] {
			seen[family] = true
			list = append(list, family)
		}
	}
	return list
}

// checkHosts holds that every wanted host took part in the run.
func checkHosts(wanted []string, boots []trace.Event) error {
	var hosts []string
	known := map[string]bool{}
	for i := range boots {
		if h := boots[i].Host; !known[h] {
			known[h] = true
			hosts = append(hosts, h)
		}
	}
	for i, full := range runner.FullHostNames(wanted) {
		if !known[full] {
			return usage("--host: the run has no host %q; its hosts are %s", wanted[i], strings.Join(hosts, ", "))
		}
	}
	return nil
}

// writeTrace prints events, and how to see them again.
func (a *app) writeTrace(form string, events []trace.Event, replay string) error {
	a.sayReplay(replay)
	if len(events) == 0 {
		a.say("no event of the run passes the filters")
	}
	switch form {
	case "ndjson":
		return trace.WriteNDJSON(a.out, events)
	case "mermaid":
		return trace.WriteMermaid(a.out, events, runner.Arrow)
	case "perfetto":
		return trace.WritePerfetto(a.out, events, runner.Marks)
	case "grid":
		return trace.WriteGrid(a.out, events, trace.GridOptions{Glyphs: slices.Concat(runner.Glyphs(), hunt.Glyphs()), Width: report.Columns, Short: runner.ShortHostName})
	}
	var b strings.Builder
	if err := trace.WriteText(&b, events); err != nil {
		return err
	}
	return a.printText(report.FoldLines(b.String()))
}
