package house_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruleTag finds `spec: B-41, B-42` in comments; a range like B-15..B-18 counts for
// all its rules, and numbers of sections may stand between.
var (
	ruleTag   = regexp.MustCompile(`spec: (?:buffer |gateway |discovery |tablet |reparent |topo |workload )?((?:(?:[A-Z]{1,2}-?[A-Z]?\d+[a-z]?|\d+(?:\.\d+)*)(?:\.\.|, | and )?)+)`)
	ruleRange = regexp.MustCompile(`([A-Z]{1,2})-(\d+)\.\.[A-Z]{1,2}-(\d+)`)
	ruleID    = regexp.MustCompile(`(?:DI|GI|I-[OW]|[BCPLMVXGDTROSW])-?\d+[a-z]?`)
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
		if len(tests[id]) == 0 {
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

// ruleTags returns the rules cited in code and in tests, each with its files in order.
func ruleTags(t *testing.T) (code, tests map[string][]string) {
	code, tests = map[string][]string{}, map[string][]string{}
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
			for _, id := range rulesOf(m[1]) {
				if !slices.Contains(into[id], path) {
					into[id] = append(into[id], path)
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	return code, tests
}

// rulesOf lists the rules of one tag.
func rulesOf(tag string) []string {
	ids := ruleID.FindAllString(tag, -1)
	for _, m := range ruleRange.FindAllStringSubmatch(tag, -1) {
		from, _ := strconv.Atoi(m[2]) // the expression lets nothing but digits through
		to, _ := strconv.Atoi(m[3])
		for n := from + 1; n < to; n++ {
			ids = append(ids, fmt.Sprintf("%s-%d", m[1], n))
		}
	}
	return ids
}
