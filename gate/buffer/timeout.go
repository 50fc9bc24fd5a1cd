package buffer

import "bufsim/sim"

// timeoutThread ends what takes too long in one failover: it evicts requests whose window is
// over and stops the buffering at its maximum duration. It lives from the start until the
// drain asks it to end, or until it stopped the buffering itself.
// spec: B-33, P-4
type timeoutThread struct {
	sb *shardBuffer
	// maxTimer makes maxReached happen at the maximum duration. It is set in the step that
	// starts the failover, so it is before the first request's deadline if both fall together.
	// spec: B-41
	maxTimer   *sim.Timer
	maxReached *sim.Event
	stopAsked  *sim.Event
	ended      *sim.Event
	notice     notice
}

func newTimeoutThread(sb *shardBuffer) *timeoutThread {
	env := sb.env
	t := &timeoutThread{
		sb:         sb,
		maxReached: env.NewEvent("max duration"), stopAsked: env.NewEvent("stop asked"), ended: env.NewEvent("thread ended"),
		notice: newNotice(env, sb.buffer.behaviors.TimeoutNoticeRemembered),
	}
	t.maxTimer = env.NewTimer("max duration", func() { t.maxReached.Set() })
	return t
}

// start sets the timer and runs the thread. The shard lock is held.
func (t *timeoutThread) start() {
	t.maxTimer.Reset(t.sb.buffer.cfg.MaxFailoverDuration)
	t.sb.env.Go(t.sb.names.timeout, t.run)
}

// notify tells the thread that the queue is no longer empty.
// spec: B-24
func (t *timeoutThread) notify() { t.notice.give() }

// end asks the thread to end and waits until it has.
// spec: B-45
func (t *timeoutThread) end() {
	t.stopAsked.Set()
	t.ended.Wait()
}

func (t *timeoutThread) run() {
	defer t.ended.Set()
	defer t.maxTimer.Stop()
	for {
		head := t.sb.oldest()
		if head == nil && !t.waitForNotice() {
			return
		}
		if head != nil && !t.waitForHead(head) {
			return
		}
	}
}

// waitForHead waits for the fate of the oldest request; false ends the thread.
// spec: B-34
func (t *timeoutThread) waitForHead(head *entry) bool {
	switch t.sb.env.Select(sim.OnEvent(t.maxReached), sim.OnEvent(t.stopAsked), sim.OnEvent(&head.unblocked), sim.At(head.deadline)) {
	case 0:
		t.sb.stopForMaxDuration()
		return false
	case 1:
		return false
	case 2: // somebody else gave it free
		return true
	default:
		t.sb.evictByWindow(head)
		return true
	}
}

// waitForNotice waits until the queue has a first request; false ends the thread.
// spec: B-35
func (t *timeoutThread) waitForNotice() bool {
	switch t.sb.env.Select(sim.OnEvent(t.maxReached), sim.OnEvent(t.stopAsked), t.notice.given()) {
	case 0:
		t.sb.stopForMaxDuration()
		return false
	case 1:
		return false
	default:
		return true
	}
}
