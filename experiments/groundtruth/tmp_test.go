package groundtruth

import ("testing";"fmt";"path/filepath";"os")

func TestTmp(t *testing.T) {
	for _, n := range []string{"s1-0","s2-1","s3-0","s4-0","s5-0","s6-0","s7-0","q-1","q-2","q-4","q-6","w1-d4-0","w2-d4-0","w3-d4-0","w4-d4-0","w5-d4-0","w6-d4-0","w8-d4-0","undo-busy-0","undo-busy-60","undo-quiet-0"} {
		m, err := Load(filepath.Join("../../testdata/groundtruth", n+".json"))
		if err != nil { fmt.Println(n, err); continue }
		runs, err := m.Play(50)
		if err != nil { fmt.Println(n, err); continue }
		lo, hi := ErrorRange(runs)
		c := map[int]int{}
		for _, r := range runs { c[r.Errors]++ }
		fmt.Println(n, "measured", m.Errors, "range", lo, hi, "same", m.Same(runs), c)
		if os.Getenv("V") == n { fmt.Println(m.Counters(), m.ErrorTexts()); fmt.Println(runs[0].Counters, runs[0].ErrorTexts) }
	}
}
