package sim

// The step hash: a running 64-bit hash over (time, task) of every step and over
// every decision. Equal hashes of two runs mean, for all practical purposes,
// that they were the same run.

const (
	hashSeed  = 14695981039346656037
	hashPrime = 1099511628211
)

func mix(h, x uint64) uint64 {
	h = (h ^ x) * hashPrime
	return h ^ h>>32
}

// HashString folds s into h; components use it to extend a run's fingerprint.
func HashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * hashPrime
	}
	return h ^ h>>32
}

// trailEvery is the number of steps between two entries of the hash trail.
const trailEvery = 1024

// TrailEntry is the step hash after a given number of steps.
type TrailEntry struct {
	Step uint64
	Hash uint64
}
