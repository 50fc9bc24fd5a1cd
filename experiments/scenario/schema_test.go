package scenario

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"
)

const schemaFile = "../../docs/schema/scenario.v1.json"

// The committed schema is what the Go types say; run with -update to renew it.
func TestCommittedSchemaIsCurrent(t *testing.T) {
	got, err := Schema()
	require.NoError(t, err)
	if update() {
		require.NoError(t, os.WriteFile(schemaFile, got, 0o644))
	}
	want, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// validate checks a YAML text against the schema alone.
func validate(t *testing.T, src []byte) error {
	t.Helper()
	text, err := Schema()
	require.NoError(t, err)
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(text, &schema))
	resolved, err := schema.Resolve(nil)
	require.NoError(t, err)
	var value any
	asJSON, err := yaml.YAMLToJSON(src)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(asJSON, &value))
	return resolved.Validate(value)
}

func TestSchemaAcceptsTheBuiltinScenarios(t *testing.T) {
	for _, name := range Names() {
		src, err := BuiltinSource(name)
		require.NoError(t, err)
		require.NoError(t, validate(t, src), name)
		s, err := Builtin(name, Options{})
		require.NoError(t, err)
		require.NoError(t, validate(t, s.Marshal()), name)
	}
}

func TestSchemaRefusesMistakesOfForm(t *testing.T) {
	require.NoError(t, validate(t, []byte(minimal)))
	for _, name := range []string{"unknown_keys", "wrong_types", "bad_durations", "unknown_operation", "distributions"} {
		src, err := os.ReadFile("testdata/broken/" + name + ".yaml")
		require.NoError(t, err)
		require.Error(t, validate(t, src), name)
	}
}

// Every type with a fixed set of values must be known to the schema.
func TestSchemaListsEveryEnumeration(t *testing.T) {
	text, err := Schema()
	require.NoError(t, err)
	for _, e := range enumerations() {
		for _, v := range e.Values() {
			require.Contains(t, string(text), `"`+v+`"`)
		}
	}
}
