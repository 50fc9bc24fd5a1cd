package buffer

import "strings"

// maxErrorBytes is the longest error text in a start line.
// spec: B-77
const maxErrorBytes = 384

// sanitised takes queries and values out of an error text for the log.
// spec: B-77
func sanitised(text string) string {
	for _, mark := range []string{", BindVars:", ": BindVars:", ", Sql:", ": Sql:"} {
		text, _, _ = strings.Cut(text, mark)
	}
	text = cutAfterPosition(text)
	text = maskBetween(text, "Duplicate entry '", "' for key", noType)
	text = maskBetween(text, "Incorrect ", "' for column", typeAndValue)
	return text[:min(len(text), maxErrorBytes)]
}

// cutAfterPosition drops what follows the position of a syntax error: the statement's rest.
func cutAfterPosition(text string) string {
	const phrase = "syntax error at position "
	begin := strings.Index(text, phrase)
	if begin < 0 {
		return text
	}
	end := begin + len(phrase)
	first := end
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == first {
		return text
	}
	return text[:end]
}

// maskBetween replaces the value between before and after by <val>, wherever both occur. The
// function opening says how long the part between before and the value is.
func maskBetween(text, before, after string, opening func(string) (int, bool)) string {
	var b strings.Builder
	for {
		i := strings.Index(text, before)
		if i < 0 {
			break
		}
		b.WriteString(text[:i+len(before)])
		text = text[i+len(before):]
		skip, ok := opening(text)
		if !ok {
			continue
		}
		end := strings.Index(text[skip:], after)
		if end < 0 {
			continue
		}
		b.WriteString(text[:skip] + "<val>")
		text = text[skip+end:]
	}
	return b.String() + text
}

// noType: the value follows at once.
func noType(string) (int, bool) { return 0, true }

// typeAndValue: a type's name comes first, as in `Incorrect integer value: 'x' for column`.
func typeAndValue(rest string) (int, bool) {
	name, _, found := strings.Cut(rest, " value: '")
	if !found || name == "" || strings.ContainsAny(name, " \n") {
		return 0, false
	}
	return len(name) + len(" value: '"), true
}
