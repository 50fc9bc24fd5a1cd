package mutants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// goTest is one run of `go test`.
type goTest struct {
	root string
	// overlay is the file of an overlay, empty for the tree as it is.
	overlay string
	// args are the package and what else `go test` takes.
	args []string
	// limit ends a run that hangs.
	limit time.Duration
}

// run runs the tests up to the first that fails. Tests draw from a fixed seed, leave no files
// behind and do not run beside each other.
func (g goTest) run(ctx context.Context) (outcome, error) {
	args := []string{"test", "-json", "-failfast", "-parallel", "1", "-vet=off", "-timeout", g.limit.String()}
	if g.overlay != "" {
		args = append(args, "-overlay", g.overlay)
	}
	var out, told bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", append(args, g.args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = g.root, &out, &told
	cmd.Env = append(os.Environ(), "RAPID_SEED=1", "RAPID_NOFAILFILE=1", "RAPID_SHRINKTIME=1s", "BUFSIM_NIGHTLY=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return outcome{}, ctx.Err()
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return outcome{}, err
	}
	o := readEvents(&out)
	o.seconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if o.broken || err != nil && !o.failed {
		return o, fmt.Errorf("go test %v: %s%s", g.args, o.output, told.String())
	}
	return o, nil
}
