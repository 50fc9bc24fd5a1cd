//go:build bufsim_handoff

package sim

// open puts a new goroutine into the mailbox, which runs fn; then the one that
// waits in the mailbox goes on. It uses two channels, of which the goroutines that
// wait use one and the other in turn: four times slower than iter.Pull. It exists to
// cross-check the kernel: both back ends must give the same hashes.
func (m *mailbox) open(fn func()) {
	a, b := make(chan struct{}), make(chan struct{})
	m.next = func() (struct{}, bool) {
		a <- struct{}{}
		<-b
		return struct{}{}, true
	}
	m.yield = func(struct{}) bool {
		b <- struct{}{}
		<-a
		return true
	}
	go func() {
		<-a
		fn()
		if m.odd {
			b <- struct{}{}
		} else {
			a <- struct{}{}
		}
	}()
}
