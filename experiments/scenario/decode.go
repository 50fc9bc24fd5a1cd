package scenario

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills Go values from YAML nodes. Unlike a general YAML library it
// goes on after a mistake, remembers the place of every value for the checks
// that follow, and lets types set their defaults before they are filled.
type decoder struct {
	*collector
	places map[string]place
	// mysql is what a tablet's own MySQL profile starts from.
	mysql MySQL
	opts  Options
	depth int
}

// defaulter is a type whose values begin as something else than zero.
type defaulter interface{ setDefaults(d *decoder) }

// nodeDecoder is a type with a form of its own.
type nodeDecoder interface {
	decodeNode(d *decoder, n ast.Node, path string)
}

// enumeration is a string type with a fixed set of values.
type enumeration interface{ Values() []string }

// aliased is an enumeration some of whose values have short names.
type aliased interface {
	expand(name string) string
	shortNames() []string
}

// value decodes a node into v.
func (d *decoder) value(n ast.Node, v reflect.Value, path string) {
	if _, seen := d.places[path]; !seen {
		d.places[path] = startOf(n)
	}
	if d.depth++; d.depth > nodeDepthMax {
		d.add(startOf(n), path, "the file is nested too deep", "")
		return
	}
	defer func() { d.depth-- }()
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
		return
	}
	target := v.Addr().Interface()
	if t, ok := target.(defaulter); ok {
		t.setDefaults(d)
	}
	switch t := target.(type) {
	case nodeDecoder:
		t.decodeNode(d, n, path)
	case encoding.TextUnmarshaler:
		d.text(n, t, path)
	default:
		d.plain(n, v, path)
	}
	if m, ok := target.(*MySQL); ok && path == clusterMySQL {
		d.mysql = *m
	}
}

// clusterMySQL is the path of the profile that tablets inherit.
const clusterMySQL = "cluster.mysql"

func (d *decoder) plain(n ast.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.String:
		d.str(n, v, path)
	case reflect.Int, reflect.Int64, reflect.Uint64:
		d.integer(n, v, path)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.wrong(n, path, "true or false")
			return
		}
		v.SetBool(b.Value)
	default:
		panic("scenario: no way to read a " + v.Type().String()) // a mistake in this package
	}
}

// structure decodes a mapping; fields are found by their json tags and filled
// in the order of the Go type, which lets later fields start from earlier ones.
func (d *decoder) structure(n ast.Node, v reflect.Value, path string) {
	pairs, ok := d.pairs(n, path)
	if !ok {
		return
	}
	fields := fieldsOf(v.Type())
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	for _, p := range pairs {
		if !slices.Contains(names, p.key) {
			d.add(p.at, path, fmt.Sprintf("unknown key %q", p.key), suggest(p.key, names))
		}
	}
	for _, f := range fields {
		if i := slices.IndexFunc(pairs, func(p pair) bool { return p.key == f.name }); i >= 0 {
			d.member(pairs[i], v.Field(f.index), join(path, f.name))
		}
	}
}

// member decodes one value of a mapping. Mistakes about a list or a mapping as
// a whole point at its key.
func (d *decoder) member(p pair, v reflect.Value, path string) {
	if _, scalar := scalarText(p.value); !scalar {
		d.places[path] = p.at
	}
	d.value(p.value, v, path)
}

// pairs returns the keys of a mapping without repeated ones, which it reports.
func (d *decoder) pairs(n ast.Node, path string) ([]pair, bool) {
	pairs, ok := pairsOf(n)
	if !ok {
		d.wrong(n, path, "a mapping")
		return nil, false
	}
	first := map[string]place{}
	var unique []pair
	for _, p := range pairs {
		if at, seen := first[p.key]; seen {
			d.add(p.at, path, fmt.Sprintf("the key %q appears twice", p.key),
				fmt.Sprintf("it was set in line %d already; remove one of the two", at.line))
			continue
		}
		first[p.key] = p.at
		unique = append(unique, p)
	}
	return unique, true
}

func (d *decoder) list(n ast.Node, v reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrong(n, path, "a list")
		return
	}
	v.SetZero()
	for i, item := range seq.Values {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, fmt.Sprintf("%s[%d]", path, i))
		v.Set(reflect.Append(v, element))
	}
}

func (d *decoder) str(n ast.Node, v reflect.Value, path string) {
	s, ok := scalarText(n)
	if _, bare := v.Addr().Interface().(bareText); !ok || !isText(n) && !bare {
		d.wrong(n, path, "a text")
		return
	}
	if a, ok := v.Addr().Interface().(aliased); ok {
		s = a.expand(s)
	}
	if e, ok := v.Addr().Interface().(enumeration); ok && !slices.Contains(e.Values(), s) {
		d.add(startOf(n), path, fmt.Sprintf("%q is not known here", s), suggest(s, e.Values()))
		return
	}
	v.SetString(s)
}

// integer decodes a whole number of v's size.
func (d *decoder) integer(n ast.Node, v reflect.Value, path string) {
	node, ok := n.(*ast.IntegerNode)
	if !ok {
		d.wrong(n, path, "a whole number")
		return
	}
	value, err := strconv.ParseInt(fmt.Sprint(node.Value), 10, 64)
	switch {
	case err != nil || v.Kind() == reflect.Int && value > math.MaxInt32:
		d.add(startOf(n), path, fmt.Sprintf("%v is too large", node.Value), "")
	case v.Kind() == reflect.Uint64 && value < 0:
		d.add(startOf(n), path, fmt.Sprintf("%d is negative", value), "write 0 or more")
	case v.Kind() == reflect.Uint64:
		v.SetUint(uint64(value))
	default:
		v.SetInt(value)
	}
}

// text decodes a scalar into a type that reads its own text.
func (d *decoder) text(n ast.Node, t encoding.TextUnmarshaler, path string) {
	s, ok := scalarText(n)
	if !ok {
		d.wrong(n, path, "a text or a number")
		return
	}
	if err := t.UnmarshalText([]byte(s)); err != nil {
		d.add(startOf(n), path, err.Error(), formOf(t))
	}
}

// formOf says how the values of a type are written.
func formOf(t any) string {
	if f, ok := t.(interface{ form() string }); ok {
		return f.form()
	}
	return ""
}

// wrong reports a node of the wrong kind.
func (d *decoder) wrong(n ast.Node, path, wanted string) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		d.add(startOf(n), path, "scenario files use no anchors, aliases and tags", "write the value out")
		return
	}
	d.add(startOf(n), path, fmt.Sprintf("expected %s, found %s", wanted, kindOf(n)), "")
}

// field is a struct field that files can set.
type field struct {
	name      string
	index     int
	omitEmpty bool
}

// fieldsOf lists the fields of a struct by their json tags, in order.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			out = append(out, field{name: name, index: i, omitEmpty: strings.Contains(options, "omitempty")})
		}
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
