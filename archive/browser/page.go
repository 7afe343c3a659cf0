package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// page is one look at a page: a browser context with a way out of its own.
type page struct {
	*process
	options Options
	context string // of the browser
	proxy   *proxy
	ctx     context.Context // of the page; what serves it ends with it
	busy    sync.WaitGroup  // documents on their way
	soon    time.Time       // by when documents must be there

	mu        sync.Mutex // guards what follows
	session   string     // of the page itself
	target    string     // likewise; also the id of its main frame
	attached  chan struct{}
	sessions  map[string]bool // all of them
	crashed   chan struct{}
	closing   bool // nothing new is let through
	loaded    bool
	active    time.Time // when the network was last heard of
	nodes     int       // that it had when it was asked last
	moved     time.Time // when that number was another one
	requests  int
	visits    int // of the main frame
	dialogs   int
	kept      int64 // bytes of bodies
	limits    []Limit
	coded     bool // the server sends content-codings that it was not asked for
	anew      bool // documents are drained, and made anew
	drained   bool // that was tried
	notPage   bool
	mediaType string
	chains    map[string]*chain // by request id
	order     []*record
}

// Render looks at a page. What comes back may hold a failure; an error means that
// there is no browser to look with, a *MissingError or a *StartError, or that ctx is
// done.
func (b *Browser) Render(ctx context.Context, request Request) (*Rendering, error) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	proc, err := b.running(ctx)
	if err != nil {
		return nil, err
	}
	parsed, err := url.Parse(request.URL)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
		return nil, fmt.Errorf("%q is not an address that is rendered", request.URL)
	}
	started := b.options.Now()
	clock := time.Now()
	r := &Rendering{Started: started, Browser: proc.version}
	within, cancel := context.WithTimeout(ctx, b.options.Timeout)
	defer cancel()
	if err := proc.render(within, b.options, request, r); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if r.Failure == nil {
			r.Failure = failureOf(err)
		}
	}
	if r.Failure != nil || r.NotPage {
		r.DOM, r.Screenshot, r.PDF = nil, nil, nil
	}
	r.Duration = time.Since(clock)
	return r, nil
}

// failureOf says why the browser failed us.
func failureOf(err error) *fetch.Failure {
	reason := fetch.Reason("browser")
	if errors.Is(err, context.DeadlineExceeded) {
		reason = fetch.Timeout
	}
	detail := strings.Map(printing, err.Error())
	return &fetch.Failure{Reason: reason, Detail: detail[:min(len(detail), 300)]}
}

// snapshotShare is the part of a page's time that is kept for recording it.
const snapshotShare = 3

func (proc *process) render(ctx context.Context, o Options, request Request, r *Rendering) error {
	way, err := newProxy(o.Dial, o.MaxBytes)
	if err != nil {
		return err
	}
	defer way.close()
	deadline, _ := ctx.Deadline()
	left := time.Until(deadline)
	ctx, cancel := context.WithCancel(ctx)
	p := &page{
		process: proc, options: o, proxy: way, ctx: ctx, attached: make(chan struct{}), crashed: make(chan struct{}),
		sessions: map[string]bool{}, chains: map[string]*chain{}, active: time.Now(), soon: deadline.Add(-left / snapshotShare),
	}
	defer p.leave(cancel)
	if err := p.open(ctx); err != nil {
		return err
	}
	if err := p.visit(ctx, request.URL, r); err != nil || r.Failure != nil || p.isNotPage() {
		p.report(r)
		return err
	}
	r.Settled = p.settle(ctx)
	err = p.snapshot(ctx, request, r)
	p.report(r)
	return err
}

// open makes the browser context and the page in it.
func (p *page) open(ctx context.Context) error {
	var made struct {
		ID string `json:"browserContextId"`
	}
	err := p.call(ctx, "", "Target.createBrowserContext", map[string]any{
		"disposeOnDetach": true, "proxyServer": p.proxy.address(), "proxyBypassList": "<-loopback>",
	}, &made)
	if err != nil {
		return err
	}
	p.context = made.ID
	p.own(p.context, p)
	deny := map[string]any{"behavior": "deny", "browserContextId": p.context, "eventsEnabled": true}
	if err := p.call(ctx, "", "Browser.setDownloadBehavior", deny, nil); err != nil {
		return err
	}
	var created struct {
		ID string `json:"targetId"`
	}
	err = p.call(ctx, "", "Target.createTarget", map[string]any{
		"url": "about:blank", "browserContextId": p.context, "width": windowWidth, "height": windowHeight,
	}, &created)
	if err != nil {
		return err
	}
	select {
	case <-p.attached:
		// Whatever was asked of the session before this has been done.
		return p.call(ctx, p.session, "Page.enable", nil, nil)
	case <-p.gone:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave ends all that serves the page.
func (p *page) leave(cancel context.CancelFunc) {
	p.mu.Lock()
	p.closing = true
	sessions := p.sessions
	p.sessions = nil
	p.mu.Unlock()
	cancel()
	for session := range sessions {
		p.handle(session, nil)
	}
	if p.context != "" {
		p.own(p.context, nil)
		gone, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		if err := p.call(gone, "", "Target.disposeBrowserContext", map[string]any{"browserContextId": p.context}, nil); errors.Is(err, context.DeadlineExceeded) {
			p.once.Do(func() { close(p.ask) }) // it answers nobody any more
		}
	}
	p.busy.Wait()
}

// adopt takes a target of the page's context in: the page itself, a frame or
// worker of it. A window that it opened is closed before it has begun.
func (p *page) adopt(a attachment) {
	switch a.Target.Type {
	case "page", "iframe", "worker", "shared_worker", "service_worker":
	default: // the browser's own furniture
		p.send(a.Session, "Runtime.runIfWaitingForDebugger", nil, nil)
		p.send("", "Target.detachFromTarget", map[string]any{"sessionId": a.Session}, nil)
		return
	}
	p.mu.Lock()
	first := p.session == "" && a.Target.Type == "page"
	wanted := !p.closing && (first || a.Target.Type != "page") && len(p.sessions) < maxTargets
	switch {
	case wanted:
		p.sessions[a.Session] = true
	case p.sessions != nil && a.Target.Type == "page":
		p.add(LimitPopups)
	case len(p.sessions) >= maxTargets:
		p.add(LimitTargets)
	}
	if first {
		p.session, p.target = a.Session, a.Target.ID
	}
	p.mu.Unlock()
	if !wanted {
		p.send("", "Target.closeTarget", map[string]any{"targetId": a.Target.ID}, nil)
		return
	}
	p.handle(a.Session, p.event)
	do := func(method string, params any) { p.send(a.Session, method, params, nil) }
	do("Target.setAutoAttach", map[string]any{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true})
	do("Network.enable", map[string]any{"maxTotalBufferSize": 16 << 20, "maxResourceBufferSize": maxResource, "maxPostDataSize": 0})
	if a.Target.Type == "page" || a.Target.Type == "iframe" {
		do("Page.enable", nil)
		do("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true})
		do("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
	}
	if (a.Target.Type == "page" || a.Target.Type == "iframe") && !p.options.bare {
		do("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": withoutPeers, "runImmediately": true})
	}
	do("Fetch.enable", map[string]any{"handleAuthRequests": true, "patterns": []map[string]any{
		{"urlPattern": "*", "requestStage": "Request"},
		{"urlPattern": "*", "requestStage": "Response", "resourceType": "Document"},
	}})
	do("Runtime.runIfWaitingForDebugger", nil)
	if first {
		close(p.attached)
	}
}

// withoutPeers takes away what talks to other machines by itself. The browser is
// also told to send no UDP past a proxy; this holds where that would not.
const withoutPeers = `for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) delete globalThis[name];`

// visit sends the browser to the address. It may take three times: a server may
// insist on a content-coding, and a document may never end.
func (p *page) visit(ctx context.Context, address string, r *Rendering) error {
	ctx, cancel := context.WithDeadline(ctx, p.soon)
	defer cancel()
	for {
		errorText, err := p.navigate(ctx, address)
		switch {
		case err != nil:
			return err
		case p.isNotPage() || errorText == "":
			return nil
		case errorText == "net::ERR_CONTENT_DECODING_FAILED" && p.again(&p.coded):
		case errorText == "net::ERR_TIMED_OUT" && !p.asItCame() && p.again(&p.drained):
		case errorText == "net::ERR_ABORTED":
			p.mu.Lock()
			p.notPage = true
			p.mu.Unlock()
			return nil
		default:
			r.Failure = p.failure(errorText, address)
			return nil
		}
	}
}

func (p *page) navigate(ctx context.Context, address string) (errorText string, err error) {
	var went struct {
		ErrorText string `json:"errorText"`
		Download  bool   `json:"isDownload"`
	}
	err = p.watchful(ctx, func(ctx context.Context) error {
		return p.call(ctx, p.session, "Page.navigate", map[string]any{"url": address}, &went)
	})
	if went.Download {
		went.ErrorText = "net::ERR_ABORTED"
	}
	return went.ErrorText, err
}

// again forgets what was tried in vain, in a manner that is tried once.
func (p *page) again(tried *bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *tried {
		return false
	}
	*tried = true
	p.order = slices.DeleteFunc(p.order, func(r *record) bool { return r.main })
	p.visits = 0
	return true
}

// watchful does something that a crash of the page would keep from ending.
func (p *page) watchful(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-p.crashed:
		return errCrashed
	}
}

var errCrashed = errors.New("the page crashed, or took more memory than it may")

const (
	quietTime  = 750 * time.Millisecond // without any news of the network
	slowTime   = 5 * time.Second        // after which a request is not waited for
	movingTime = 5 * time.Second        // that a page may go on growing with a quiet network
)

// settle waits until the page is loaded and its network quiet.
func (p *page) settle(ctx context.Context) bool {
	ctx, cancel := context.WithDeadline(ctx, p.soon)
	defer cancel()
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	tooLarge := make(chan struct{})
	var once sync.Once
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			p.limit(LimitTime)
			return false
		case <-p.crashed:
			return false
		case <-p.gone:
			return false
		case <-tooLarge:
			p.limit(LimitDOM)
			return false
		case <-ticker.C:
			if turn%20 == 0 {
				p.send(p.session, "Memory.getDOMCounters", nil, func(result json.RawMessage, err error) {
					var counted struct {
						Nodes int `json:"nodes"`
					}
					if err != nil || json.Unmarshal(result, &counted) != nil {
						return
					}
					p.counted(counted.Nodes)
					if counted.Nodes > maxNodes {
						once.Do(func() { close(tooLarge) })
					}
				})
			}
			if p.quiet(time.Now()) {
				return true
			}
		}
	}
}

// counted notes that the page has so many nodes.
func (p *page) counted(nodes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if nodes != p.nodes {
		p.nodes, p.moved = nodes, time.Now()
	}
}

func (p *page) quiet(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.loaded || now.Sub(p.active) < quietTime {
		return false
	}
	if now.Sub(p.moved) < quietTime && now.Sub(p.active) < movingTime {
		return false
	}
	for _, r := range p.order {
		if !r.ended && !r.streams() && now.Sub(r.begun) < slowTime {
			return false
		}
	}
	return true
}

// limit notes what was cut short.
func (p *page) limit(l Limit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(l)
}

func (p *page) add(l Limit) {
	if !slices.Contains(p.limits, l) {
		p.limits = append(p.limits, l)
	}
}

func (p *page) isNotPage() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notPage
}

// event handles what the browser says of the page. It is called by the goroutine
// that reads, and must not wait.
func (p *page) event(ev event) {
	switch ev.Method {
	case "Target.attachedToTarget":
		var a attachment
		if json.Unmarshal(ev.Params, &a) == nil {
			p.adopt(a)
		}
	case "Target.detachedFromTarget":
		var gone struct {
			Session string `json:"sessionId"`
		}
		if json.Unmarshal(ev.Params, &gone) == nil {
			p.handle(gone.Session, nil)
		}
	case "Inspector.targetCrashed":
		p.mu.Lock()
		if ev.Session == p.session && !p.closing {
			p.closing = true
			close(p.crashed)
		}
		p.mu.Unlock()
	case "Page.frameNavigated":
		var went struct {
			Frame struct {
				ID string `json:"id"`
			} `json:"frame"`
		}
		if json.Unmarshal(ev.Params, &went) == nil {
			p.mu.Lock()
			if went.Frame.ID == p.target {
				p.loaded, p.active = false, time.Now()
			}
			p.mu.Unlock()
		}
	case "Page.loadEventFired":
		p.mu.Lock()
		p.loaded, p.active = p.loaded || ev.Session == p.session, time.Now()
		p.mu.Unlock()
	case "Page.javascriptDialogOpening":
		p.dismiss(ev)
	case "Page.downloadWillBegin", "Browser.downloadWillBegin":
		p.limit(LimitDownloads)
	case "Fetch.requestPaused":
		p.paused(ev)
	case "Fetch.authRequired":
		p.authenticate(ev)
	default:
		p.heard(ev)
	}
}

// dismiss answers a dialog as someone does who wants to go on. A page that opens
// one after the other has its script ended.
func (p *page) dismiss(ev event) {
	var dialog struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(ev.Params, &dialog)
	p.send(ev.Session, "Page.handleJavaScriptDialog", map[string]any{"accept": dialog.Type == "beforeunload"}, nil)
	p.mu.Lock()
	p.dialogs++
	tooMany := p.dialogs > maxDialogs
	if tooMany {
		p.add(LimitDialogs)
	}
	p.mu.Unlock()
	if tooMany {
		p.send(ev.Session, "Runtime.terminateExecution", nil, nil)
	}
}

// authenticate gives the proxy its password. To others it gives none.
func (p *page) authenticate(ev event) {
	var asked struct {
		ID        string `json:"requestId"`
		Challenge struct {
			Source string `json:"source"`
			Origin string `json:"origin"`
		} `json:"authChallenge"`
	}
	if json.Unmarshal(ev.Params, &asked) != nil {
		return
	}
	response := map[string]any{"response": "CancelAuth"}
	if asked.Challenge.Source == "Proxy" && strings.TrimSuffix(asked.Challenge.Origin, "/") == p.proxy.address() {
		response = map[string]any{"response": "ProvideCredentials", "username": proxyUser, "password": p.proxy.password}
	}
	p.send(ev.Session, "Fetch.continueWithAuth", map[string]any{"requestId": asked.ID, "authChallengeResponse": response}, nil)
}
