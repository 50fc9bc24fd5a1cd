package conform_test

import (
	"testing"

	"bufsim/experiments/conform"
)

// BenchmarkThousandBufferSchedules plays a thousand recorded schedules of the buffer.
func BenchmarkThousandBufferSchedules(b *testing.B) {
	vectors, err := conform.Load[conform.BufferVector](dir + "/random.jsonl.gz")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for i := range 1000 {
			if r := conform.CheckBuffer(vectors[i%len(vectors)], conform.Newest()); !r.Passed {
				b.Fatal(r)
			}
		}
	}
}
