package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/gate/discovery"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// Link is one thing that happened, in plain words.
type Link struct {
	At   sim.Time `json:"at_ns"`
	Text string   `json:"text"`
	// Rules and Flags are what made it so.
	Rules []string `json:"rules,omitempty"`
	Flags []string `json:"flags,omitempty"`
}

// Chain tells what led to a failure: what happened to the cluster, to the request, and what
// the client saw, in order of time.
func (a *Account) Chain(f *Failure) []Link {
	c := &chain{account: a, failure: f, request: f.Request}
	c.client()
	if f.Request != nil {
		c.cluster()
		c.passes()
		c.answer()
	}
	c.end()
	slices.SortStableFunc(c.links, func(x, y Link) int { return cmp.Compare(x.At, y.At) })
	return c.links
}

// ChainOf tells the story of a request that did not fail.
func (a *Account) ChainOf(r *Request) []Link {
	c := &chain{account: a, failure: &Failure{Request: r, Start: r.From, Seen: r.To}, request: r}
	c.cluster()
	c.sent()
	c.passes()
	c.answer()
	slices.SortStableFunc(c.links, func(x, y Link) int { return cmp.Compare(x.At, y.At) })
	return c.links
}

type chain struct {
	account *Account
	failure *Failure
	request *Request
	links   []Link
}

func (c *chain) add(at sim.Time, format string, args ...any) *Link {
	c.links = append(c.links, Link{At: at, Text: fmt.Sprintf(format, args...)})
	return &c.links[len(c.links)-1]
}

func (l *Link) by(rules ...string) *Link    { l.Rules = rules; return l }
func (l *Link) flags(names ...string) *Link { l.Flags = names; return l }

func (c *chain) client() {
	f := c.failure
	if f.Request == nil {
		c.add(f.Start, "%s wants to send a statement", f.Name)
		return
	}
	if first := c.executionsBefore(); first > 0 {
		c.add(f.Start, "%s turns to its statement %d; its driver tries %s in vain", f.Name, f.Statement, times(first))
	}
	c.sent()
}

// executionsBefore counts the requests of the same statement before the one that decided it.
func (c *chain) executionsBefore() int {
	n := 0
	for _, q := range c.account.Requests {
		if q.Client == c.request.Client && q.From >= c.failure.Start && q.From < c.request.From {
			n++
		}
	}
	return n
}

func (c *chain) sent() {
	r := c.request
	who := "a client"
	if c.failure.Name != "" {
		who = c.failure.Name
	}
	inside := ""
	if r.InTransaction {
		inside = " inside a transaction"
	}
	c.add(r.From, "%s sends %s to %s%s (%s)", who, article(r.Verb), r.Gate, inside, r.ID)
}

// answer is what the gate said.
func (c *chain) answer() {
	r := c.request
	switch {
	case !r.Answered:
		c.add(c.account.Result.Outcome.Time, "%s has not answered to the end of the run", r.Gate)
	case r.Errno < 0:
	case r.Errno == 0:
		c.add(r.To, "%s answers, %s after the request", r.Gate, show(r.To.Sub(r.From)))
	case r.To > c.failure.Seen:
		c.add(r.To, "%s answers with error %d, which nobody hears", r.Gate, r.Errno)
	}
}

// end is what the client saw.
func (c *chain) end() {
	f := c.failure
	what := fmt.Sprintf("error %d", f.Errno)
	if f.Errno < 0 {
		what = "an error"
	}
	l := c.add(f.Seen, "the client sees %s, %s after it began: %s", what, show(f.Seen.Sub(f.Start)), oneLine(f.Error))
	if f.Request != nil && !f.Lost {
		l.Text += " (it tries again later, with success)"
	}
}

// passes tells each way through the retry loop.
func (c *chain) passes() {
	for _, p := range c.request.Passes {
		for _, s := range p.Skips {
			c.skip(p, s)
		}
		held := false
		for i := range p.Calls {
			if p.Hold != nil && !held && p.Calls[i].At >= p.Hold.To && p.Hold.How != "" {
				c.hold(p)
				held = true
			}
			c.call(&p.Calls[i])
		}
		if p.Hold != nil && !held {
			c.hold(p)
		}
		c.without(p)
	}
	for i := range c.request.Direct {
		c.call(&c.request.Direct[i])
	}
}

// without tells about a pass that found no tablet at all.
func (c *chain) without(p *Pass) {
	if len(p.Calls) > 0 || p.Error == "" || !p.Ended || p.Hold != nil && p.Hold.How == "BufferFull" {
		return
	}
	c.add(p.To, "%s has no primary for %s to send it to, and gives up", c.request.Gate, p.shard()).by("G-24")
}

func (c *chain) call(call *Call) {
	host := call.Tablet
	switch {
	case call.Code == "":
		c.add(call.At, "%s sends it to %s, which never answers", c.request.Gate, host)
	case call.Code == "OK":
		c.add(call.At, "%s sends it to %s, which carries it out", c.request.Gate, host)
	default:
		c.add(call.End, "%s refuses it: %s", host, oneLine(call.Error))
	}
}

func (c *chain) skip(p *Pass, s Skip) {
	g := c.account.Flags.VTGate
	switch last := c.account.cycleBefore(c.request.Gate, p.shard(), s.At); s.Reason {
	case "Disabled":
		c.once(s.At, "the buffer lets it pass: buffering is off for %s", p.shard()).by("B-11").flags("enable-buffer", "buffer-keyspace-shards")
	case "Shutdown":
		c.once(s.At, "the buffer lets it pass: the gate is shutting down").by("B-9")
	case "BufferFull":
		c.once(s.At, "the buffer has no free slot among its %d, and none of this shard's to give up", g.BufferSize).by("B-25").flags("buffer-size")
	case "LastFailoverTooRecent":
		ago := ""
		if last != nil && last.stopped {
			ago = fmt.Sprintf(", %s ago (at %s, %s)", show(s.At.Sub(last.stop)), clock(last.stop), stopWords(last.reason))
		}
		c.once(s.At, "the buffer lets it pass: the last failover of %s ended too recently%s; it waits %s between failovers",
			p.shard(), ago, g.BufferMinTimeBetweenFailovers).by("B-15").flags("buffer-min-time-between-failovers")
	case "LastReparentTooRecent":
		c.once(s.At, "the buffer lets it pass: the primary of %s changed less than %s ago", p.shard(), g.BufferMinTimeBetweenFailovers).
			by("B-16").flags("buffer-min-time-between-failovers")
	case "Refused":
		c.once(s.At, "the buffer lets it pass: the gate's watcher does not know %s", p.shard()).by("B-17")
	}
}

// once adds a link unless it has just been said: each attempt asks the buffer again.
func (c *chain) once(at sim.Time, format string, args ...any) *Link {
	text := fmt.Sprintf(format, args...)
	if n := len(c.links); n > 0 && c.links[n-1].Text == text {
		return &c.links[n-1]
	}
	return c.add(at, "%s", text)
}

func (c *chain) hold(p *Pass) {
	h, g := p.Hold, c.account.Flags.VTGate
	c.add(h.From, "the buffer holds it: number %d in the queue of %s, %d of %d slots taken, for at most %s",
		h.Queued, p.shard(), h.Slots, g.BufferSize, g.BufferWindow).by("B-24").flags("buffer-window", "buffer-size")
	held := show(h.To.Sub(h.From))
	switch h.How {
	case "":
		return
	case "BufferFull":
		c.add(h.To, "a newer request needs its slot: it is pushed out after %s and fails", held).by("B-22").flags("buffer-size")
	case "WindowExceeded":
		c.add(h.To, "its window of %s is over: it is set free for one more try, but there is no primary yet", g.BufferWindow).by("B-36").flags("buffer-window")
	case "ContextDone":
		c.add(h.To, "its time limit at the gate ends after %s in the buffer", held).by("B-27").flags("query-timeout", "mysql-server-query-timeout")
	case "MaxDurationExceeded":
		c.add(h.To, "the buffer gives up on the failover after %s and sets it free for a last try", g.BufferMaxFailoverDuration).
			by("B-38").flags("buffer-max-failover-duration")
	default:
		c.add(h.To, "it is set free after %s for its next try: %s", held, stopWords(h.How)).by("B-43", "B-46")
	}
}

// stopWords say why buffering stopped.
func stopWords(reason string) string {
	switch reason {
	case "NewPrimarySeen":
		return "a primary serves again"
	case "ReshardingComplete":
		return "the shard was replaced by a resharding"
	case "MoveTablesSwitchedTraffic":
		return "MoveTables has switched the traffic"
	case "MaxDurationExceeded":
		return "the buffer had given up on it"
	case "Shutdown":
		return "the gate is shutting down"
	}
	return reason
}

// cluster tells what happened around the request to its shard: the operations and faults under
// way, the primary's end and beginning, and the gate's learning of them.
func (c *chain) cluster() {
	from, to := c.request.From, c.failure.Seen
	if c.request.Answered && c.request.To > to {
		to = c.request.To
	}
	for i := range c.account.Result.Operations {
		o := &c.account.Result.Operations[i]
		if (o.Ended || o.Start > 0) && o.Start <= to && (!o.Ended || o.End >= from) {
			c.add(o.Start, "%s begins (%s)", o.What, o.ID)
			if o.Ended && o.End <= to {
				c.add(o.End, "%s ends%s", o.What, withError(o.Error))
			}
		}
	}
	for _, f := range c.account.Result.Faults {
		if f.Fired && f.Start <= to && (!f.Ended || f.End >= from) {
			c.add(f.Start, "a fault: %s", f.Line)
		}
	}
	c.shardMoments(to)
	c.cycles(to)
}

func withError(text string) string {
	if text == "" {
		return ""
	}
	line, _, _ := strings.Cut(text, "\n")
	return " with an error: " + line
}

// shardMoments tells the drain of the old primary, when this gate heard of changes, and when a
// primary served again after the failure.
func (c *chain) shardMoments(to sim.Time) {
	shard, begin, heard := c.shard(), c.since(), map[string]string{}
	for _, m := range c.account.watch.moments {
		if m.shard != shard {
			continue
		}
		hears := m.kind == discovery.KindHealth && m.gate == c.request.Gate
		news := hears && heard[m.host] != m.what
		if hears {
			heard[m.host] = m.what
		}
		switch {
		case m.at > to && m.serves():
			c.add(m.at, "only now does %s serve as primary", m.host)
			return
		case m.at < begin || m.at > to:
		case news && m.kind == discovery.KindHealth && strings.HasPrefix(m.what, "PRIMARY"):
			c.add(m.at, "%s hears that %s is %s", m.gate, m.host, strings.Replace(m.what, "PRIMARY ", "a primary, ", 1))
		default:
			c.tabletMoment(&m)
		}
	}
}

// serves says that a tablet has become a primary that serves.
func (m *moment) serves() bool { return m.kind == tablet.KindState && m.what == "PRIMARY Serving" }

// tabletMoment tells what happened to a tablet itself.
func (c *chain) tabletMoment(m *moment) {
	switch {
	case m.kind == tablet.KindDrain && m.what == "begin":
		c.add(m.at, "%s stops taking new requests: its drain begins", m.host).by("T-31").flags("shutdown-grace-period")
	case m.serves():
		c.add(m.at, "%s serves as primary", m.host)
	case m.kind == trace.KindHost && m.what == "crash":
		c.add(m.at, "%s crashes", m.host)
	case m.kind == tablet.KindKill && m.what[0] != '0':
		c.add(m.at, "%s ends what still runs: %s", m.host, m.what)
	}
}

// cycles tells when this gate's buffer began and ended to hold requests of the shard.
func (c *chain) cycles(to sim.Time) {
	begin := c.since()
	for _, y := range c.account.watch.cycles {
		if y.gate != c.request.Gate || y.shard != c.shard() || y.start > to {
			continue
		}
		if y.start >= begin {
			c.add(y.start, "%s starts buffering %s, having seen: %s", y.gate, y.shard, oneLine(y.cause)).by("B-18")
		}
		if y.stopped && y.stop >= begin && y.stop <= to {
			c.add(y.stop, "%s stops buffering %s after %s: %s", y.gate, y.shard, show(y.stop.Sub(y.start)), stopWords(y.reason)).by("B-43")
		}
	}
}

// since is how far back the story goes: to the beginning of the operation or the failover that
// the request came into.
func (c *chain) since() sim.Time {
	begin := c.request.From
	for i := range c.account.Result.Operations {
		if o := &c.account.Result.Operations[i]; (o.Ended || o.Start > 0) && o.Start < begin && (!o.Ended || o.End >= c.request.From) {
			begin = o.Start
		}
	}
	for _, f := range c.account.Result.Faults {
		if f.Fired && f.Start < begin && (!f.Ended || f.End >= c.request.From) {
			begin = f.Start
		}
	}
	return begin
}

func (c *chain) shard() string {
	if p := c.request.decisive(); p != nil {
		return p.shard()
	}
	for i := range c.request.Direct {
		return c.account.watch.shardOf[c.request.Direct[i].Tablet]
	}
	return ""
}

// show rounds a duration for people.
func show(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// clock is an instant in seconds with milliseconds.
func clock(t sim.Time) string { return fmt.Sprintf("%.3fs", t.Duration().Seconds()) }

func oneLine(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\n", " ")) }

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// article puts "a" or "an" before a verb of SQL.
func article(verb string) string {
	if strings.ContainsAny(verb[:1], "AEIOU") {
		return "an " + verb
	}
	return "a " + verb
}
