package explore

import "bufsim/sim"

// Tape reads its decisions from bytes, such as those of a fuzzer: a byte for each decision,
// two where there are more than 256 alternatives. After the last byte it takes alternative
// 0, and so it does for bytes that are 0: a shorter or emptier tape is a simpler run. Faults
// and delays stay at none and shortest.
type Tape struct {
	rest   []byte
	stalls bool
}

// NewTape returns a chooser that reads from data. It switches before operations and, with
// stalls, puts procs aside: a byte has to be among the highest ones for that.
func NewTape(data []byte, stalls bool) *Tape { return &Tape{data, stalls} }

// Preempts implements sim.Preempter.
func (*Tape) Preempts() bool { return true }

// Stalls implements sim.Staller.
func (t *Tape) Stalls() bool { return t.stalls }

// Choose implements sim.Chooser.
func (t *Tape) Choose(p *sim.Point, n int) int {
	switch p.Kind {
	case sim.KindFault, sim.KindDelay:
		return 0
	case sim.KindStall:
		return max(t.read()-(256-sim.StallChoices), 0)
	}
	value := t.read()
	if n > 256 {
		value = value<<8 | t.read()
	}
	return value % n
}

func (t *Tape) read() int {
	if len(t.rest) == 0 {
		return 0
	}
	b := t.rest[0]
	t.rest = t.rest[1:]
	return int(b)
}
