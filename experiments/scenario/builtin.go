package scenario

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed builtin/*.yaml
var builtinFiles embed.FS

// DefaultName is the scenario that runs when none is named.
const DefaultName = "default"

// Entry is a built-in scenario in a list.
type Entry struct{ Name, Title string }

// List returns the built-in scenarios, the default first.
func List(opts Options) ([]Entry, error) {
	var out []Entry
	for _, name := range Names() {
		s, err := Builtin(name, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{Name: s.Name, Title: s.Title})
	}
	return out, nil
}

// Names lists the names of the built-in scenarios, the default first.
func Names() []string {
	entries, err := fs.ReadDir(builtinFiles, "builtin")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := []string{DefaultName}
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".yaml"); name != DefaultName {
			names = append(names, name)
		}
	}
	slices.Sort(names[1:]) // a file's ending changes the order
	return names
}

// Lookup finds the name of a built-in scenario by its name, its number in the
// published guide ("3") or its name without the number ("buffering").
func Lookup(nameOrNumber string) (string, error) {
	for _, name := range Names() {
		number, rest, numbered := strings.Cut(name, "-")
		numbered = numbered && strings.Trim(number, "0123456789") == ""
		if nameOrNumber == name || numbered && (nameOrNumber == number || nameOrNumber == rest) {
			return name, nil
		}
	}
	return "", fmt.Errorf("there is no built-in scenario %q; %s", nameOrNumber, suggest(nameOrNumber, Names()))
}

// BuiltinSource returns the file of a built-in scenario, found as by [Lookup].
func BuiltinSource(nameOrNumber string) ([]byte, error) {
	name, err := Lookup(nameOrNumber)
	if err != nil {
		return nil, err
	}
	return builtinFiles.ReadFile("builtin/" + name + ".yaml")
}

// Builtin loads a built-in scenario, found as by [Lookup].
func Builtin(nameOrNumber string, opts Options) (*Scenario, error) {
	src, err := BuiltinSource(nameOrNumber)
	if err != nil {
		return nil, err
	}
	name, err := Lookup(nameOrNumber)
	if err != nil {
		return nil, err
	}
	return Load(name+".yaml", src, opts)
}
