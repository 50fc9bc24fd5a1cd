package hunt

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim"
)

// A decision log comes back from its text.
func TestChoicesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := rapid.SliceOf(rapid.Custom(func(t *rapid.T) sim.Decision {
			n := rapid.Int32Range(2, 400).Draw(t, "n")
			return sim.Decision{Kind: sim.ChoiceKind(rapid.IntRange(0, int(sim.KindUser)+2).Draw(t, "kind")), N: n, C: rapid.Int32Range(0, n-1).Draw(t, "c")}
		})).Draw(t, "log")
		back, err := parseChoices(formatChoices(log))
		require.NoError(t, err)
		require.Equal(t, len(log), len(back))
		for i := range log {
			require.Equal(t, log[i], back[i])
		}
	})
	require.Len(t, kindLetters, int(sim.KindUser), "each kind has a letter")
	for _, wrong := range []string{"t", "x3.1", "t1.0", "t3.3", "t3.1*0", "t3.1*x", "u:3.1", "t3.-1"} {
		_, err := parseChoices("t2.0 " + wrong)
		require.Error(t, err, wrong)
	}
}

// Steps come back from their text, whatever is drawn.
func TestStepsComeBack(t *testing.T) {
	for _, w := range Worlds() {
		for seed := range uint64(200) {
			if len(w.Steps) == 0 {
				continue
			}
			in := &Input{World: w.Name, Release: "v24"}
			w.Draw(NewDraw(seed), in)
			for _, s := range in.Steps {
				back, err := ParseStep(s.String(), w.Steps)
				require.NoError(t, err)
				require.Equal(t, s, back)
			}
		}
	}
	for line, want := range map[string]string{
		"request ks/0":                           "write `at TIME WHAT ...`",
		"at 1x request ks/0":                     `"1x" is no time`,
		"at 1s reqest ks/0":                      "did you mean request?",
		"at 1s request":                          "a shard must follow",
		"at 1s request ks/0 color red":           `request takes no "color"`,
		"at 1s request ks/0 patience":            `"patience" has no value`,
		"at 1s request ks/0 patience x":          "patience x",
		"at 1s request ks/0 cause unknown-cause": "want one of none",
	} {
		_, err := ParseStep(line, bufferWorld().Steps)
		require.ErrorContains(t, err, want, line)
	}
}

// Signatures name roles, so that runs with one cause come together.
func TestClass(t *testing.T) {
	for object, want := range map[string]string{
		"gate-1 ks/-80":        "GATE SHARD",
		"gate-2 commerce/0":    "GATE SHARD",
		"zone1-0000000100":     "TABLET",
		"zone1-101":            "TABLET",
		"commerce/55-aa":       "SHARD",
		"op2":                  "opN",
		"gate-1 zone1-100 row": "GATE TABLET row",
	} {
		require.Equal(t, want, class(object), object)
	}
}
