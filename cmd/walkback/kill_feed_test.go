package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/schemas"
)

// TestKilledFeed: a capture of a feed, whose posts have images and style sheets,
// and servers that are busy at first, is killed at ten random moments; and another
// ten times when all posts were edited and some are gone, which asks for a second
// look. In the end every post has one capture of each run, whole.
func TestKilledFeed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some thirty seconds")
	}
	t.Parallel()
	const posts, kills = 120, 10
	dice := newDice(t)
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	feed := serveFeed(web, posts)
	capture := []string{"capture", "--feed", feed, "--retries", "1", "--second-look", "300ms", "--quiet"}
	w.must(0, "init")
	killMany := func(last int) {
		happened := 0
		for happened < kills && w.killed(time.Duration(dice.Int64N(int64(60*time.Millisecond))), requests(web, 2+dice.IntN(30)), capture...) {
			happened++
			w.intact()
		}
		if happened < kills {
			t.Errorf("walkback was done after %d kills, want %d: it is not killed early enough", happened, kills)
		}
		w.must(last, capture...)
		w.intact()
		if found := w.leftovers(); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
	}
	killMany(0)
	captured := w.commitsOf("capture.json")
	for n := range posts {
		page := archivetest.At(t, feedPost(web, n))
		if captured[page.Folder+"/capture.json"] != 1 {
			t.Errorf("%s was captured %d times, want once", page.Name, captured[page.Folder+"/capture.json"])
		}
		tally := w.captureOf(page.Folder).TallyResources()
		if tally == nil || tally.Kept != 3 || tally.Missing != 0 {
			t.Errorf("%s has the resources %+v", page.Name, tally)
		}
	}
	if len(captured) != posts {
		t.Errorf("%d pages were captured, want %d", len(captured), posts)
	}

	time.Sleep(time.Second) // feeds tell whole seconds
	gone := map[int]bool{}
	for n := range posts {
		web.Edit(feedPost(web, n), "of its own", "of somebody else")
		if n%12 == 5 {
			web.Remove(feedPost(web, n))
			gone[n] = true
		}
	}
	web.Serve(feed, atomFeed(web, posts))
	time.Sleep(time.Second)
	killMany(exitPartly)
	captured = w.commitsOf("capture.json")
	lines, _ := w.checkLines()
	for n := range posts {
		page := archivetest.At(t, feedPost(web, n))
		if captured[page.Folder+"/capture.json"] != 2 {
			t.Errorf("%s was captured %d times, want twice", page.Name, captured[page.Folder+"/capture.json"])
		}
		c, want := w.captureOf(page.Folder), []string{"change/1"}
		if gone[n] {
			want = append(want, "observation/1") // the second look, which bore it out
		}
		got := slices.Sorted(slices.Values(lines[page.Name]))
		if !slices.Equal(got, want) || gone[n] != (c.Access.Outcome == schemas.Missing) {
			t.Errorf("the record of %s is %v, %s, want %v", page.Name, got, c.Access.Outcome, want)
		}
	}
}

func feedPost(web *archivetest.Web, n int) string { return web.Local(fmt.Sprintf("/story/%d", n)) }

// serveFeed serves a feed of posts, each with a style sheet, a font and a picture
// of its own, and every tenth busy when it is first asked for.
func serveFeed(web *archivetest.Web, posts int) (feed string) {
	web.Serve(web.Local("/story.css"), archivetest.Page{Type: "text/css", Body: "@font-face{font-family:S;src:url(/story.woff2)}", ETag: archivetest.AutoETag})
	web.Serve(web.Local("/story.woff2"), archivetest.Page{Type: "font/woff2", Body: "a font"})
	for n := range posts {
		picture := web.Local(fmt.Sprintf("/story/%d.png", n))
		web.Serve(picture, archivetest.Page{Type: "image/png", Body: strings.Repeat(fmt.Sprintf("picture %d ", n), 1000)})
		text := fmt.Sprintf("Story %d tells of its own, which is long enough to be read by anyone who has the time for it.", n)
		web.Serve(feedPost(web, n), archivetest.Article(fmt.Sprintf("Story %d", n), fmt.Sprintf(`<link rel=stylesheet href="/story.css"><img src=%q>`, picture)+text))
		if n%10 == 3 {
			web.First(feedPost(web, n), archivetest.Page{Status: 503})
		}
	}
	feed = web.Local("/feed.xml")
	web.Serve(feed, atomFeed(web, posts))
	return feed
}

// atomFeed is a feed whose entries were updated just now.
func atomFeed(web *archivetest.Web, posts int) archivetest.Page {
	var b strings.Builder
	b.WriteString(`<feed xmlns="http://www.w3.org/2005/Atom"><title>Stories</title>`)
	for n := range posts {
		fmt.Fprintf(&b, "<entry><title>Story %d</title><link href=%q/><updated>%s</updated></entry>", n, feedPost(web, n), time.Now().UTC().Format(time.RFC3339))
	}
	b.WriteString("</feed>")
	return archivetest.Page{Type: "application/atom+xml", Body: b.String()}
}

// captureOf returns the newest capture in a page's folder.
func (w workplace) captureOf(folder string) *schemas.Capture {
	w.t.Helper()
	c, err := schemas.Decode[schemas.Capture]([]byte(w.git("cat-file", "blob", "main:"+folder+"/capture.json")))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}
