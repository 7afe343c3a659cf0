package provenance_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/schemas"
)

// A few hosts that do not answer hold up nobody else, however many of their pages
// come first.
func TestSlowHostsHoldUpNobody(t *testing.T) {
	w := archivetest.NewWeb(t)
	a := provenancetest.New(t, w)
	client := fetch.New(fetch.Options{DialContext: w.DialContext, Now: a.Clock.Now})
	t.Cleanup(client.Close)
	var slow, quick []archive.PageRef
	for host := range 5 {
		for page := range 60 {
			address := fmt.Sprintf("http://slow%d.example/%d", host, page)
			w.Serve(address, archivetest.Page{Fault: archivetest.Stall(archivetest.BeforeHead)})
			slow = append(slow, archivetest.At(t, address))
		}
	}
	for host := range 20 {
		address := fmt.Sprintf("http://quick%d.example/", host)
		w.Serve(address, archivetest.Article("Quick", "It is here."))
		quick = append(quick, archivetest.At(t, address))
	}
	options := a.RunOptions()
	options.Fetch = client
	run, err := archive.NewRun(a.Archive, options)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	stop := make(chan struct{})
	a.Stop = stop
	done := make(chan error)
	go func() {
		done <- a.Recorder.Check(t.Context(), run, slices.Values(append(slow, quick...)), func(provenance.Checked) {})
	}()
	for _, page := range quick {
		w.Await(page.Name, 1)
	}
	asked := 0
	for host := range 5 {
		for page := range 60 {
			asked += len(w.Requests(fmt.Sprintf("http://slow%d.example/%d", host, page)))
		}
	}
	if asked != 5 {
		t.Errorf("%d pages of the slow hosts were asked for, want one of each", asked)
	}
	close(stop)
	for host := range 5 { // those that were begun come to an end, and no other
		w.Down(fmt.Sprintf("slow%d.example", host), archivetest.Refusing)
	}
	w.CloseConns()
	if err := <-done; err != nil {
		t.Error(err)
	}
	head, err := a.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, head.Pages(t.Context())); n < 20 || n > 20+5*4 {
		t.Errorf("%d pages were looked at", n)
	}
}

func count[P any](t *testing.T, pages func(func(P, error) bool)) int {
	t.Helper()
	n := 0
	for _, err := range pages {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// Pages of a host that was left alone are asked for once more at the end of the
// run, and told as such when it still fails.
func TestHostsAreWokenAtTheEnd(t *testing.T) {
	w := archivetest.NewWeb(t)
	a := provenancetest.New(t, w)
	client := fetch.New(fetch.Options{DialContext: w.DialContext, Now: a.Clock.Now, GiveUpAfter: 2})
	t.Cleanup(client.Close)
	look := func(post bool, addresses ...string) map[string]*archive.PageDraft {
		options := a.RunOptions()
		options.Fetch = client
		run, err := archive.NewRun(a.Archive, options)
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		seen := map[string]*archive.PageDraft{}
		var pages []archive.PageRef
		var posts []archive.PostRequest
		for _, address := range addresses {
			pages = append(pages, archivetest.At(t, address))
			posts = append(posts, archive.PostRequest{Page: archivetest.At(t, address), MaxSources: 5})
		}
		if post {
			err = a.Record(t.Context(), run, slices.Values(posts), func(r provenance.Recorded) {
				for _, page := range r.Draft.Pages {
					seen[page.Name] = page
				}
			})
		} else {
			err = a.Recorder.Check(t.Context(), run, slices.Values(pages), func(c provenance.Checked) { seen[c.Page.Name] = c.Page })
		}
		if err != nil {
			t.Fatal(err)
		}
		return seen
	}
	fail := func() { look(false, "http://a.example/down1", "http://a.example/down2") }
	w.Otherwise(archivetest.Page{Fault: archivetest.HangUp(archivetest.BeforeHead)})
	w.Serve("http://a.example/robots.txt", archivetest.Page{Status: 404})
	w.Serve("http://b.example/robots.txt", archivetest.Page{Status: 404})
	w.Serve("http://a.example/1", archivetest.Article("One", "It is here."))
	w.Serve("http://a.example/2", archivetest.Article("Two", "It is here."))
	w.Serve("http://b.example/post", archivetest.Article("Post", archivetest.Link("http://a.example/1", "See there.")))
	w.Serve("http://b.example/other", archivetest.Article("Other", "No link."))

	fail()
	seen := look(false, "http://a.example/1", "http://a.example/2")
	for address, page := range seen {
		if page.Capture.Access.Outcome != schemas.Served {
			t.Errorf("%s: %+v", address, page.Capture.Access)
		}
	}
	// A post with a source that is left alone is finished last, and once.
	a.Clock.Advance(time.Minute)
	fail()
	seen = look(true, "http://b.example/post", "http://b.example/other")
	if page := seen["http://a.example/1"]; page == nil || page.LeftAlone() {
		t.Errorf("the source: %+v", page)
	}
	if n := len(w.Requests("http://b.example/post")); n != 1 {
		t.Errorf("the post was asked for %d times", n)
	}
	// A host that still fails is told to.
	fail()
	w.Remove("http://a.example/1")
	w.Break("http://a.example/1", archivetest.HangUp(archivetest.BeforeHead))
	w.Break("http://a.example/2", archivetest.HangUp(archivetest.BeforeHead))
	a.Clock.Advance(time.Minute)
	seen = look(false, "http://a.example/1", "http://a.example/2")
	left := 0
	for address, page := range seen {
		if page.Capture.Access.Outcome != schemas.Unreachable {
			t.Errorf("%s: %+v", address, page.Capture.Access)
		}
		if page.Capture.Access.Rule == "failure-host-failing" {
			left++
		}
	}
	if len(seen) != 2 || left != 1 {
		t.Errorf("%d pages, %d left alone", len(seen), left)
	}
}
