package sweep

import (
	"cmp"
	"fmt"
	"io"
)

// Source is one file of records to be merged, in the order of their plan.
type Source struct {
	Name string
	In   io.Reader
}

// Merge puts the records of several files of one plan into the plan's order and
// writes them. It holds one record of each file in memory. Records of different
// plans or versions, out of order, or of one run twice are errors that name file and
// line. With complete, so are runs of the plan that are missing.
func Merge(sources []Source, complete bool, write func(Record) error) error {
	m := &merger{write: write}
	for _, src := range sources {
		h := &head{lines: newLines(src.Name, src.In)}
		if err := h.advance(); err != nil && err != io.EOF {
			return err
		} else if err == nil {
			m.heads = append(m.heads, h)
		}
	}
	for len(m.heads) > 0 {
		if err := m.step(); err != nil {
			return err
		}
	}
	if !complete || m.first == "" {
		return nil
	}
	return m.coverage.end()
}

// head is the next record of a file.
type head struct {
	*lines
	rec Record
}

// advance reads the next record; io.EOF is the end.
func (h *head) advance() error {
	before, started := h.rec, h.number > 0
	rec, err := h.next()
	if err != nil {
		return err
	}
	if started && order(rec, before) <= 0 {
		return fmt.Errorf("%s:%d: point %d, seed %d stands after point %d, seed %d; the file is not as a sweep writes it",
			h.name, h.number, rec.Point, rec.Seed, before.Point, before.Seed)
	}
	h.rec = rec
	return nil
}

func order(a, b Record) int {
	return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.Seed, b.Seed))
}

// merger writes the least of all heads, again and again.
type merger struct {
	heads []*head
	// first names the file of the first record, whose plan all others must have.
	first    string
	coverage coverage
	write    func(Record) error
}

func (m *merger) step() error {
	least := 0
	for i := range m.heads {
		if order(m.heads[i].rec, m.heads[least].rec) < 0 {
			least = i
		}
	}
	h := m.heads[least]
	if err := m.check(h); err != nil {
		return fmt.Errorf("%s:%d: %w", h.name, h.number, err)
	}
	if err := m.write(h.rec); err != nil {
		return err
	}
	err := h.advance()
	if err == io.EOF {
		m.heads = append(m.heads[:least], m.heads[least+1:]...)
		return nil
	}
	return err
}

// check compares a record with the first one and with the one before.
func (m *merger) check(h *head) error {
	if m.first == "" {
		m.first = h.name
		if err := m.coverage.begin(h.rec); err != nil {
			return err
		}
	}
	model := &m.coverage.model
	switch {
	case h.rec.Plan != model.Plan:
		return fmt.Errorf("the run is of plan %s, but those of %s are of plan %s", h.rec.Plan, m.first, model.Plan)
	case h.rec.Version != model.Version:
		return fmt.Errorf("the run was played by version %s, but those of %s by %s", h.rec.Version, m.first, model.Version)
	case h.rec.Seeds != model.Seeds || h.rec.Points != model.Points:
		return fmt.Errorf("the run is of a plan with %d points and seeds %s, but those of %s are of one with %d points and seeds %s",
			h.rec.Points, h.rec.Seeds, m.first, model.Points, model.Seeds)
	}
	return m.coverage.add(h.rec, fmt.Sprintf("%s:%d", h.name, h.number))
}
