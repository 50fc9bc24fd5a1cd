package sim

// An intervention is a call from outside of the simulated program: a fault, a step
// of a script. It is made between two steps, before the tasks of its instant. It is
// no task: it takes part in no choice and takes no id, so that taking one away
// shifts no other decision.
type intervention struct {
	at Time
	fn func()
}

// Intervene has fn called at instant t, or right after the current step if t has
// come: before any other task runs. Interventions of one instant are made in the
// order in which they were asked for. fn runs on the scheduler and must not wait;
// it may crash hosts and start procs. The step hash notes that it was made.
func (w *World) Intervene(t Time, fn func()) {
	t = max(t, w.now)
	i := len(w.outside)
	for i > 0 && w.outside[i-1].at > t {
		i--
	}
	w.outside = append(w.outside, intervention{})
	copy(w.outside[i+1:], w.outside[i:])
	w.outside[i] = intervention{t, fn}
	w.nextOutside = w.outside[0].at
}

// due reports whether an intervention comes before the next step.
func (w *World) due() bool { return w.nextOutside <= w.now && len(w.outside) > 0 }

// intervene makes the first intervention.
func (w *World) intervene() {
	x := w.outside[0]
	w.outside = w.outside[1:]
	w.nextOutside = Never
	if len(w.outside) > 0 {
		w.nextOutside = w.outside[0].at
	}
	w.hash = mix(w.hash^uint64(w.now), interventionID)
	w.cur, w.forced = nil, -1
	w.touchID(TouchedAll)
	x.fn()
}

// interventionID stands in the step hash where a task has its id.
const interventionID = 1<<64 - 1
