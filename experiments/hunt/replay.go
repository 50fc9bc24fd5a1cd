package hunt

import (
	"fmt"

	"bufsim/experiments/invariant"
)

// Replayed is what came out of playing a case again.
type Replayed struct {
	Case *Case
	// Finding is the one of the case's signature, nil if it does not show any more. Others are
	// what the run shows besides.
	Finding *Finding
	Others  []Finding
	// Same says that the run has the recorded hash.
	Same bool
	Hash string
	// Differs says what is not as it was recorded: version, Go, the first decision that does
	// not fit.
	Differs []string
}

// ReplayOptions are how to replay.
type ReplayOptions struct {
	// Strict makes an error of the first decision that does not fit.
	Strict     bool
	Invariants []invariant.Invariant
}

// Replay plays a case. An error means that it cannot be played, or, if it is strict, that the
// run leaves the recorded one.
func Replay(c *Case, opts ReplayOptions) (*Replayed, error) {
	p, err := safely(c.Input, PlayOptions{Invariants: opts.Invariants})
	if err != nil {
		return nil, err
	}
	r := &Replayed{Case: c, Same: p.Hash() == c.Hash, Hash: p.Hash(), Differs: c.differences()}
	if p.Misfit != nil {
		if opts.Strict {
			return nil, fmt.Errorf("the run leaves the recorded one: %w", p.Misfit)
		}
		r.Differs = append(r.Differs, p.Misfit.Error())
	}
	if !r.Same {
		if opts.Strict {
			return nil, fmt.Errorf("the run leaves the recorded one: its hash is %s, not %s", p.Hash(), c.Hash)
		}
		r.Differs = append(r.Differs, fmt.Sprintf("the run has the hash %s, recorded was %s", p.Hash(), c.Hash))
	}
	for _, f := range p.findings() {
		if f.Signature == c.Verdict.Signature && r.Finding == nil {
			r.Finding = &f
		} else {
			r.Others = append(r.Others, f)
		}
	}
	return r, nil
}
