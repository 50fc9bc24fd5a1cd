package scenario

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// SchemaID is the address by which editors know the schema.
const SchemaID = "https://bufsim.invalid/schema/scenario.v1.json"

// Schema returns the JSON schema of scenario files, made from the Go types. It
// describes the form of a file; what [Load] checks beyond it, such as whether
// a named tablet exists, no schema can say.
func Schema() ([]byte, error) {
	types := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[Duration]():   {Ref: "#/$defs/duration"},
		reflect.TypeFor[Dist]():       {Ref: "#/$defs/dist"},
		reflect.TypeFor[Rate]():       {Types: []string{"string", "number"}, Examples: []any{"120/s", "unlimited"}},
		reflect.TypeFor[Share]():      {Types: []string{"string", "number"}, Examples: []any{"5%", 0.05}},
		reflect.TypeFor[Seeds]():      {Types: []string{"string", "integer"}, Examples: []any{7, "1-50"}},
		reflect.TypeFor[ShardName]():  {Types: []string{"string", "integer"}},
		reflect.TypeFor[Target]():     {Type: "string"},
		reflect.TypeFor[Gateslap]():   {Type: "string"},
		reflect.TypeFor[FaultLine]():  {Type: "string"},
		reflect.TypeFor[FlagValues](): {Type: "object", AdditionalProperties: &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}},
	}
	for _, e := range enumerations() {
		var values []any
		for _, v := range e.Values() {
			values = append(values, v)
		}
		if a, ok := e.(aliased); ok {
			for _, v := range a.shortNames() {
				values = append(values, v)
			}
		}
		types[reflect.TypeOf(e)] = &jsonschema.Schema{Type: "string", Enum: values}
	}
	root, err := jsonschema.For[Scenario](&jsonschema.ForOptions{TypeSchemas: types})
	if err != nil {
		return nil, fmt.Errorf("scenario schema: %w", err)
	}
	loosen(root)
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.ID = SchemaID
	root.Title = "bufsim scenario"
	duration := &jsonschema.Schema{Types: []string{"string", "integer"}, Pattern: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`}
	root.Defs = map[string]*jsonschema.Schema{"duration": duration, "dist": distSchema()}
	root.Required = []string{"apiVersion", "name", "cluster"}
	version := any(APIVersion)
	root.Properties["apiVersion"].Const = &version
	out, err := json.MarshalIndent(root, "", "  ")
	return append(out, '\n'), err
}

// enumerations lists the types with a fixed set of values.
func enumerations() []enumeration {
	return []enumeration{
		Until(""), TabletType(""), Durability(""), TopoImplementation(""), SemiSyncSwitch(""), OnError(""), Arrival(""),
		Start(""), Do(""), Outcome(""), Component(""), Match(""), Metric(""),
	}
}

func distSchema() *jsonschema.Schema {
	two := 2
	duration := &jsonschema.Schema{Ref: "#/$defs/duration"}
	one := func(name string, s *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{
			Type: "object", Required: []string{name},
			Properties:           map[string]*jsonschema.Schema{name: s},
			AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
		}
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		duration.CloneSchemas(),
		one("constant", duration.CloneSchemas()),
		one("uniform", &jsonschema.Schema{Type: "array", Items: duration.CloneSchemas(), MinItems: &two, MaxItems: &two}),
		one("lognormal", &jsonschema.Schema{
			Type: "object", Required: []string{"median", "p99"},
			Properties:           map[string]*jsonschema.Schema{"median": duration.CloneSchemas(), "p99": duration.CloneSchemas(), "longest": duration.CloneSchemas()},
			AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
		}),
	}}
}

// loosen removes what the Go types say but files need not follow: fields have
// defaults, so none is required, and what is left out is never written null.
func loosen(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.PropertyOrder != nil {
		s.Required = nil
	}
	// A pointer to a type that is a reference comes out as "null or nothing".
	types := slices.DeleteFunc(slices.Clone(s.Types), func(t string) bool { return t == "null" || t == "" })
	switch s.Types = types; len(types) {
	case 0:
		s.Types = nil
	case 1:
		s.Type, s.Types = types[0], nil
	}
	for _, p := range s.Properties {
		loosen(p)
	}
	loosen(s.Items)
}
