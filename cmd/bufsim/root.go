package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/experiments/report"
	"bufsim/experiments/runner"
)

// app holds the streams of one invocation.
type app struct {
	in       io.Reader
	out, err io.Writer
}

// Main runs the command line args and returns the exit code.
func Main(args []string, in io.Reader, out, errw io.Writer) (code int) {
	a := &app{in, out, errw}
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(errw, "bufsim: this is a fault of bufsim itself: %v\n%s", v, debug.Stack())
			code = exitOurFault
		}
	}()
	root := a.root()
	args, hints := doubleDashes(root, args)
	for _, h := range hints {
		a.say("%s", h)
	}
	root.SetArgs(args)
	return fail(errw, root.Execute())
}

// say talks to the user on stderr, folded to the width of all text output.
func (a *app) say(format string, args ...any) {
	const label = "bufsim: "
	indent := label
	for _, line := range report.Fold(fmt.Sprintf(format, args...), report.Columns-len(label)) {
		fmt.Fprintf(a.err, "%s%s\n", indent, line)
		indent = strings.Repeat(" ", len(label))
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:     "bufsim",
		Short:   "Simulate the failover buffering of Vitess's VTGate",
		Version: runner.Version,
		Long: `bufsim plays a PlannedReparentShard under traffic through a real gate, real
tablets and a real topology server, in virtual time. A run is a pure function of
scenario, release, flags, seed and version.

Results go to stdout, remarks and progress to stderr. Exit codes: 0 ok, 1 finding
(a threshold was exceeded, an invariant did not hold, an operation or a figure is not
as expected), 2 bad
input, 3 a fault of bufsim itself, 130 interrupted.`,
		Example: `  bufsim run                                   # the default reparent
  bufsim run --buffer-window=1s --release v19  # with another flag and release
  bufsim scenario 5 --release v13              # a scenario of the buffering guide
  bufsim sweep --buffer-window 1s..10s         # error rate versus window`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args)
			}
			return c.Help()
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetGlobalNormalizationFunc(dashes)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(usageText)
	root.AddCommand(a.runCommand(), a.scenarioCommand(), a.scenariosCommand(), a.sweepCommand(),
		a.mergeCommand(), a.compareCommand(), a.tuneCommand(),
		a.plotCommand(), a.traceCommand(), a.faultsCommand(), a.invariantsCommand(), a.conformCommand(), a.groundtruthCommand(), a.versionCommand(),
		a.whyCommand(), a.causeCommand())
	root.AddCommand(a.exploreCommand(), a.replayCommand(), a.shrinkCommand())
	root.SetHelpCommand(helpCommand(root))
	strictCompletion(root)
	return root
}

// flagError says which flag is wrong, why, and how to fix it.
func flagError(c *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		value   *pflag.InvalidValueError
		missing *pflag.ValueRequiredError
	)
	switch {
	case errors.As(err, &value):
		f := value.GetFlag()
		return usage("invalid value %q for --%s: %s", value.GetValue(), f.Name, wanted(f, value.Unwrap()))
	case errors.As(err, &missing):
		f := missing.GetFlag()
		word, _ := pflag.UnquoteUsage(f)
		return usage("--%s needs a value: --%s=%s", f.Name, f.Name, strings.ToUpper(word))
	case !errors.As(err, &unknown):
		return usage("%v; see `%s --help`", err, c.CommandPath())
	}
	name := unknown.GetSpecifiedName()
	dashed := "--" + name
	if unknown.GetSpecifiedShortnames() != "" {
		dashed = "-" + name
	}
	if near := nearestFlag(c, name); near != "" {
		return usage("unknown flag %s; did you mean --%s? See `%s --help`", dashed, near, c.CommandPath())
	}
	return usage("unknown flag %s; see `%s --help`. A whole vtgate command line goes into --flags-from", dashed, c.CommandPath())
}

// wanted says what a flag's value must be.
func wanted(f *pflag.Flag, err error) string {
	switch f.Value.Type() {
	case "duration":
		return "want a duration such as 5s or 500ms"
	case "bool":
		return "want true or false"
	}
	return err.Error()
}
