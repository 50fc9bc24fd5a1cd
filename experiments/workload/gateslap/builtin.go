package gateslap

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed ini/*.ini
var builtinFiles embed.FS

// BuiltinNames lists the configurations that come with bufsim, by the names of
// the published example files.
func BuiltinNames() []string {
	entries, err := builtinFiles.ReadDir("ini")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// BuiltinSource returns the text of a configuration that comes with bufsim.
// The suffix .ini and a leading folder may be left out or given:
// "01_light_traffic" and "examples/01_light_traffic.ini" are the same.
func BuiltinSource(name string) ([]byte, error) {
	file := strings.TrimSuffix(path.Base(name), ".ini") + ".ini"
	src, err := builtinFiles.ReadFile("ini/" + file)
	if err != nil {
		return nil, fmt.Errorf("no built-in gateslap configuration %q; there are %s", name, strings.Join(BuiltinNames(), ", "))
	}
	return src, nil
}

// Builtin returns a configuration that comes with bufsim.
//
// spec: W-5
func Builtin(name string) (Config, error) {
	src, err := BuiltinSource(name)
	if err != nil {
		return Config{}, err
	}
	return Parse(name, src)
}
