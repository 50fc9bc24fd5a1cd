package observed

// Buffer is what a gate's buffer counted, over all shards. spec: W-61
type Buffer struct {
	Starts   float64 `json:"starts"`
	Stops    float64 `json:"stops"`
	Buffered float64 `json:"buffered"`
	Drained  float64 `json:"drained"`
	// Stopped, Evicted and Skipped are by reason, without those that are zero.
	Stopped map[string]float64 `json:"stopped"`
	Evicted map[string]float64 `json:"evicted"`
	Skipped map[string]float64 `json:"skipped"`
	// DurationMS is the time that buffering lasted, in milliseconds.
	DurationMS float64 `json:"duration_ms"`
}

// Buffer gives the buffer's figures of a snapshot.
func (s Snapshot) Buffer() Buffer {
	const family = "vtgate_buffer_"
	return Buffer{
		Starts: s.Sum(family + "starts"), Stops: s.Sum(family + "stops"),
		Buffered: s.Sum(family + "requests_buffered"), Drained: s.Sum(family + "requests_drained"),
		Stopped: s.reasons(family + "stops"), Evicted: s.reasons(family + "requests_evicted"), Skipped: s.reasons(family + "requests_skipped"),
		DurationMS: s.Sum(family + "failover_duration_sum_ms"),
	}
}

func (s Snapshot) reasons(family string) map[string]float64 {
	sums := s.By(family, "reason")
	for reason, n := range sums {
		if n == 0 {
			delete(sums, reason)
		}
	}
	return sums
}
