package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress shows how far long work is: one line that is rewritten if the stream
// is a terminal, else a line each ten seconds.
type progress struct {
	w        io.Writer
	what     string
	terminal bool
	start    time.Time
	last     time.Time
}

func newProgress(w io.Writer, what string) *progress {
	p := &progress{w: w, what: what, start: time.Now()}
	p.last = p.start
	if f, ok := w.(*os.File); ok && os.Getenv("CI") == "" {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// update may be called from several goroutines, one at a time.
func (p *progress) update(done, total int) {
	now := time.Now()
	pause := 10 * time.Second
	if p.terminal {
		pause = 100 * time.Millisecond
	}
	if now.Sub(p.last) < pause && done < total || !p.terminal && now.Sub(p.start) < pause {
		return
	}
	p.last = now
	rate := float64(done) / now.Sub(p.start).Seconds()
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	line := fmt.Sprintf("%d of %d %s, %.0f/s, %s left", done, total, p.what, rate, left)
	if p.terminal {
		fmt.Fprintf(p.w, "\r%s\x1b[K", line)
	} else {
		fmt.Fprintln(p.w, line)
	}
}

func (p *progress) end() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// every tells, whenever it is asked, whether it has been so long since it last said yes.
func every(pause time.Duration) func() bool {
	last := time.Now()
	return func() bool {
		if time.Since(last) < pause {
			return false
		}
		last = time.Now()
		return true
	}
}

// soFar tells now and then how many runs there were, of work that does not know how many more
// there will be.
func (a *app) soFar() func(runs int) {
	due := every(5 * time.Second)
	return func(runs int) {
		if due() {
			a.say("%d runs so far", runs)
		}
	}
}
