package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// page collects lines of at most Columns characters.
type page struct {
	strings.Builder
}

// line writes one line without blanks at its end.
func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (p *page) gap() { p.WriteString("\n") }

// block writes lines as they are: what another program would print.
func (p *page) block(text string) {
	p.WriteString(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		p.WriteString("\n")
	}
}

// FoldLines folds those lines of a text that are wider than Columns; what follows
// is indented.
func FoldLines(text string) string {
	p := &page{}
	const indent = "      "
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\n")
		if len(l) <= Columns {
			p.line("%s", l)
			continue
		}
		for i, part := range Fold(l, Columns-len(indent)) {
			if i > 0 {
				part = indent + part
			}
			p.line("%s", part)
		}
	}
	return p.String()
}

// wrapped writes text behind a label, folded at blanks; further lines are
// indented to the label's width. Line breaks in the text show as \n.
func (p *page) wrapped(label, text string) {
	text = strings.ReplaceAll(text, "\n", `\n`)
	indent := strings.Repeat(" ", len(label))
	for _, l := range Fold(text, Columns-len(label)) {
		p.line("%s%s", label, l)
		label = indent
	}
}

// command writes a shell command behind a label; a long one goes on after
// backslashes, so that it can be copied as it stands.
func (p *page) command(label, text string) {
	lines := foldCommand(text, Columns-len(label)-2)
	for i, l := range lines {
		if i < len(lines)-1 {
			l += ` \`
		}
		p.line("%s%s", label, l)
		label = strings.Repeat(" ", len(label))
	}
}

// foldCommand is Fold for a shell's command: what is in quotes stays in one line, however
// long it gets.
func foldCommand(text string, width int) []string {
	var lines []string
	line, word, quoted := "", "", false
	flush := func() {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line, word = strings.TrimLeft(line+" "+word, " "), ""
	}
	for _, r := range text {
		if r == '\'' {
			quoted = !quoted
		}
		if r == ' ' && !quoted {
			flush()
		} else {
			word += string(r)
		}
	}
	flush()
	return append(lines, line)
}

// Fold cuts text into lines of at most width bytes, at blanks where possible and
// never within a letter.
func Fold(text string, width int) []string {
	var lines []string
	for len(text) > width {
		cut := strings.LastIndex(text[:width+1], " ")
		if cut <= 0 {
			cut = wholeLetters(text, width)
		}
		lines = append(lines, text[:cut])
		text = strings.TrimLeft(text[cut:], " ")
	}
	return append(lines, text)
}

// wholeLetters is the longest cut of at most width bytes that splits no letter.
func wholeLetters(text string, width int) int {
	cut := width
	for cut > 1 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return cut
}
