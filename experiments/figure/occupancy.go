package figure

import (
	"bufsim/experiments/plotstyle"
	"bufsim/gate/buffer"
)

// drawOccupancy shows the requests in the buffers over time: those that wait, and the
// slots in use, which a request gives back only after its retry.
func drawOccupancy(r *Run) (plotstyle.Figure, error) {
	from, to, err := r.scene()
	if err != nil {
		return plotstyle.Figure{}, err
	}
	waiting := plotstyle.StepLine{Name: "requests that wait", X: []float64{from}, Y: []float64{0}}
	slots := plotstyle.StepLine{Name: "slots in use", X: []float64{from}, Y: []float64{0}}
	n, used := 0.0, map[string]float64{}
	for i := range r.Events {
		e := &r.Events[i]
		switch e.Kind {
		case buffer.KindBuffered:
			n++
		case buffer.KindEvicted, buffer.KindUnblocked:
			n--
		case buffer.KindReleased:
		default:
			continue
		}
		waiting.X, waiting.Y = append(waiting.X, seconds(e.Time)), append(waiting.Y, n)
		if f, ok := e.Get("slots"); ok {
			used[e.Host] = float64(f.Num)
			slots.X, slots.Y = append(slots.X, seconds(e.Time)), append(slots.Y, sum(used))
		}
	}
	body := plotstyle.Steps{
		X: plotstyle.Axis{Title: "time", Unit: "s"}, Y: plotstyle.Axis{Title: "requests"},
		Lines: []plotstyle.StepLine{slots, waiting}, Spans: r.outages(), From: from, To: to,
	}
	return plotstyle.Figure{Title: r.Title, Caption: r.caption(), Body: body}, nil
}

// sum adds whole numbers, in any order.
func sum(of map[string]float64) (total float64) {
	for _, v := range of {
		total += v
	}
	return total
}
