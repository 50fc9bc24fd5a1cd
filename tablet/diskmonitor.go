package tablet

import (
	"bufsim/sim"
)

// diskMonitor probes the disk of --disk-write-dir by writing a small file again and again. A
// write that takes longer than --disk-write-timeout means that the disk is stalled: the
// tablet does not advertise that it serves any more, from the next health message on, but it
// answers queries as before.
// spec: T-11, T-12, T-13, T-73
type diskMonitor struct {
	t   *Tablet
	env *sim.Env
	mu  *sim.Mutex
	// stalled is what the last probe found, or the present one by now.
	stalled bool
}

// newDiskMonitor gives nil unless the release has it and the flag is set.
func newDiskMonitor(t *Tablet) *diskMonitor {
	if !t.behaviors.DiskStallHealth || t.opts.Flags.VTTablet.DiskWriteDir == "" {
		return nil
	}
	env := t.env.Named("disk-monitor")
	return &diskMonitor{t: t, env: env, mu: env.NewMutex("mu")}
}

// run probes for ever.
func (d *diskMonitor) run() {
	f := d.t.opts.Flags.VTTablet
	for {
		d.env.Sleep(f.DiskWriteInterval)
		ctx, cancel := d.env.WithTimeout(d.env.Background(), f.DiskWriteTimeout)
		err := d.t.mysql.WriteFile(ctx)
		cancel()
		d.set(err != nil)
	}
}

func (d *diskMonitor) set(stalled bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stalled = stalled
}

// isStalled reports whether the disk is stalled.
func (d *diskMonitor) isStalled() bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stalled
}
