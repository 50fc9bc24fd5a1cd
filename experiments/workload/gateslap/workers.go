package gateslap

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Kind is how a worker connects.
type Kind string

// The kinds, in the order in which gateslap builds its workers.
const (
	KindPooled  Kind = "pooled"
	KindOneoff  Kind = "oneoff"
	KindPersist Kind = "persist"
)

// Worker is one thread of the original: a connection kind and a file to run.
type Worker struct {
	Kind Kind
	// Name is the kind and an index from 1, followed by `_` and the name of
	// the custom file, if any.
	Name string
	// File is the custom SQL file; "" stands for generated statements.
	File string
}

// Workers lists the workers in the order in which they are built: of each kind
// first those with generated statements, then those with custom files.
//
// spec: W-6, W-11
func (c Config) Workers() []Worker {
	var out []Worker
	add := func(kind Kind, generated int, files []string) {
		for i := range generated {
			out = append(out, Worker{Kind: kind, Name: fmt.Sprintf("%s%d", kind, i+1)})
		}
		for i, file := range files {
			base := path.Base(strings.ReplaceAll(file, `\`, "/"))
			name := fmt.Sprintf("%s%d_%s", kind, generated+i+1, strings.TrimSuffix(base, path.Ext(base)))
			out = append(out, Worker{Kind: kind, Name: name, File: file})
		}
	}
	add(KindPooled, c.Gateslap.PooledConns, c.Custom.PooledSQL)
	add(KindOneoff, c.Gateslap.OneoffConns, c.Custom.OneoffSQL)
	add(KindPersist, c.Gateslap.PersistConns, c.Custom.PersistSQL)
	return out
}

// SQLFiles lists the SQL files that the configuration names, each once.
func (c Config) SQLFiles() []string {
	var out []string
	add := func(files ...string) {
		for _, f := range files {
			if f != "" && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	add(c.Custom.CreateTableSQL, c.Custom.LoadSQL)
	add(c.Custom.PooledSQL...)
	add(c.Custom.OneoffSQL...)
	add(c.Custom.PersistSQL...)
	return out
}
