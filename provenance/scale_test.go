package provenance_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/schemas"
)

// TestManyPages captures many pages of many hosts, a fifth of which go wrong in
// every way there is, with a client that looks names up and dials by itself. The
// run is stopped halfway and continued. The size of issue 6 is
//
//	WALKBACK_PAGES=10000 go test ./provenance -run TestManyPages -v -timeout 30m
func TestManyPages(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	pages, hosts := 400, 40
	if s := os.Getenv("WALKBACK_PAGES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 400 {
			t.Fatalf("WALKBACK_PAGES=%s is no number from 400", s)
		}
		pages, hosts = n, n/50
	}
	noLeaks(t)
	w := archivetest.NewWeb(t)
	all := newTroubledWeb(t, w, pages, hosts)
	a := provenancetest.New(t, w)
	watch := watchMemory(t)

	stop, half := make(chan struct{}), pages/2
	first := all.capture(t, a, func(done int) {
		if done == half {
			close(stop)
		}
	}, stop)
	if len(first) < half || len(first) >= pages {
		t.Fatalf("the run that was stopped captured %d pages of %d", len(first), pages)
	}
	before := len(w.Requests(""))
	second := all.capture(t, a, func(int) {}, nil)
	if len(first)+len(second) != pages {
		t.Errorf("%d pages and %d pages were captured, want %d in all", len(first), len(second), pages)
	}
	for _, r := range w.Requests("")[before:] {
		if i, ok := all.number(r.URL); ok && first[i] != nil {
			t.Errorf("the continued run asked for %s again", r.URL)
		}
	}
	for i := range all.pages {
		page := &all.pages[i]
		got := first[i]
		if got == nil {
			got = second[i]
		}
		if got == nil {
			t.Errorf("%s (%s) is missing", page.address, page.trouble.name)
		} else if diff := page.trouble.differs(got); diff != "" {
			t.Errorf("%s (%s): %s", page.address, page.trouble.name, diff)
		}
	}
	all.compare(t, a)
	watch.report(t)
}

// trouble is a way in which an answer goes wrong, and what has to come of it.
type trouble struct {
	name      string
	page      archivetest.Page
	outcome   schemas.Outcome
	rule      string
	truncated schemas.Truncation
	missing   int // resources
	deep      int // redirects before the page
}

func (want *trouble) differs(c *schemas.Capture) string {
	missing := 0
	if tally := c.TallyResources(); tally != nil {
		missing = tally.Missing
	}
	if c.Access.Outcome != want.outcome || c.Access.Rule != want.rule || c.Truncated != want.truncated || missing != want.missing || len(c.Hops) < want.deep {
		return fmt.Sprintf("%s by %s, truncated %q, %d resources missing, %d hops; want %s by %s, %q, %d, %d",
			c.Access.Outcome, c.Access.Rule, c.Truncated, missing, len(c.Hops), want.outcome, want.rule, want.truncated, want.missing, want.deep)
	}
	return ""
}

// scaleLimit is how much of a payload is taken, in bytes.
const scaleLimit = 512 << 10

// troubles are all that may come of a page, most of a hundred pages none.
func troubles() []*trouble {
	story := func(more string) archivetest.Page {
		return archivetest.Article("Page", `<link rel=stylesheet href="/site.css">`+more+strings.Repeat("It tells of the harbour, and of the piers that do not carry. ", 40))
	}
	with := func(change func(p *archivetest.Page)) archivetest.Page {
		p := story("")
		change(&p)
		return p
	}
	fault := func(f archivetest.Fault) archivetest.Page {
		return with(func(p *archivetest.Page) { p.Fault = f })
	}
	long := len(story("").Body)
	served := trouble{outcome: schemas.Served, rule: "http-2xx"}
	ok := func(name string, page archivetest.Page) *trouble {
		t := served
		t.name, t.page = name, page
		return &t
	}
	bad := func(name string, page archivetest.Page, outcome schemas.Outcome, rule string) *trouble {
		return &trouble{name: name, page: page, outcome: outcome, rule: rule}
	}
	cut := func(t *trouble, how schemas.Truncation) *trouble { t.truncated = how; return t }
	stalled := cut(bad("stall in body", fault(archivetest.Stall(archivetest.InBody)), schemas.Unreachable, "truncated-time"), schemas.TruncatedTime)
	missing := ok("picture that stalls", story(`<img src="/stall.png">`))
	missing.missing = 1
	deep := ok("20 redirects", story(""))
	deep.deep = 20
	deeper := bad("21 redirects", story(""), schemas.Unreachable, "failure-too-many-redirects")
	deeper.deep = 21
	return []*trouble{
		bad("stall before head", fault(archivetest.Stall(archivetest.BeforeHead)), schemas.Unreachable, "failure-timeout"),
		bad("reset", fault(archivetest.Reset(archivetest.BeforeHead)), schemas.Unreachable, "failure-reset"),
		bad("429", archivetest.Page{Status: 429, Body: "too many"}, schemas.Blocked, "http-429"),
		cut(bad("broken off", fault(archivetest.HangUp(archivetest.InBody)), schemas.Unreachable, "truncated-disconnect"), schemas.TruncatedDisconnect),
		bad("stall in head", fault(archivetest.Stall(archivetest.InHead)), schemas.Unreachable, "failure-timeout"),
		bad("503", archivetest.Page{Status: 503, Body: "busy"}, schemas.ServerError, "http-5xx"),
		cut(ok("endless", with(func(p *archivetest.Page) { p.Endless = true })), schemas.TruncatedLength),
		deep,
		stalled,
		cut(bad("claims more", with(func(p *archivetest.Page) { p.Length = 2 * long }), schemas.Unreachable, "truncated-disconnect"), schemas.TruncatedDisconnect),
		ok("claims less", with(func(p *archivetest.Page) { p.Length = long - 100 })),
		ok("gzip bomb", archivetest.Bomb("gzip", 300)),
		bad("stall before head", fault(archivetest.Stall(archivetest.BeforeHead)), schemas.Unreachable, "failure-timeout"),
		cut(ok("endless chunks", with(func(p *archivetest.Page) { p.Endless, p.Chunked = true, true })), schemas.TruncatedLength),
		deeper,
		ok("503 once", story("")),
		cut(bad("stall in body", fault(archivetest.Stall(archivetest.InBody)), schemas.Unreachable, "truncated-time"), schemas.TruncatedTime),
		bad("hangs up", fault(archivetest.HangUp(archivetest.BeforeHead)), schemas.Unreachable, "failure-closed"),
		missing,
		bad("404", archivetest.Page{Status: 404, Body: "no such page"}, schemas.Missing, "http-404-first"),
	}
}

// troubledWeb is many pages on many hosts of one listener. Of each hundred pages
// of a host every fifth is in trouble, five of them stall.
type troubledWeb struct {
	pages   []troubledPage
	numbers map[string]int
	key     []string
}

type troubledPage struct {
	address string
	trouble *trouble
}

func newTroubledWeb(t *testing.T, w *archivetest.Web, pages, hosts int) *troubledWeb {
	web := &troubledWeb{numbers: map[string]int{}, key: []string{"capture", "many"}}
	_, port, _ := strings.Cut(w.Addr(), ":")
	all, fine := troubles(), &trouble{name: "fine", outcome: schemas.Served, rule: "http-2xx"}
	for h := range hosts {
		name := fmt.Sprintf("host%d.example", h)
		w.At(name, "127.0.0.1")
		site := "http://" + name + ":" + port
		w.Serve(site+"/site.css", archivetest.Page{Type: "text/css", Body: "p{margin:0}"})
		w.Serve(site+"/stall.png", archivetest.Page{Type: "image/png", Fault: archivetest.Stall(archivetest.BeforeHead)})
	}
	for i := range pages {
		host, place := i%hosts, i/hosts
		site := fmt.Sprintf("http://host%d.example:%s", host, port)
		page := troubledPage{address: fmt.Sprintf("%s/page/%d", site, i), trouble: fine}
		answer := archivetest.Article(fmt.Sprintf("Page %d", i), `<link rel=stylesheet href="/site.css"><img src="/picture/`+fmt.Sprint(i)+`.png">`+strings.Repeat("The board said that pier four would not carry new cranes. ", 40))
		w.Serve(fmt.Sprintf("%s/picture/%d.png", site, i), archivetest.Page{Type: "image/png", Body: fmt.Sprintf("picture %d", i)})
		if turn := place + 7*host; turn%5 == 4 {
			page.trouble = all[turn/5%len(all)]
			answer = page.trouble.page
		}
		address := page.address
		for n := page.trouble.deep; n > 0; n-- {
			next := fmt.Sprintf("%s/hop/%d/%d", site, i, n)
			w.Redirect(address, next)
			address = next
		}
		w.Serve(address, answer)
		if page.trouble.name == "503 once" {
			w.First(address, archivetest.Page{Status: 503, Header: []string{"Retry-After: 0"}})
		}
		web.numbers[page.address] = i
		web.pages = append(web.pages, page)
	}
	return web
}

func (web *troubledWeb) number(address string) (int, bool) {
	i, ok := web.numbers[address]
	return i, ok
}

// capture begins or continues the run, as a process would, and returns what came
// of the pages it captured.
func (web *troubledWeb) capture(t *testing.T, a *provenancetest.Archive, told func(done int), stop <-chan struct{}) map[int]*schemas.Capture {
	t.Helper()
	client := fetch.New(fetch.Options{
		Resolver: a.Web.Resolver(), AllowPrivate: true, MaxBytes: scaleLimit, Timeout: 2 * time.Second, Retries: 1, Backoff: 10 * time.Millisecond,
		GiveUpAfter: 5,
	})
	defer client.Close()
	journal, err := a.Archive.Begin(web.key, false, archive.RunOptions{
		Fetch: client, Tool: schemas.Tool{Name: "test", Version: "1"}, Resources: &archive.ResourceOptions{},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Run.Close()
	var todo []int
	var requests []archive.PostRequest
	for i := range web.pages {
		ref := archivetest.At(t, web.pages[i].address)
		if _, post, err := journal.Run.CapturedPost(ref); err != nil {
			t.Fatal(err)
		} else if post == nil {
			todo, requests = append(todo, i), append(requests, archive.PostRequest{Page: ref})
		}
	}
	if journal.Resumed != (len(todo) < len(web.pages)) {
		t.Errorf("resumed: %v, %d pages are left", journal.Resumed, len(todo))
	}
	captured := map[int]*schemas.Capture{}
	a.Stop = stop
	err = a.Record(t.Context(), journal.Run, slices.Values(requests), func(r provenance.Recorded) {
		if r.Snapshot == nil || captured[todo[r.Index]] != nil {
			t.Errorf("%s: snapshot %v, told before: %v", r.Draft.Pages[0].Name, r.Snapshot, captured[todo[r.Index]] != nil)
		}
		captured[todo[r.Index]] = r.Draft.Pages[0].Capture
		told(len(captured))
	})
	if err != nil {
		t.Fatal(err)
	}
	end := journal.Finish
	if len(captured) < len(todo) {
		end = journal.Leave
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	return captured
}

// compare holds the archive to what was asked for: each page once, and sound.
func (web *troubledWeb) compare(t *testing.T, a *provenancetest.Archive) {
	t.Helper()
	head, err := a.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	runs, seen := map[string]int{}, 0
	for page, err := range head.Pages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		i, ok := web.number(page.Name)
		if !ok {
			t.Errorf("nobody asked for %s", page.Name)
			continue
		}
		seen++
		runs[page.Capture.Run]++
		if diff := web.pages[i].trouble.differs(page.Capture); diff != "" {
			t.Errorf("%s as stored: %s", page.Name, diff)
		}
	}
	if seen != len(web.pages) || len(runs) != 1 {
		t.Errorf("the archive has %d pages of %d, of the runs %v", seen, len(web.pages), runs)
	}
	// One commit makes the archive, and one each page.
	if report := a.Verify(); report.ExitCode != 0 || report.Commits != int64(len(web.pages))+1 {
		t.Errorf("%d commits: %s", report.Commits, problems(report))
	}
	var left []string
	for path := range filesBelow(t, filepath.Join(a.Dir(), "walkback")) {
		if name := filepath.Base(path); name != "writer.lock" && !strings.HasPrefix(name, "index.") {
			left = append(left, path)
		}
	}
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func filesBelow(t *testing.T, folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !yield(path) {
				return filepath.SkipAll
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// noLeaks compares, when all else of the test is closed, the goroutines and open
// files with those of now.
func noLeaks(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), openFiles()
	t.Cleanup(func() {
		now, open := 0, 0
		for range 100 {
			if now, open = runtime.NumGoroutine(), openFiles(); now <= goroutines && open <= files {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		stacks := make([]byte, 64<<10)
		t.Errorf("%d goroutines, %d before; %d open files, %d before\n%s", now, goroutines, open, files, stacks[:runtime.Stack(stacks, true)])
	})
}

// openFiles returns 0 where the system does not tell.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// maxScaleMemory is what a run may take, with the fake web that it talks to.
const maxScaleMemory = 300 << 20

// memoryWatch samples what this process takes, as the program would run.
type memoryWatch struct {
	started time.Time
	done    chan struct{}
	ended   sync.WaitGroup
	memory  uint64
	files   int
	workers int
	stop    func()
}

func watchMemory(t *testing.T) *memoryWatch {
	old := debug.SetMemoryLimit(96 << 20) // as main does
	debug.FreeOSMemory()
	m := &memoryWatch{started: time.Now(), done: make(chan struct{})}
	end := sync.OnceFunc(func() {
		close(m.done)
		m.ended.Wait()
		debug.SetMemoryLimit(old)
	})
	t.Cleanup(end)
	m.ended.Go(func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			select {
			case <-m.done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			metrics.Read(samples)
			m.memory = max(m.memory, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			m.files, m.workers = max(m.files, openFiles()), max(m.workers, runtime.NumGoroutine())
		}
	})
	m.stop = end
	return m
}

func (m *memoryWatch) report(t *testing.T) {
	t.Helper()
	m.stop()
	t.Logf("%v, at most %d MiB of memory, %d open files, %d goroutines, the fake web's among them", time.Since(m.started).Round(time.Second), m.memory>>20, m.files, m.workers)
	if m.memory > maxScaleMemory {
		t.Errorf("%d MiB of memory, want at most %d", m.memory>>20, maxScaleMemory>>20)
	}
}
