package main

import (
	"encoding/json"
	"io"
)

// print writes a result as text or JSON.
func (a *app) print(form string, v any, text func() string) error {
	if form == "json" {
		return a.printJSON(v)
	}
	return a.printText(text())
}

// printText writes a finished text to stdout.
func (a *app) printText(text string) error {
	_, err := io.WriteString(a.out, text)
	return err
}

// printJSON writes a value to stdout, indented.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
