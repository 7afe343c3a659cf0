package provenance_test

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"os/exec"
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
// run is stopped halfway and continued. The web is another process, so that what
// the run takes can be told. The size of issue 6 is
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
	server := startTroubledWeb(t, pages, hosts)
	names := archivetest.NewWeb(t) // looks them up
	for host := range hosts {
		names.At(troubledHost(host), "127.0.0.1")
	}
	a := provenancetest.New(t, names)
	all := newManyPages(server.port, pages, hosts)
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
	asked := 0
	for _, address := range server.requests() {
		if _, ok := all.numbers[address]; ok {
			asked++
		}
	}
	second := all.capture(t, a, func(int) {}, nil)
	if asked < len(first) || len(first)+len(second) != pages {
		t.Errorf("%d pages asked for, %d and %d pages captured, want %d in all", asked, len(first), len(second), pages)
	}
	for _, address := range server.requests() {
		if i, ok := all.numbers[address]; ok && first[i] != nil {
			t.Errorf("the continued run asked for %s again", address)
		}
	}
	for i, page := range all.pages {
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
	watch.report(t)
	all.compare(t, a)
}

// webEnv makes this program the web of TestManyPages: its value is how many pages
// and how many hosts there are.
const webEnv = "WALKBACK_TEST_WEB"

func TestMain(m *testing.M) {
	if size := os.Getenv(webEnv); size != "" {
		if err := serveTroubles(size); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveTroubles prints the port it serves on, and for each line it reads all
// addresses that were asked for since the last one, and a dot.
func serveTroubles(size string) error {
	var pages, hosts int
	if _, err := fmt.Sscan(size, &pages, &hosts); err != nil {
		return err
	}
	w, err := archivetest.Start(nil)
	if err != nil {
		return err
	}
	defer w.Close()
	_, port, _ := strings.Cut(w.Addr(), ":")
	newManyPages(port, pages, hosts).serve(w)
	fmt.Println(port)
	told := 0
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		requests := w.Requests("")
		for _, r := range requests[told:] {
			fmt.Println(r.URL)
		}
		told = len(requests)
		fmt.Println(".")
	}
	return nil
}

// troubledServer is the web's process.
type troubledServer struct {
	t       *testing.T
	port    string
	ask     io.Writer
	answers *bufio.Scanner
}

func startTroubledWeb(t *testing.T, pages, hosts int) *troubledServer {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", webEnv, pages, hosts))
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ask.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the web ended: %v", err)
		}
	})
	s := &troubledServer{t: t, ask: ask, answers: bufio.NewScanner(answers)}
	if !s.answers.Scan() {
		t.Fatal("the web did not start")
	}
	s.port = s.answers.Text()
	return s
}

// requests returns what was asked for since the last time.
func (s *troubledServer) requests() []string {
	s.t.Helper()
	var asked []string
	if _, err := fmt.Fprintln(s.ask); err != nil {
		s.t.Fatal(err)
	}
	for s.answers.Scan() {
		if s.answers.Text() == "." {
			return asked
		}
		asked = append(asked, s.answers.Text())
	}
	s.t.Fatal("the web ended early")
	return nil
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

// came is what came of a page.
type came struct {
	outcome       schemas.Outcome
	rule          string
	truncated     schemas.Truncation
	missing, hops int
}

func whatCame(c *schemas.Capture) *came {
	got := &came{outcome: c.Access.Outcome, rule: c.Access.Rule, truncated: c.Truncated, hops: len(c.Hops)}
	if tally := c.TallyResources(); tally != nil {
		got.missing = tally.Missing
	}
	return got
}

func (want *trouble) differs(got *came) string {
	if got.outcome != want.outcome || got.rule != want.rule || got.truncated != want.truncated || got.missing != want.missing || got.hops < want.deep {
		return fmt.Sprintf("%+v, want %s by %s, truncated %q, %d resources missing, %d hops", *got, want.outcome, want.rule, want.truncated, want.missing, want.deep)
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

// manyPages are pages of many hosts, all on one port. Of each hundred pages of a
// host every fifth is in trouble, five of them stall.
type manyPages struct {
	pages   []troubledPage
	numbers map[string]int // by address
}

type troubledPage struct {
	site, address string
	trouble       *trouble
}

func troubledHost(n int) string { return fmt.Sprintf("host%d.example", n) }

func newManyPages(port string, pages, hosts int) *manyPages {
	m := &manyPages{numbers: map[string]int{}}
	all, fine := troubles(), &trouble{name: "fine", outcome: schemas.Served, rule: "http-2xx"}
	for i := range pages {
		host, place := i%hosts, i/hosts
		site := "http://" + troubledHost(host) + ":" + port
		page := troubledPage{site: site, address: fmt.Sprintf("%s/page/%d", site, i), trouble: fine}
		if turn := place + 7*host; turn%5 == 4 {
			page.trouble = all[turn/5%len(all)]
		}
		m.numbers[page.address] = i
		m.pages = append(m.pages, page)
	}
	return m
}

// serve puts the pages on a web, each fine one with a picture of its own.
func (m *manyPages) serve(w *archivetest.Web) {
	for i, page := range m.pages {
		w.Serve(page.site+"/site.css", archivetest.Page{Type: "text/css", Body: "p{margin:0}"})
		w.Serve(page.site+"/stall.png", archivetest.Page{Type: "image/png", Fault: archivetest.Stall(archivetest.BeforeHead)})
		answer := page.trouble.page
		if page.trouble.name == "fine" {
			picture := fmt.Sprintf("/picture/%d.png", i)
			w.Serve(page.site+picture, archivetest.Page{Type: "image/png", Body: fmt.Sprintf("picture %d", i)})
			answer = archivetest.Article(fmt.Sprintf("Page %d", i), fmt.Sprintf("<link rel=stylesheet href=/site.css><img src=%q>", picture)+
				strings.Repeat("The board said that pier four would not carry new cranes. ", 40))
		}
		address := page.address
		for n := page.trouble.deep; n > 0; n-- {
			next := fmt.Sprintf("%s/hop/%d/%d", page.site, i, n)
			w.Redirect(address, next)
			address = next
		}
		w.Serve(address, answer)
		if page.trouble.name == "503 once" {
			w.First(address, archivetest.Page{Status: 503, Header: []string{"Retry-After: 0"}})
		}
	}
}

// capture begins or continues the run, as a process would, and returns what came
// of the pages it captured.
func (m *manyPages) capture(t *testing.T, a *provenancetest.Archive, told func(done int), stop <-chan struct{}) map[int]*came {
	t.Helper()
	client := fetch.New(fetch.Options{
		Resolver: a.Web.Resolver(), AllowPrivate: true, MaxBytes: scaleLimit, GiveUpAfter: 5,
		HeadTimeout: 2 * time.Second, IdleTimeout: 2 * time.Second, Timeout: 20 * time.Second, Retries: 1, Backoff: 10 * time.Millisecond,
	})
	defer client.Close()
	journal, err := a.Archive.Begin([]string{"capture", "many"}, false, archive.RunOptions{
		Fetch: client, Tool: schemas.Tool{Name: "test", Version: "1"}, Resources: &archive.ResourceOptions{},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Run.Close()
	var todo []int
	var requests []archive.PostRequest
	for i := range m.pages {
		ref := archivetest.At(t, m.pages[i].address)
		if _, post, err := journal.Run.CapturedPost(ref); err != nil {
			t.Fatal(err)
		} else if post == nil {
			todo, requests = append(todo, i), append(requests, archive.PostRequest{Page: ref})
		}
	}
	if journal.Resumed != (len(todo) < len(m.pages)) {
		t.Errorf("resumed: %v, %d pages are left", journal.Resumed, len(todo))
	}
	captured := map[int]*came{}
	a.Stop = stop
	err = a.Record(t.Context(), journal.Run, slices.Values(requests), func(r provenance.Recorded) {
		if r.Snapshot == nil || captured[todo[r.Index]] != nil {
			t.Errorf("%s: snapshot %v, told before: %v", r.Draft.Pages[0].Name, r.Snapshot, captured[todo[r.Index]] != nil)
		}
		captured[todo[r.Index]] = whatCame(r.Draft.Pages[0].Capture)
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
func (m *manyPages) compare(t *testing.T, a *provenancetest.Archive) {
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
		i, ok := m.numbers[page.Name]
		if !ok {
			t.Errorf("nobody asked for %s", page.Name)
			continue
		}
		seen++
		runs[page.Capture.Run]++
		if diff := m.pages[i].trouble.differs(whatCame(page.Capture)); diff != "" {
			t.Errorf("%s as stored: %s", page.Name, diff)
		}
	}
	if seen != len(m.pages) || len(runs) != 1 {
		t.Errorf("the archive has %d pages of %d, of the runs %v", seen, len(m.pages), runs)
	}
	// One commit makes the archive, and one each page.
	if report := a.Verify(); report.ExitCode != 0 || report.Commits != int64(len(m.pages))+1 {
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
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the runtime's poller takes two files that it keeps
	if err == nil {
		err = listener.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
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

// maxScaleMemory is what a run may take.
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
	old := debug.SetMemoryLimit(88 << 20) // as main does
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
	t.Logf("%v, at most %d MiB of memory, %d open files, %d goroutines", time.Since(m.started).Round(time.Second), m.memory>>20, m.files, m.workers)
	if m.memory > maxScaleMemory {
		t.Errorf("%d MiB of memory, want at most %d", m.memory>>20, maxScaleMemory>>20)
	}
}
