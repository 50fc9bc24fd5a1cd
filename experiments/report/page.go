package report

import (
	"fmt"
	"strings"
)

// page collects lines of at most Columns characters.
type page struct {
	strings.Builder
}

func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (p *page) gap() { p.WriteString("\n") }

// block writes text as it is: what another program would print.
func (p *page) block(text string) {
	p.WriteString(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		p.WriteString("\n")
	}
}

// wrapped writes text behind a label, folded at blanks; further lines are
// indented to the label's width. Line breaks in the text show as \n.
func (p *page) wrapped(label, text string) {
	text = strings.ReplaceAll(text, "\n", `\n`)
	indent := strings.Repeat(" ", len(label))
	for _, l := range fold(text, Columns-len(label)) {
		p.line("%s%s", label, l)
		label = indent
	}
}

// fold cuts text into lines of at most width characters, at blanks where possible.
func fold(text string, width int) []string {
	var lines []string
	for len(text) > width {
		cut := strings.LastIndex(text[:width+1], " ")
		if cut <= 0 {
			cut = width
		}
		lines = append(lines, text[:cut])
		text = strings.TrimLeft(text[cut:], " ")
	}
	return append(lines, text)
}
