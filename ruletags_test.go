package house_test

import (
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruleTag finds `spec: B-41, B-42` in comments; ranges like B-15..B-18 count
// as their ends.
var (
	ruleTag = regexp.MustCompile(`spec: (?:buffer |gateway |discovery |tablet |reparent |topo |workload )?((?:[A-Z]{1,2}-?[A-Z]?\d+[a-z]?(?:\.\.|, | and )?)+)`)
	ruleID  = regexp.MustCompile(`(?:DI|GI|I-[OW]|[BCPLMVXGDTROSW])-?\d+[a-z]?`)
)

// known are the rule families of the specification.
var known = regexp.MustCompile(`^(?:[BCPLMVXGDTROSW]-\d+[a-z]?|P\d+|[DG]I-\d+|I-[OW]\d+)$`)

// TestRuleTags holds that every tag names a rule of a known family and that
// enough of the tagged rules have a test: a tag in code should be answered by a
// tag in a test. It prints the rules that have code and no test.
func TestRuleTags(t *testing.T) {
	code, tests := ruleTags(t)
	require.Greater(t, len(code), 100, "rules cited in code")
	var untested []string
	for id := range code {
		require.Regexp(t, known, id, "cited at %s", code[id])
		if tests[id] == "" {
			untested = append(untested, id)
		}
	}
	for id := range tests {
		require.Regexp(t, known, id, "cited at %s", tests[id])
	}
	sort.Strings(untested)
	t.Logf("%d rules cited in code, %d in tests; in code without a test (%d): %s",
		len(code), len(tests), len(untested), strings.Join(untested, " "))
}

// ruleTags returns the rules cited in code and in tests, each with one place.
func ruleTags(t *testing.T) (code, tests map[string]string) {
	code, tests = map[string]string{}, map[string]string{}
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		into := code
		if strings.HasSuffix(path, "_test.go") {
			into = tests
		}
		for _, m := range ruleTag.FindAllStringSubmatch(string(src), -1) {
			for _, id := range ruleID.FindAllString(m[1], -1) {
				into[id] = path
			}
		}
		return nil
	})
	require.NoError(t, err)
	return code, tests
}
