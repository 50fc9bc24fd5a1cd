package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/trace"
)

func (a *app) traceCommand() *cobra.Command {
	var (
		s      settings
		seed   uint64
		filter traceFilter
		format string
	)
	c := &cobra.Command{
		Use:   "trace [SCENARIO]",
		Short: "Show what happened in a run, event by event",
		Long: `Plays one scenario with the full trace and prints its events: as lines, as NDJSON,
or as a Mermaid sequence diagram. Filters cut it down to what matters.`,
		Example: `  bufsim trace --kinds reparent,buffer
  bufsim trace 3 --release v13 --host gate-1 --from 6s --to 8s
  bufsim trace --format mermaid --kinds health,reparent`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			keep, err := filter.build()
			if err != nil {
				return err
			}
			job, err := a.prepare(c, &s, nameOr(args, scenario.DefaultName), seed)
			if err != nil {
				return err
			}
			rec := trace.NewRecorder(keep)
			if _, err := job.play(runner.Options{Sink: rec}); err != nil {
				return err
			}
			return a.writeTrace(format, rec.Events())
		},
	}
	s.register(c)
	f := c.Flags()
	f.Uint64Var(&seed, "seed", 0, "seed of the run (default: the scenario's first)")
	f.StringVar(&format, "format", "text", "form of the trace: text, ndjson or mermaid")
	f.StringSliceVar(&filter.hosts, "host", nil, "only these hosts, e.g. gate-1,zone1-0000000100")
	f.StringVar(&filter.kinds, "kinds", "", "only these kinds or families of events, e.g. buffer,reparent")
	f.DurationVar(&filter.from, "from", 0, "only from this virtual time on")
	f.DurationVar(&filter.to, "to", 0, "only up to this virtual time")
	return c
}

type traceFilter struct {
	hosts    []string
	kinds    string
	from, to time.Duration
}

func (t *traceFilter) build() (trace.Filter, error) {
	kinds, err := trace.ParseKinds(t.kinds, runner.TraceKinds())
	if err != nil {
		return trace.Filter{}, usage("--kinds: %v", err)
	}
	return trace.Filter{Hosts: runner.FullHostNames(t.hosts), Kinds: kinds, From: int64(t.from), Until: int64(t.to)}, nil
}

func (a *app) writeTrace(format string, events []trace.Event) error {
	switch format {
	case "text":
		return trace.WriteText(a.out, events)
	case "ndjson":
		return trace.WriteNDJSON(a.out, events)
	case "mermaid":
		return trace.WriteMermaid(a.out, events, runner.Arrow)
	}
	return usage("--format %s: unknown form; known are text, ndjson, mermaid", format)
}

// quoted protects a flag's value for a shell.
func quoted(v string) string {
	if v != "" && !strings.ContainsAny(v, " \t\n\"'$&|;<>()*?[]#~\\`") {
		return v
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(v, "'", `'\''`))
}
