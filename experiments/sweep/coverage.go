package sweep

import (
	"errors"
	"fmt"

	"bufsim/experiments/scenario"
)

// coverage watches the runs of a plan, which come in its order, for repetitions and
// gaps.
type coverage struct {
	// model is the first record; seeds are its plan's.
	model Record
	seeds scenario.Seeds
	// due is the number of the run that is expected next, place that of the run before
	// in its file.
	due   uint64
	place string
	gaps  []error
}

// begin takes the plan's extent from its first record.
func (c *coverage) begin(rec Record) (err error) {
	c.model = rec
	c.seeds, err = parseSeeds(rec.Seeds, scenario.Seeds{})
	return err
}

// add notes a run; place is its file and line.
func (c *coverage) add(rec Record, place string) error {
	if rec.Seed < c.seeds.First || rec.Seed > c.seeds.Last || rec.Point < 0 || rec.Point >= rec.Points {
		return fmt.Errorf("the plan has no point %d with seed %d", rec.Point, rec.Seed)
	}
	number := uint64(rec.Point)*c.seeds.Count() + rec.Seed - c.seeds.First
	if number < c.due {
		return fmt.Errorf("point %d, seed %d is in %s, too", rec.Point, rec.Seed, c.place)
	}
	c.missing(number)
	c.due, c.place = number+1, place
	return nil
}

// gapsShown bounds the gaps that an error names.
const gapsShown = 10

// missing notes that the runs from the due one up to, but without, a number are not
// there.
func (c *coverage) missing(until uint64) {
	if c.due == until || len(c.gaps) == gapsShown {
		return
	}
	n := c.seeds.Count()
	at := func(number uint64) string {
		return fmt.Sprintf("point %d, seed %d", number/n, c.seeds.First+number%n)
	}
	c.gaps = append(c.gaps, fmt.Errorf("%s to %s", at(c.due), at(until-1)))
}

// end gives the gaps as one error.
func (c *coverage) end() error {
	c.missing(uint64(c.model.Points) * c.seeds.Count())
	if len(c.gaps) == 0 {
		return nil
	}
	return fmt.Errorf("runs are missing:\n%w", errors.Join(c.gaps...))
}
