package fetch

import (
	"net/http/cookiejar"
	"sync"

	"github.com/walkback-dev/walkback/archive/buffer"
)

// Client fetches. It may be used by many goroutines at once.
type Client struct {
	options Options
	dial    DialFunc
	watches sync.WaitGroup // one for every parked connection
	given   *cookiejar.Jar // of Options.Cookies; nil when there are none
	buffers *buffer.Pool   // for requests that bring none

	mu     sync.Mutex
	lines  map[string]*line // by host:port
	idle   []*conn          // parked connections, the longest parked first
	hosts  map[string]*standing
	rules  map[string]*robotsFile // by scheme and authority
	closed bool
}

// New returns a client, which the caller closes.
func New(o Options) *Client {
	o = o.withDefaults()
	return &Client{options: o, dial: newDialer(o), given: jarOf(o.Cookies, o.Now), lines: map[string]*line{}, hosts: map[string]*standing{}, rules: map[string]*robotsFile{}, buffers: buffer.NewPool("")}
}

// Close ends the connections that are kept open and waits until nothing of
// them is left. Fetches under way go on to their end; the Client may even be
// used afterwards, but keeps no connection any more.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	for len(c.idle) > 0 {
		k := c.idle[0]
		c.unpark(k)
		k.Conn.Close() // ends its watch
	}
	c.mu.Unlock()
	c.watches.Wait()
}
