package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
		fmt.Fprintln(errw, "bufsim: "+h)
	}
	root.SetArgs(args)
	return fail(errw, root.Execute())
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "bufsim",
		Short: "Simulate the failover buffering of Vitess's VTGate",
		Long: `bufsim plays a PlannedReparentShard under traffic through a real gate, real
tablets and a real topology server, in virtual time. A run is a pure function of
scenario, release, flags, seed and version.`,
		Example: `  bufsim run                                   # the default reparent
  bufsim run --buffer-window=1s --release v19  # with another flag and release
  bufsim scenario 5 --release v13              # a scenario of the buffering guide
  bufsim sweep --buffer-window 1s..10s         # error rate versus window`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetGlobalNormalizationFunc(dashes)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagError(c, err) })
	root.AddCommand(a.runCommand(), a.scenarioCommand(), a.scenariosCommand(), a.sweepCommand(),
		a.plotCommand(), a.traceCommand(), a.versionCommand())
	return root
}

// flagError says which flag is wrong, why, and which one may have been meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		msg := fmt.Sprintf("%s: unknown flag --%s", c.CommandPath(), name)
		if near := nearestFlag(c, name); near != "" {
			msg += fmt.Sprintf("; did you mean --%s?", near)
		}
		return usage("%s See `%s --help`.", sentence(msg), c.CommandPath())
	}
	return usage("%s: %v. See `%s --help`.", c.CommandPath(), err, c.CommandPath())
}

// sentence ends a message with a full stop unless it ends with a mark already.
func sentence(msg string) string {
	if last := msg[len(msg)-1]; last == '.' || last == '?' {
		return msg
	}
	return msg + "."
}
