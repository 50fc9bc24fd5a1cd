package plotstyle

import (
	"math"
	"testing"
)

func TestDevExample(t *testing.T) {
	var xs []float64
	for x := 1.0; x <= 30; x += 1 {
		xs = append(xs, x)
	}
	mk := func(name string, outage, spread float64) Series {
		s := Series{Name: name}
		for i, x := range xs {
			y := 1 / (1 + math.Exp((x-outage)/spread))
			e := 0.03 + 0.1*y*(1-y)*4
			s.X = append(s.X, x)
			s.Y = append(s.Y, y*0.9)
			s.Low = append(s.Low, math.Max(0, y*0.9-e))
			s.High = append(s.High, math.Min(1, y*0.9+e))
			_ = i
		}
		return s
	}
	f := Figure{
		Title:   "Most statements survive a planned reparent once the buffer window is longer than the outage; an emergency reparent needs the detection time on top.",
		Caption: Caption{Runs: 200, Seeds: "1-200, the same at every point", Release: "v22.0", Unit: "one failover of the shard's primary", Interval: "95 % BCa bootstrap over runs", Note: "A statement counts as failed when its first visible outcome is an error."},
		Body: Curves{
			X:      Axis{Title: "buffer-window", Unit: "s"},
			Y:      Axis{Title: "statements that failed during the failover", Percent: true},
			Series: []Series{mk("PlannedReparentShard", 5.2, 1), mk("EmergencyReparentShard, detection 5 s", 12, 1.5), mk("external, TabletExternallyReparented", 16, 2), mk("four", 20, 1), mk("five", 22, 2), mk("six", 25, 2), mk("seven", 26, 3)},
			References: []Reference{{10, "default 10 s"}, {5.2, "outage 5.2 s"}, {11, "another label"}, {30, "at the right edge of the plot"}},
		},
	}
	if err := f.Save("/tmp/ps/out", "dev"); err != nil {
		t.Fatal(err)
	}
}
