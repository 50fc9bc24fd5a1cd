package figure

import (
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/gate/buffer"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// slowdown is how long primaries took for a statement while the buffers drained: what the
// herd of a drain does to every statement, held before or not.
func slowdown() measure {
	return measure{
		plotstyle.Axis{Title: "time of a statement at the primary", Unit: "s"},
		[]string{string(buffer.KindStop), string(buffer.KindDrained), string(tablet.KindQuery)},
		func(_ *runner.Result, events []trace.Event) float64 { return meanWhileDraining(events) },
	}
}

// meanWhileDraining is over the statements, in seconds, that began after a buffering ended
// and were done when its drain was; 0 if there was none.
func meanWhileDraining(events []trace.Event) float64 {
	since, draining := int64(0), false
	sum, n := 0.0, 0
	for i := range events {
		e := &events[i]
		switch e.Kind {
		case buffer.KindStop:
			since, draining = e.Time, true
		case buffer.KindDrained:
			draining = false
		case tablet.KindQuery:
			if took := e.Number("took_ns"); draining && e.Time-took >= since {
				sum += seconds(took)
				n++
			}
		}
	}
	return sum / float64(max(1, n))
}
