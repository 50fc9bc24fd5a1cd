package hunt

import (
	"fmt"
	"slices"
	"strings"
)

// Known is a list of findings that somebody has looked at, by signature: open ones and fixed
// ones. Its text form has a line for each, such as
//
//	open  every-request-is-answered SHARD  # C-9, in every release since v20
//	fixed buffer-states GATE SHARD
type Known map[string]string

// The states of known findings.
const (
	KnownOpen  = "open"
	KnownFixed = "fixed"
)

// The statuses of findings with respect to a list.
const (
	StatusNew       = "new"
	StatusOngoing   = "ongoing"
	StatusRegressed = "regressed"
	StatusResolved  = "resolved"
)

// ParseKnown reads a list.
func ParseKnown(text string) (Known, error) {
	k := Known{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		state, signature, _ := strings.Cut(strings.TrimSpace(line), " ")
		signature = strings.TrimSpace(signature)
		switch {
		case state == "":
		case state != KnownOpen && state != KnownFixed || signature == "":
			return nil, fmt.Errorf("line %d: write `open SIGNATURE` or `fixed SIGNATURE`", n)
		case k[signature] != "":
			return nil, fmt.Errorf("line %d: %q stands there twice", n, signature)
		default:
			k[signature] = state
		}
	}
	return k, nil
}

// Mark gives each finding its status, and lists the open ones that did not show: they may be
// resolved, or the exploration was too short.
func (k Known) Mark(r *Report) {
	shown := map[string]bool{}
	for _, f := range r.Findings {
		shown[f.Signature] = true
		switch k[f.Signature] {
		case KnownOpen:
			f.Status = StatusOngoing
		case KnownFixed:
			f.Status = StatusRegressed
		default:
			f.Status = StatusNew
		}
	}
	r.Resolved = nil
	for signature, state := range k { // order-free: sorted below
		if state == KnownOpen && !shown[signature] {
			r.Resolved = append(r.Resolved, signature)
		}
	}
	slices.Sort(r.Resolved)
}

// Fails reports whether the exploration found what nobody has looked at: anything, without a
// list, else what is new or had been fixed.
func (r *Report) Fails() bool {
	return slices.ContainsFunc(r.Findings, func(f *Finding) bool { return f.Status != StatusOngoing })
}
