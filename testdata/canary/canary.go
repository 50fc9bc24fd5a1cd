// Package canary breaks every rule of the deterministic packages once; the house
// test proves with it that the rules are enforced.
package canary

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

var counter int

func init() { counter++ }

// Bad does what a pure function of the seed must not do.
func Bad(m map[string]int) (s string) {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	defer func() { _ = recover() }()
	s = fmt.Sprintf("%p %d", &mu, rand.Int())
	s += time.Now().String()
	for k := range m {
		s += k
	}
	// order-free: addition commutes
	for _, v := range m {
		counter += v
	}
	s += slices.Collect(maps.Keys(m))[0]
	s += slices.Sorted(maps.Keys(m))[0]
	c := make(chan float64, 1)
	go func() {}()
	c <- 1
	return s
}
