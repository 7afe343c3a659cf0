package fetch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// standing is how we stand with a host and port.
type standing struct {
	next   time.Time     // when the next page may be asked for
	until  time.Time     // before which nothing is asked at all
	delay  time.Duration // Crawl-delay
	failed int           // pages in a row
	weight int           // of these, see tally
	rests  string        // why it is left alone; "" when it is not
	asked  time.Time     // until when it asked to be left alone
}

// maxHosts bounds how many hosts are remembered that nothing is to be said of.
const maxHosts = 8192

// standing returns how we stand with a host. The caller holds c.mu.
func (c *Client) standing(at *address) *standing {
	s := c.hosts[at.hostPort()]
	if s != nil {
		return s
	}
	if len(c.hosts) >= maxHosts {
		now := time.Now()
		for name, old := range c.hosts {
			if old.failed == 0 && old.rests == "" && old.delay == 0 && old.next.Before(now) && old.until.Before(now) {
				delete(c.hosts, name)
			}
		}
	}
	s = &standing{}
	c.hosts[at.hostPort()] = s
	return s
}

// await waits until the host may be asked. The caller has its turn.
func (f *fetch) await(ctx context.Context, at *address) *Failure {
	f.mu.Lock()
	s := f.standing(at)
	when, rests := s.until, s.rests
	if spaced := !f.request.Along && !f.quiet && !f.begun; spaced && s.next.After(when) {
		when = s.next
	}
	f.mu.Unlock()
	if rests != "" {
		return fail(HostFailing, "%s is left alone for now: %s", at.hostPort(), rests)
	}
	if err := sleep(ctx, time.Until(when)); err != nil {
		return classify(ctx, "waiting for "+at.hostPort(), err)
	}
	return nil
}

// space says when the host may be asked for its next page.
func (f *fetch) space(at *address, hop *Hop) {
	if f.quiet {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.standing(at)
	wait := s.delay
	if f.options.DelayLocal || !f.isLocal(hop) {
		wait = max(wait, time.Duration(float64(f.options.Delay)*(0.5+rand.Float64())))
	}
	s.next = time.Now().Add(wait)
}

// slow keeps the Crawl-delay of a host.
func (f *fetch) slow(at *address, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.standing(at).delay = min(delay, maxCrawlDelay)
}

// hold asks the host for nothing for so long.
func (f *fetch) hold(at *address, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.standing(at).until = time.Now().Add(wait)
}

// rest leaves the host alone until Wake, and at least until then.
func (f *fetch) rest(at *address, until time.Time, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.standing(at)
	s.asked, s.rests = until, why
}

// isLocal reports whether the answer came from this machine or a private
// network, which need no care of ours.
func (f *fetch) isLocal(hop *Hop) bool {
	remote, err := netip.ParseAddrPort(hop.RemoteAddr)
	if err != nil {
		return false
	}
	addr := remote.Addr().Unmap()
	return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
}

// busyPages is how many answers such as 503 count as much as one page without an
// answer: a host that answers takes nobody's time, and its next page may be there.
const busyPages = 4

// tally counts the pages of a host that failed in a row, and leaves it alone
// when they are too many.
func (c *Client) tally(f *fetch, failure *Failure) {
	if f.quiet || !f.begun {
		return
	}
	weight, what := 0, ""
	if failure != nil {
		what = failure.Detail
		switch failure.Reason {
		case Timeout, Reset, Closed, ProxyFailed, DNS, Refused, Unreachable, TLSFailed:
			weight = busyPages
		case Cancelled, HostFailing:
			return
		}
	} else if status := f.x.Hops[len(f.x.Hops)-1].Status; mayPass(status, nil) {
		weight, what = 1, fmt.Sprintf("HTTP %d", status)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.standing(f.last)
	if weight == 0 {
		s.failed, s.weight = 0, 0
		return
	}
	s.failed++
	s.weight += weight
	if limit := c.options.GiveUpAfter * busyPages; limit > 0 && s.weight >= limit && s.rests == "" {
		s.rests = fmt.Sprintf("%d pages in a row failed, the last one with: %s", s.failed, what)
	}
}

// Wake lets the hosts that are left alone be asked once more, but for those whose
// own Retry-After is not over: each is left alone again at its next failure. A
// robots.txt that could not be had is asked for again.
func (c *Client) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, s := range c.hosts {
		if s.rests != "" && !s.asked.After(now) {
			s.rests, s.weight = "", max(c.options.GiveUpAfter*busyPages-1, 0)
		}
	}
	for place, file := range c.rules {
		if file.denied != "" {
			delete(c.rules, place)
		}
	}
}
