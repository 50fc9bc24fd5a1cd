package plotstyle

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lanes shows what many actors did over time: one lane each, from top to bottom, with
// a bar for each thing that took time. Spans shade the time behind them.
type Lanes struct {
	X, Y Axis
	// Kinds are the kinds of bars, in legend order.
	Kinds []string
	Lanes []Lane
	Spans []Span
	// From and To bound the shown time.
	From, To float64
}

// Lane is one actor.
type Lane struct {
	Name string
	Bars []Bar
}

// Bar is one thing that an actor did: from and to are instants, Kind is an index of
// the kinds.
type Bar struct {
	From, To float64
	Kind     int
}

func (l Lanes) check() error {
	if err := errors.Join(l.X.check("x"), l.Y.check("y"), checkSpans(l.Spans)); err != nil {
		return err
	}
	if !isFinite(l.From) || !isFinite(l.To) || l.To <= l.From {
		return fmt.Errorf("lanes: from %v to %v is no time", l.From, l.To)
	}
	if len(l.Lanes) == 0 {
		return errors.New("lanes: no lane")
	}
	if len(l.Kinds) == 0 || len(l.Kinds) > len(laneFills()) {
		return fmt.Errorf("lanes: %d kinds of bars, must be 1 to %d", len(l.Kinds), len(laneFills()))
	}
	for _, lane := range l.Lanes {
		for _, b := range lane.Bars {
			if b.Kind < 0 || b.Kind >= len(l.Kinds) || !isFinite(b.From) || !isFinite(b.To) || b.To < b.From {
				return fmt.Errorf("lanes: %s: a bar of kind %d from %v to %v", lane.Name, b.Kind, b.From, b.To)
			}
		}
	}
	return nil
}

func (l Lanes) hasIntervals() bool { return false }

func (l Lanes) records() [][]string {
	rows := [][]string{{"kind", "name", l.X.column(), "until", "what"}}
	for _, lane := range l.Lanes {
		for _, b := range lane.Bars {
			rows = append(rows, []string{"bar", lane.Name, number(b.From), number(b.To), l.Kinds[b.Kind]})
		}
	}
	return append(rows, spanRecords(l.Spans)...)
}

// laneFills tell kinds by colour and by hatching; the first is the usual one.
func laneFills() []fill {
	look := looks()
	return []fill{{grey(110), 0}, {look[0].colour, 0}, {look[4].colour, -1}, {look[1].colour, 1}}
}

func (l Lanes) entries() []entry {
	var list []entry
	for i, name := range l.Kinds {
		list = append(list, entry{name: name, swatch: laneFills()[i].swatch})
	}
	return append(list, spanEntries(l.Spans)...)
}

func (l Lanes) drawIn(canvas draw.Canvas) {
	p := newPlot(l.X, l.Y)
	p.X.Min, p.X.Max = l.From, l.To
	p.Y.Min, p.Y.Max = -0.6, float64(len(l.Lanes))-0.4
	p.Y.Tick.Marker = l.labels()
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) { drawSpans(c, p, l.Spans) }), plotFunc(l.drawLanes))
	p.Draw(canvas)
}

// labels names the lanes, or every second, fifth, ... of many.
func (l Lanes) labels() names {
	const most = 24
	every := (len(l.Lanes) + most - 1) / most
	list := make(names, len(l.Lanes))
	for i, lane := range l.Lanes {
		if i%every == 0 {
			list[len(list)-1-i] = lane.Name
		}
	}
	return list
}

func (l Lanes) drawLanes(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	thick := min(14, 0.7*(y(1)-y(0)))
	for i, lane := range l.Lanes {
		middle := y(float64(len(l.Lanes) - 1 - i))
		c.StrokeLine2(draw.LineStyle{Color: gridGrey(), Width: vg.Points(0.5)}, c.Min.X, middle, c.Max.X, middle)
		for _, b := range lane.Bars {
			if b.To < l.From || b.From > l.To {
				continue
			}
			from, to := x(max(b.From, l.From)), x(min(b.To, l.To))
			laneFills()[b.Kind].paint(&c, vg.Rectangle{
				Min: vg.Point{X: from, Y: middle - thick/2},
				Max: vg.Point{X: max(to, from+1.5), Y: middle + thick/2},
			})
		}
	}
}
