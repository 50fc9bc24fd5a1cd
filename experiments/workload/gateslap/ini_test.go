package gateslap

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// values parses a file and returns `section.key` with its resolved value; a key
// without a delimiter is shown as "<none>".
func values(t *testing.T, src string) map[string]string {
	t.Helper()
	doc, err := parseDocument("x.ini", []byte(src))
	require.NoError(t, err)
	out := map[string]string{}
	for _, s := range doc.sections {
		for _, e := range append(append([]*entry{}, doc.defaults.entries...), s.entries...) {
			value, err := doc.value(s, e)
			require.NoError(t, err)
			if !e.hasValue {
				value = "<none>"
			}
			out[s.name+"."+e.key] = value
		}
	}
	return out
}

// The expected values are what Python's configparser (with keys without
// values allowed) gives.
//
// spec: W-2
func TestConfigparserRules(t *testing.T) {
	tests := []struct {
		name, src string
		want      map[string]string
	}{
		{"both delimiters, blanks trimmed", "[a]\nx = 1 \ny:2\nz :  3=4", map[string]string{"a.x": "1", "a.y": "2", "a.z": "3=4"}},
		{"keys in lower case, sections as written", "[Ab]\nFooBar=X", map[string]string{"Ab.foobar": "X"}},
		{"a key without a value", "[a]\nx\ny=", map[string]string{"a.x": "<none>", "a.y": ""}},
		{"comments only on lines of their own", "[a]\n# one\n; two\n  # three\nx=400 # four ; five", map[string]string{"a.x": "400 # four ; five"}},
		{"quotes stay", "[a]\nx=''\ny=\"q\"", map[string]string{"a.x": "''", "a.y": `"q"`}},
		{"indented lines continue", "[a]\nx=1\n  2\n\t3\ny=4", map[string]string{"a.x": "1\n2\n3", "a.y": "4"}},
		{"an empty line inside a value stays", "[a]\nx=1\n\n  2\n\ny=3", map[string]string{"a.x": "1\n\n2", "a.y": "3"}},
		{"a comment inside a value goes", "[a]\nx=1\n# c\n  2", map[string]string{"a.x": "1\n2"}},
		{"indented keys", "[a]\n  x=1\n  y=2", map[string]string{"a.x": "1", "a.y": "2"}},
		{"an indented header is a value", "[a]\nx=1\n [b]", map[string]string{"a.x": "1\n[b]"}},
		{"percent signs", "[a]\nx=5%%\nbase=/tmp\ny=%(base)s/%(x)s", map[string]string{"a.x": "5%", "a.base": "/tmp", "a.y": "/tmp/5%"}},
		{"defaults reach every section", "[DEFAULT]\nd=1\n[a]\nx=%(d)s\n[b]\n", map[string]string{"a.d": "1", "a.x": "1", "b.d": "1"}},
		{"all line endings", "[a]\r\nx=1\ry=2\n", map[string]string{"a.x": "1", "a.y": "2"}},
		{"brackets in a header", "[a]b]\nx=1", map[string]string{"a]b.x": "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, values(t, tt.src))
		})
	}
}

func TestReferencesInACircleAreAMistake(t *testing.T) {
	_, err := Parse("x.ini", []byte("[mysql]\nhost=%(user)s\nuser=%(host)s\n"))
	require.ErrorContains(t, err, "x.ini:2:1: [mysql] host: references nest too deep")
	_, err = Parse("x.ini", []byte("[mysql]\nhost="+strings.Repeat("%(user)s", 2000)+"\nuser=\n"))
	require.ErrorContains(t, err, "x.ini:2:1: [mysql] host: the value leads to too many references")
	_, err = Parse("x.ini", []byte("[mysql]\nhost=%(nobody)s\n"))
	require.ErrorContains(t, err, `x.ini:2:1: [mysql] host: reference to the unknown key "nobody"`)
}

func TestIndentedLineAfterABareKey(t *testing.T) {
	_, err := Parse("x.ini", []byte("[a]\nx\n  y\n"))
	require.ErrorContains(t, err, `x.ini:3:3: [a] x: indented line "y" after a key without a value`)
}

func FuzzParse(f *testing.F) {
	for _, name := range BuiltinNames() {
		src, err := BuiltinSource(name)
		require.NoError(f, err)
		f.Add(src)
	}
	f.Add([]byte("[DEFAULT]\na=%(b)s\n[mysql]\nhost\n x\n"))
	f.Add([]byte("[a]\n=\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("x.ini", src)
		if err == nil {
			require.NotPanics(t, func() { c.Pool.Limits() })
			return
		}
		require.NotEmpty(t, Errors(err))
		for _, e := range Errors(err) {
			require.Positive(t, e.Line)
			require.Positive(t, e.Column)
		}
	})
}
