package plotstyle

import (
	"fmt"
	"strings"
)

// Caption says what a figure rests on. All fields but Note are required;
// Interval only if the figure shows intervals.
type Caption struct {
	// Runs is the number of runs behind each point.
	Runs int
	// Seeds names the seeds, such as "1-200, the same for every point".
	Seeds string
	// Release is the Vitess release that was simulated, such as "v22".
	Release string
	// Unit says what one run is, the unit of replication: "one failover".
	Unit string
	// Interval names level and method of the intervals, such as "95 % BCa
	// bootstrap over runs".
	Interval string
	// Note is anything else a reader must know, as a sentence.
	Note string
}

// String returns the caption as it stands under the figure.
func (c Caption) String() string {
	runs := fmt.Sprintf("n = %d runs per point; one run = %s; seeds %s", c.Runs, c.Unit, c.Seeds)
	if c.Runs == 1 {
		runs = fmt.Sprintf("n = 1 run, %s; seed %s", c.Unit, c.Seeds)
	}
	parts := []string{runs + "; Vitess " + c.Release + "."}
	if c.Interval != "" {
		parts = append(parts, "Bands: "+c.Interval+".")
	}
	if c.Note != "" {
		parts = append(parts, c.Note)
	}
	return strings.Join(parts, " ")
}

func (c Caption) check(intervals bool) error {
	if c.Runs < 1 {
		return fmt.Errorf("caption: %d runs, must be at least 1", c.Runs)
	}
	required := []struct{ name, value string }{
		{"seeds", c.Seeds}, {"release", c.Release}, {"unit", c.Unit},
	}
	if intervals {
		required = append(required, struct{ name, value string }{"interval", c.Interval})
	}
	for _, field := range required {
		if field.value == "" {
			return fmt.Errorf("caption: %s is missing", field.name)
		}
	}
	return nil
}
