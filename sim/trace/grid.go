package trace

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Glyph is one character that stands for a sort of event in a grid.
type Glyph struct {
	// Sign is the character, Meaning what the legend says of it.
	Sign    string
	Meaning string
	// Fits chooses the events; an event has the first glyph that fits it.
	Fits func(*Event) bool
}

// GridOptions say how a grid looks. The zero value is 100 characters wide and about 60 rows long.
type GridOptions struct {
	Glyphs []Glyph
	// Width is the number of characters of a line, Rows about how many rows of time there are.
	Width, Rows int
	// Short gives the name of a host in the head; nil leaves names as they are.
	Short func(string) string
}

const (
	gridTime   = 11 // the column of times
	gridColumn = 8  // the narrowest column of a host
)

// WriteGrid writes one column for each host, and a row for each slice of time in which something
// happened: each event is the character of its glyph, and events without one are left out. Equal
// neighbours are counted, as in q12; where they are too many for the column, all are counted by
// character. Where nothing happened, one line says for how long. Hosts
// that do not fit into the width come in further blocks below. The legend lists the characters
// that were used.
func WriteGrid(w io.Writer, events []Event, o GridOptions) error {
	if o.Width == 0 {
		o.Width = 100
	}
	if o.Rows == 0 {
		o.Rows = 60
	}
	g := newGrid(events, o)
	out := bufio.NewWriter(w)
	if len(g.rows) == 0 {
		out.WriteString("no event has a place in the grid\n")
		return out.Flush()
	}
	perBlock := max(1, (o.Width-gridTime)/gridColumn)
	for i := 0; i < len(g.hosts); i += perBlock {
		if i > 0 {
			out.WriteByte('\n')
		}
		g.block(out, i, min(i+perBlock, len(g.hosts)))
	}
	g.legend(out)
	return out.Flush()
}

type grid struct {
	o     GridOptions
	slice int64 // nanoseconds of a row
	hosts []string
	rows  []gridRow
	used  map[string]bool
}

type gridRow struct {
	number int64 // since the start of the world
	cells  map[string][]string
}

func newGrid(events []Event, o GridOptions) *grid {
	g := &grid{o: o, used: map[string]bool{}}
	var shown []*Event
	var signs []string
	for i := range events {
		if sign := g.sign(&events[i]); sign != "" {
			shown, signs = append(shown, &events[i]), append(signs, sign)
		}
	}
	if len(shown) == 0 {
		return g
	}
	g.slice = sliceOf(shown[len(shown)-1].Time-shown[0].Time, int64(o.Rows))
	for i, e := range shown {
		number := e.Time / g.slice
		if n := len(g.rows); n == 0 || g.rows[n-1].number != number {
			g.rows = append(g.rows, gridRow{number, map[string][]string{}})
		}
		row := &g.rows[len(g.rows)-1]
		row.cells[e.Host] = append(row.cells[e.Host], signs[i])
		if !slices.Contains(g.hosts, e.Host) {
			g.hosts = append(g.hosts, e.Host)
		}
	}
	slices.Sort(g.hosts)
	return g
}

func (g *grid) sign(e *Event) string {
	for _, glyph := range g.o.Glyphs {
		if glyph.Fits(e) {
			g.used[glyph.Sign] = true
			return glyph.Sign
		}
	}
	return ""
}

// sliceOf is the shortest of 1, 2 and 5 times a power of ten that needs at most so many rows.
func sliceOf(span, rows int64) int64 {
	for unit := int64(time.Microsecond); ; unit *= 10 {
		for _, n := range []int64{1, 2, 5} {
			if n*unit*rows >= span {
				return n * unit
			}
		}
	}
}

// block writes the columns of some hosts.
func (g *grid) block(out *bufio.Writer, from, to int) {
	width := (g.o.Width - gridTime) / (to - from)
	line := fmt.Sprintf("%-*s", gridTime, "each "+time.Duration(g.slice).String())
	for _, h := range g.hosts[from:to] {
		if g.o.Short != nil {
			h = g.o.Short(h)
		}
		line += pad(middle(h, width-1), width)
	}
	fmt.Fprintln(out, strings.TrimRight(line, " "))
	last := g.rows[0].number - 1
	for _, r := range g.rows {
		if gap := r.number - last - 1; gap > 0 {
			fmt.Fprintf(out, "%*s\n", gridTime-1, "... "+time.Duration(gap*g.slice).String())
		}
		last = r.number
		line := fmt.Sprintf("%*s ", gridTime-1, seconds(r.number*g.slice, g.slice))
		for _, h := range g.hosts[from:to] {
			line += pad(cell(r.cells[h], width-1), width)
		}
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
}

// seconds writes an instant with as many decimals as the rows need.
func seconds(at, slice int64) string {
	decimals := 6
	for unit := int64(time.Microsecond); decimals > 0 && slice%(10*unit) == 0; unit *= 10 {
		decimals--
	}
	s := Seconds(at)
	return s[:len(s)-1-6+decimals] + "s"
}

// cell writes signs in order, equal neighbours with their number. What does not fit is counted
// by sign instead, the rarest first: a single change must not drown in queries.
func cell(signs []string, width int) string {
	if text := runs(signs); length(text) <= width {
		return text
	}
	count := map[string]int{}
	var distinct []string
	for _, s := range signs {
		if count[s]++; count[s] == 1 {
			distinct = append(distinct, s)
		}
	}
	slices.SortStableFunc(distinct, func(a, b string) int { return count[a] - count[b] })
	text := ""
	for i, s := range distinct {
		part := s
		if count[s] > 1 {
			part += fmt.Sprint(count[s])
		}
		room := width - length(text)
		if i < len(distinct)-1 {
			room--
		}
		if length(part) > room {
			return text + "+"
		}
		text += part
	}
	return text
}

func runs(signs []string) string {
	text := ""
	for i := 0; i < len(signs); {
		n := 1
		for i+n < len(signs) && signs[i+n] == signs[i] {
			n++
		}
		if n > 2 {
			text += fmt.Sprint(signs[i], n)
		} else {
			text += strings.Repeat(signs[i], n)
		}
		i += n
	}
	return text
}

func length(s string) int { return utf8.RuneCountInString(s) }

// pad fills s to a width.
func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-length(s))) }

// middle cuts a name in its middle: the end tells hosts apart.
func middle(name string, width int) string {
	r := []rune(name)
	if len(r) <= width {
		return name
	}
	tail := (width - 1) / 2
	if width > 6 {
		tail = width - 4
	}
	return string(r[:width-1-tail]) + "~" + string(r[len(r)-tail:])
}

// legend lists the signs that were used, in the order of the glyphs.
func (g *grid) legend(out *bufio.Writer) {
	line, first := "", true
	out.WriteByte('\n')
	for _, glyph := range g.o.Glyphs {
		if !g.used[glyph.Sign] {
			continue
		}
		g.used[glyph.Sign] = false // two glyphs of one sign are one line
		part := glyph.Sign + " " + glyph.Meaning
		if !first && length(line)+2+length(part) > g.o.Width {
			fmt.Fprintln(out, line)
			line, first = "", true
		}
		if !first {
			line += "  "
		}
		line, first = line+part, false
	}
	fmt.Fprintln(out, line)
}
