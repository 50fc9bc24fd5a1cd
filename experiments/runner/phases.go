package runner

import (
	"cmp"
	"slices"
	"strings"

	"bufsim/experiments/invariant"
	"bufsim/gate"
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/vtorc"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// TraceKinds documents all kinds of events that a run can record.
func TraceKinds() []trace.KindDoc {
	var all []trace.KindDoc
	for _, list := range [][]trace.KindDoc{
		trace.KernelKinds(), invariant.TraceKinds(), simnet.TraceKinds(), fault.TraceKinds(), topo.TraceKinds(), toposerver.TraceKinds(), mysqld.TraceKinds(), tablet.TraceKinds(),
		reparent.TraceKinds(), vtorc.TraceKinds(), discovery.TraceKinds(), buffer.TraceKinds(), gateway.TraceKinds(), gate.TraceKinds(),
	} {
		all = append(all, list...)
	}
	return all
}

// Arrow says which events of a run are arrows of a sequence diagram: calls and
// their answers.
func Arrow(e *trace.Event) (trace.Arrow, bool) {
	switch e.Kind {
	case simnet.KindCall:
		return trace.Arrow{From: e.Host, To: e.Text("peer")}, true
	case simnet.KindReply:
		return trace.Arrow{From: e.Text("peer"), To: e.Host, Dashed: true}, true
	}
	return trace.Arrow{}, false
}

// reportKinds are the events that the report of one run is made from.
func reportKinds() trace.Filter {
	return trace.Filter{Kinds: []string{string(tablet.KindDrain), string(tablet.KindState), string(mysqld.KindReadOnly), string(trace.KindLog)}}
}

// phases lists the steps of a reparent in the order of their beginnings: those of
// the operation, and within them the drain that only the tablet sees.
func phases(r *reparent.Result, events []trace.Event) []Phase {
	var list []Phase
	for _, ph := range r.Phases {
		list = append(list, Phase{Name: string(ph.Name), Begin: ph.Begin, End: ph.End})
	}
	if demotion, ok := r.Phase(reparent.PhaseDemotion); ok {
		if drain, ok := drainWithin(demotion, events); ok {
			list = append(list, drain)
		}
	}
	slices.SortStableFunc(list, func(a, b Phase) int { return cmp.Compare(a.Begin, b.Begin) })
	return list
}

func drainWithin(demotion reparent.Phase, events []trace.Event) (Phase, bool) {
	drain := Phase{Name: "  drain"}
	for i := range events {
		e := &events[i]
		at := sim.Time(e.Time)
		if e.Kind != tablet.KindDrain || at < demotion.Begin || at > demotion.End {
			continue
		}
		switch {
		case e.Text("phase") == "begin":
			drain.Begin = at
		case e.Text("phase") == "end" && drain.Begin > 0:
			drain.End = at
			return drain, true
		}
	}
	return drain, false
}

// FullHostNames completes tablets' short names: zone1-100 is the host
// zone1-0000000100. Other names stay as they are.
func FullHostNames(names []string) []string {
	full := make([]string, len(names))
	for i, n := range names {
		full[i] = n
		cell, uid, ok := strings.Cut(n, "-")
		if ok && cell != "gate" && len(uid) < 10 && strings.Trim(uid, "0123456789") == "" {
			full[i] = cell + "-" + strings.Repeat("0", 10-len(uid)) + uid
		}
	}
	return full
}
