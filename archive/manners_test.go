package archive_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/schemas"
)

// Last-Modified is asked back with where it is a strong validator, and only
// there.
func TestConditionalByDate(t *testing.T) {
	const modified = "Mon, 23 Nov 2026 10:00:00 GMT"
	for name, c := range map[string]struct {
		head []string
		etag string
		want string // in the second request
	}{
		"an hour before the answer":   {[]string{"Date: Mon, 23 Nov 2026 11:00:00 GMT"}, "", "If-Modified-Since: " + modified},
		"a minute before the answer":  {[]string{"Date: Mon, 23 Nov 2026 10:01:00 GMT"}, "", "If-Modified-Since: " + modified},
		"a second before the answer":  {[]string{"Date: Mon, 23 Nov 2026 10:00:01 GMT"}, "", ""},
		"after the answer":            {[]string{"Date: Mon, 23 Nov 2026 09:00:00 GMT"}, "", ""},
		"no date of the answer":       {nil, "", ""},
		"a date that is none":         {[]string{"Date: today"}, "", ""},
		"beside a weak entity tag":    {[]string{"Date: Mon, 23 Nov 2026 11:00:00 GMT"}, `W/"1"`, "If-Modified-Since: " + modified},
		"beside a strong entity tag":  {[]string{"Date: Mon, 23 Nov 2026 11:00:00 GMT"}, `"1"`, `If-None-Match: "1"`},
		"another spelling of the day": {[]string{"Date: Monday, 23-Nov-26 11:00:00 GMT"}, "", "If-Modified-Since: " + modified},
	} {
		t.Run(name, func(t *testing.T) {
			web := archivetest.NewWeb(t)
			a := archivetest.NewArchive(t, web)
			const address = "http://news.example/a"
			page := archivetest.Article("A title", "Ten people came.")
			page.Modified, page.ETag, page.Header = modified, c.etag, c.head
			web.Serve(address, page)
			a.Capture(address)
			a.Clock.Advance(time.Hour)
			draft, err := a.NewRun().Look(t.Context(), archivetest.At(t, address))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(string(web.Requests(address)[1].Head)) {
				if strings.HasPrefix(line, "If-") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("asked with %q, want %q", got, c.want)
			}
			if asked := draft.Capture.Access.Outcome == schemas.NotModified; asked != (c.want != "") || !draft.AsBefore {
				t.Errorf("%+v, as before %v", draft.Capture.Access, draft.AsBefore)
			}
		})
	}
}

// A page that a person asks for is asked for, though it is a source of another
// post, too, and that comes first.
func TestPostsAreAskedForWhateverRobotsSay(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	web.Serve("http://a.example/robots.txt", archivetest.Page{Body: "User-agent: *\nDisallow: /"})
	article(web, "http://a.example/second", "Ten people came.")
	article(web, "http://a.example/third", "Nobody came.")
	article(web, "http://a.example/first", archivetest.Link("http://a.example/second", "See.")+archivetest.Link("http://a.example/third", "And."))
	run := a.NewRun()
	requests := archivetest.Requests(t, "http://a.example/first", "http://a.example/second")
	for _, request := range requests {
		run.Ask(request.Page)
	}
	draft, err := run.Capture(t.Context(), requests[0])
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]schemas.Outcome{}
	for _, page := range draft.Pages {
		outcomes[strings.TrimPrefix(page.Name, "http://a.example")] = page.Capture.Access.Outcome
	}
	want := map[string]schemas.Outcome{"/first": schemas.Served, "/second": schemas.Served, "/third": schemas.Refused}
	if diff := cmp.Diff(want, outcomes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What the times rest on, who looked and from where stands in captures, and the
// place in observations, too.
func TestCircumstances(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	const address = "http://a.example/"
	page := archivetest.Article("A title", "Ten people came.")
	page.Header = []string{"Date: Mon, 23 Nov 2026 12:00:07 GMT"} // the clock shows noon
	web.Serve(address, page)
	options := a.RunOptions()
	options.Operator, options.Vantage = "Desk", &schemas.Vantage{Name: "here", Via: "http://proxy.example:1"}
	options.Clock = func() *schemas.Clock { return &schemas.Clock{Source: "synchronised", MaxErrorMS: 3} }
	look := func() (*schemas.Capture, schemas.CheckLine) {
		run, err := archive.NewRun(a.Archive, options)
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		draft, err := run.Capture(t.Context(), archivetest.Requests(t, address)[0])
		if err != nil {
			t.Fatal(err)
		}
		a.Commit(run, draft)
		done, err := run.Checked(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return draft.Pages[0].Capture, done.Pages[draft.Pages[0].ID]
	}
	got, _ := look()
	if diff := cmp.Diff(&schemas.Clock{Source: "synchronised", MaxErrorMS: 3, ServerOffsetMS: 7000}, got.Clock); diff != "" {
		t.Errorf("-want +clock:\n%s", diff)
	}
	if got.Operator != "Desk" || got.Vantage == nil || *got.Vantage != *options.Vantage || len(got.Hops[0].Resolved) != 1 {
		t.Errorf("%+v", got)
	}
	_, line := look()
	observed, ok := line.(*schemas.Observation)
	if !ok || observed.Vantage == nil || *observed.Vantage != *options.Vantage {
		t.Errorf("%+v", line)
	}
}

// The system says one of three things of its clock, and no bound for one that
// nobody disciplines.
func TestSystemClock(t *testing.T) {
	clock := archive.SystemClock()
	switch clock.Source {
	case "synchronised":
		if clock.MaxErrorMS <= 0 {
			t.Errorf("%+v", clock)
		}
	case "unsynchronised", "system":
		if clock.MaxErrorMS != 0 {
			t.Errorf("%+v", clock)
		}
	default:
		t.Errorf("%+v", clock)
	}
}
