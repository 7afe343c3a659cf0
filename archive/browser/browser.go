package browser

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"
)

// Options say how a Browser renders. Zero values are the defaults, but for Dial.
type Options struct {
	Name      string // path or name of the browser; default: the first that Find finds
	Dial      Dialer // connects, and refuses what must not be reached; required
	UserAgent string // default: the browser's own
	Folder    string // for the profile; default os.TempDir

	Timeout  time.Duration // of a whole page; default 60 s
	MaxBytes int64         // that a page may be sent over its connections, and of what is kept of it; default 64 MiB

	Pages     int   // that are rendered at a time; default 2
	MaxMemory int64 // that the browser may hold beyond the files of its program; default 2 GiB for each of Pages

	Now func() time.Time // for the times in records; default time.Now

	extra []string // arguments, for tests
	bare  bool     // for tests: pages keep what withoutPeers takes
}

func (o Options) withDefaults() Options {
	if o.Folder == "" {
		o.Folder = os.TempDir()
		// The path of a socket in it has 104 bytes at most.
		if info, err := os.Stat("/tmp"); len(o.Folder) > 40 && err == nil && info.IsDir() {
			o.Folder = "/tmp"
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Pages <= 0 {
		o.Pages = 2
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = int64(o.Pages) * 2 << 30
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Browser renders pages. It is started by the first page and serves all that
// follow; one that died is started anew for the next page. Its methods may be
// called by several goroutines.
type Browser struct {
	options Options
	slots   chan struct{}

	mu     sync.Mutex // guards what follows
	proc   *process
	closed bool
}

// ErrClosed is returned for a page that is asked for after Close.
var ErrClosed = errors.New("the browser is closed")

// New starts nothing and looks for nothing: that is for the first page. The caller
// closes the Browser.
func New(o Options) *Browser {
	o = o.withDefaults()
	return &Browser{options: o, slots: make(chan struct{}, o.Pages)}
}

// Close ends the browser with all it is doing and removes its profile. It returns
// when nothing of it is left.
func (b *Browser) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.proc != nil {
		b.proc.end()
		b.proc = nil
	}
	return nil
}

// running returns the browser, which it starts if there is none.
func (b *Browser) running(ctx context.Context) (*process, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	if b.proc != nil && b.proc.running() {
		return b.proc, nil
	}
	if b.proc != nil {
		b.proc.end()
		b.proc = nil
	}
	path, err := Find(b.options.Name)
	if err != nil {
		return nil, err
	}
	proc, err := start(ctx, path, b.options)
	if err != nil {
		return nil, err
	}
	proc.handle("", proc.attached)
	// What a page opens waits until it has been told what to do.
	attach := map[string]any{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true}
	if err := proc.call(ctx, "", "Target.setAutoAttach", attach, nil); err != nil {
		proc.end()
		return nil, err
	}
	b.proc = proc
	return proc, nil
}

// target is what the browser says of a page, a frame or a worker.
type target struct {
	ID      string `json:"targetId"`
	Type    string `json:"type"`
	Context string `json:"browserContextId"`
}

type attachment struct {
	Session string `json:"sessionId"`
	Target  target `json:"targetInfo"`
	Waiting bool   `json:"waitingForDebugger"`
}

// attached gives a new target to the page whose context it is in.
func (p *process) attached(ev event) {
	if ev.Method != "Target.attachedToTarget" {
		return
	}
	var a attachment
	if json.Unmarshal(ev.Params, &a) != nil {
		return
	}
	p.pagesMu.Lock()
	page := p.pages[a.Target.Context]
	p.pagesMu.Unlock()
	if page == nil { // the browser's own
		p.send(a.Session, "Runtime.runIfWaitingForDebugger", nil, nil)
		return
	}
	page.adopt(a)
}

// own lets a page have the targets of its context; nil ends it.
func (p *process) own(context string, page *page) {
	p.pagesMu.Lock()
	defer p.pagesMu.Unlock()
	if page == nil {
		delete(p.pages, context)
		return
	}
	p.pages[context] = page
}
