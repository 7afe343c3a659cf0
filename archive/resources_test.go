package archive_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/schemas"
)

// withResources begins a run that keeps what pages are made of.
func withResources(t *testing.T, a *archivetest.Archive, o archive.ResourceOptions) *archive.Run {
	t.Helper()
	options := a.RunOptions()
	options.Resources = &o
	run, err := archive.NewRun(a.Archive, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	return run
}

// captureWith captures one post, looks at what is stored, and returns what the
// capture says of each resource.
func captureWith(t *testing.T, a *archivetest.Archive, run *archive.Run, address string) (*schemas.Capture, []string) {
	t.Helper()
	draft, err := run.Capture(t.Context(), archivetest.Requests(t, address)[0])
	if err != nil {
		t.Fatal(err)
	}
	a.Commit(run, draft)
	page, err := a.Newest(archivetest.At(t, address))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for i := range page.Capture.Resources {
		r := &page.Capture.Resources[i]
		what := fmt.Sprintf("%s %s %d", r.Kind, strings.TrimPrefix(r.URL, "https://a.example"), r.Status)
		if r.Failure != nil {
			what += " " + r.Failure.Reason
		}
		if r.Truncated != "" {
			what += " " + string(r.Truncated)
		}
		if stored, err := page.Resource(r); err != nil {
			t.Error(err)
		} else if stored != nil {
			content, err := io.ReadAll(stored)
			if err != nil {
				t.Error(err)
			}
			what += fmt.Sprintf(" %.20q", content)
			stored.Close()
		}
		said = append(said, what)
	}
	return page.Capture, said
}

const longText = "The board inspected all four piers on the morning after the storm and found no damage to any of them."

func TestResourcesAreBounded(t *testing.T) {
	w := archivetest.NewWeb(t)
	var many strings.Builder
	for i := range 1100 {
		fmt.Fprintf(&many, `<img src="/%d.png">`, i)
	}
	w.Otherwise(archivetest.Page{Type: "image/png", Body: "picture"})
	w.Serve("https://a.example/many", archivetest.Article("Many", many.String()+longText))
	w.Serve("https://a.example/large", archivetest.Article("Large", `<img src="/1000.png"><img src="/1001.png"><img src="/40.png"><img src="/endless.png">`+longText))
	for _, size := range []int{40, 1000, 1001} {
		w.Serve(fmt.Sprintf("https://a.example/%d.png", size), archivetest.Page{Type: "image/png", Body: strings.Repeat("x", size)})
	}
	w.Serve("https://a.example/endless.png", archivetest.Page{Type: "image/png", Body: "endless", Endless: true})
	w.Serve("https://a.example/slow", archivetest.Article("Slow", `<img src="/stall.png"><link rel=stylesheet href="/1.css">`+longText))
	w.Serve("https://a.example/stall.png", archivetest.Page{Fault: archivetest.Stall(archivetest.BeforeHead)})

	t.Run("number", func(t *testing.T) {
		a := archivetest.NewArchive(t, w)
		c, said := captureWith(t, a, withResources(t, a, archive.ResourceOptions{MaxNumber: 3}), "https://a.example/many")
		want := []string{`image /0.png 200 "picture"`, `image /1.png 200 "picture"`, `image /2.png 200 "picture"`, "image /3.png 0 too-many"}
		if diff := cmp.Diff(want, said[:4]); diff != "" || len(said) != 1000 || c.ResourcesOmitted != 100 {
			t.Errorf("%d listed, %d omitted, -want +got\n%s", len(said), c.ResourcesOmitted, diff)
		}
		if n := len(w.Requests("https://a.example/3.png")); n > 0 {
			t.Errorf("%d requests beyond the limit", n)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		a := archivetest.NewArchive(t, w)
		_, said := captureWith(t, a, withResources(t, a, archive.ResourceOptions{MaxBytes: 1000}), "https://a.example/large")
		x := strings.Repeat("x", 20)
		want := []string{
			`image /1000.png 200 "` + x + `"`, "image /1001.png 200 too-large", `image /40.png 200 "` + x + `"`, "image /endless.png 200 too-large",
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
	t.Run("page", func(t *testing.T) {
		a := archivetest.NewArchive(t, w)
		c, _ := captureWith(t, a, withResources(t, a, archive.ResourceOptions{MaxPageBytes: 100}), "https://a.example/many")
		// What is under way when the limit is reached may come.
		if tally := c.TallyResources(); tally.Bytes < 100 || tally.Bytes > 100+6*7 {
			t.Errorf("%d bytes are kept of a page that may have 100", tally.Bytes)
		}
	})
	t.Run("time", func(t *testing.T) {
		a := archivetest.NewArchive(t, w)
		_, said := captureWith(t, a, withResources(t, a, archive.ResourceOptions{Timeout: 300 * time.Millisecond}), "https://a.example/slow")
		if len(said) != 2 || !strings.HasSuffix(said[0], "too-late") && !strings.HasSuffix(said[1], "too-late") {
			t.Errorf("got %q", said)
		}
	})
}

// Each address is asked for once in a run, and what was stored with one post is
// there for the next.
func TestResourcesAreSharedInARun(t *testing.T) {
	w := archivetest.NewWeb(t)
	const head = `<link rel=stylesheet href="/s.css"><img src="/a.png">`
	w.Serve("https://a.example/one", archivetest.Article("One", head+longText))
	w.Serve("https://a.example/two", archivetest.Article("Two", head+longText))
	w.Serve("https://a.example/s.css", archivetest.Page{Type: "text/css", Body: "a{background:url(b.png)}", ETag: archivetest.AutoETag})
	w.Serve("https://a.example/a.png", archivetest.Page{Type: "image/png", Body: "picture a", ETag: archivetest.AutoETag})
	w.Serve("https://a.example/b.png", archivetest.Page{Type: "image/png", Body: "picture b"})
	want := []string{`style /s.css 200 "a{background:url(b.p"`, `image /a.png 200 "picture a"`, `image /b.png 200 "picture b"`}
	a := archivetest.NewArchive(t, w)
	run := withResources(t, a, archive.ResourceOptions{})
	for _, address := range []string{"https://a.example/one", "https://a.example/two"} {
		if _, said := captureWith(t, a, run, address); !cmp.Equal(want, said) {
			t.Errorf("%s: %q", address, said)
		}
	}
	for _, address := range []string{"https://a.example/a.png", "https://a.example/b.png", "https://a.example/s.css"} {
		if n := len(w.Requests(address)); n != 1 {
			t.Errorf("%d requests for %s", n, address)
		}
	}
	// In the next run the server is asked whether it has something new.
	w.Edit("https://a.example/one", "morning", "evening")
	want[0], want[1] = strings.Replace(want[0], "200", "304", 1), strings.Replace(want[1], "200", "304", 1)
	w.Edit("https://a.example/b.png", "picture", "portrait")
	want[2] = `image /b.png 200 "portrait b"`
	if _, said := captureWith(t, a, withResources(t, a, archive.ResourceOptions{}), "https://a.example/one"); !cmp.Equal(want, said) {
		t.Errorf("captured again: %q", said)
	}
}

// robots.txt speaks of what a source is made of, and not of what goes along with a
// page that a person asked for.
func TestResourcesAndRobots(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("https://a.example/robots.txt", archivetest.Page{Type: "text/plain", Body: "User-agent: *\nDisallow: /img/\n"})
	w.Serve("https://a.example/source", archivetest.Article("Source", `<img src="/img/a.png">`+longText))
	w.Serve("https://a.example/post", archivetest.Article("Post", `<img src="/img/a.png">`+longText))
	w.Serve("https://a.example/img/a.png", archivetest.Page{Type: "image/png", Body: "picture"})
	a := archivetest.NewArchive(t, w)
	run := withResources(t, a, archive.ResourceOptions{})
	run.Ask(archivetest.At(t, "https://a.example/post"), archivetest.At(t, "https://b.example/post"))
	w.Serve("https://b.example/post", archivetest.Article("Other post", archivetest.Link("https://a.example/source", "a source")+" "+longText))
	captureWith(t, a, run, "https://b.example/post")
	source, err := a.Newest(archivetest.At(t, "https://a.example/source"))
	if err != nil {
		t.Fatal(err)
	}
	if got := source.Capture.Resources; len(got) != 1 || got[0].Failure == nil || got[0].Failure.Reason != "robots" {
		t.Errorf("the source has %+v", got)
	}
	if _, said := captureWith(t, a, run, "https://a.example/post"); len(said) != 1 || said[0] != `image /img/a.png 200 "picture"` {
		t.Errorf("the post has %q", said)
	}
}
