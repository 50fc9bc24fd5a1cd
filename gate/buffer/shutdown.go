package buffer

// Shutdown drains all held requests without an error and waits until their retries, and all
// tasks of the buffer, are over. Later calls of WaitForFailoverEnd pass. It can be repeated.
// spec: B-64..B-68
func (b *Buffer) Shutdown() {
	if b.behaviors.StoppedFlagFirst {
		b.stopped.Store(true)
	}
	b.traceShutdown("begin")
	for _, sb := range b.all() {
		sb.mu.Lock()
		sb.stop(stopShutdown, "shutdown")
		sb.mu.Unlock()
	}
	b.stopped.Store(true)
	for _, sb := range b.all() {
		sb.helpers.Wait()
	}
	b.traceShutdown("end")
}
