package tablet_test

import (
	"testing"

	"bufsim/model/topodata"
)

// BenchmarkInsert is the cost of one autocommit insert under semi-sync with two replicas,
// from the call to the apply on both.
func BenchmarkInsert(b *testing.B) {
	const clients = 20
	x := &stage{}
	w := build(setting{durability: "semi_sync", realTimings: true}, x, func(x *stage) {
		group := x.env.NewWaitGroup("clients")
		for i := range clients {
			group.Go("client", func() {
				db := x.dial(primary, topodata.Primary)
				for n := range b.N / clients {
					_ = db.insert(int64(i*b.N + n + 1))
				}
			})
		}
		b.ResetTimer()
		group.Wait()
	})
	w.Run()
	b.ReportMetric(float64(w.Steps())/float64(b.N), "steps/op")
}
