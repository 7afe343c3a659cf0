package change_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

// part is a page of which a part is exchanged.
type part struct {
	random  *rand.Rand
	page    []byte
	d       *extract.Document
	sibling []byte // another page
}

// plainTitle is one that a page writes in one way, without entities.
var plainTitle = regexp.MustCompile(`^[A-Za-z0-9 ,.:;?!-]+$`)

// headline changes a word of the headline wherever the page says it.
func (p part) headline() []byte {
	words := strings.Fields(p.d.Title)
	if len(words) < 4 || !plainTitle.MatchString(p.d.Title) || !bytes.Contains(p.page, []byte(p.d.Title)) {
		return nil
	}
	words[1+p.random.IntN(len(words)-2)] = "marmalade"
	return bytes.ReplaceAll(p.page, []byte(p.d.Title), []byte(strings.Join(words, " ")))
}

var notesOfPapers = []string{
	"Correction: An earlier version of this article misstated the year in which the hall was built.",
	"Clarification: This story has been updated to make clear that the talks had not begun.",
	"This article was amended on 21 November 2019 because an earlier version misspelled a name.",
	"Editor's note: This story has been updated to correct the number of those who were there.",
	"A previous version of this article incorrectly said that the vote was on Monday. It has been corrected.",
	"UPDATE: This story has been updated with a statement by the company.",
}

// noticeAdded puts a note below the last or above the first paragraph.
func (p part) noticeAdded() []byte {
	var at []extract.Block
	for _, b := range p.plain() {
		if bytes.HasPrefix(p.page[b.End:], []byte("</p>")) {
			at = append(at, b)
		}
	}
	if len(at) == 0 {
		return nil
	}
	end := at[len(at)-1].End + len("</p>")
	return slices.Concat(p.page[:end], []byte("\n<p>"+notesOfPapers[p.random.IntN(len(notesOfPapers))]+"</p>"), p.page[end:])
}

// plain returns the paragraphs without markup.
func (p part) plain() []extract.Block {
	var all []extract.Block
	for _, b := range p.d.Blocks {
		if b.Kind == extract.Paragraph && len(b.Text) > 80 && b.End > b.Start && b.End < len(p.page) && !bytes.ContainsAny(p.page[b.Start:b.End], "<>") {
			all = append(all, b)
		}
	}
	return all
}

// moved exchanges two paragraphs that are not neighbours.
func (p part) moved() []byte {
	all := p.plain()
	if len(all) < 4 {
		return nil
	}
	i := p.random.IntN(len(all) - 3)
	a, b := all[i], all[i+2+p.random.IntN(len(all)-i-2)]
	if a.End > b.Start || a.Text == b.Text {
		return nil
	}
	return slices.Concat(p.page[:a.Start], p.page[b.Start:b.End], p.page[a.End:b.Start], p.page[a.Start:a.End], p.page[b.End:])
}

var footers = regexp.MustCompile(`(?is)<footer\b.*?</footer>`)

// footer takes the last footer of the page from its sibling.
func (p part) footer() []byte {
	own, other := footers.FindAllIndex(p.page, -1), footers.FindAll(p.sibling, -1)
	if len(own) == 0 || len(other) == 0 {
		return nil
	}
	at := own[len(own)-1]
	for _, b := range p.d.Blocks {
		if b.End > at[0] && b.Start < at[1] {
			return nil // the text has words of it
		}
	}
	return slices.Concat(p.page[:at[0]], other[len(other)-1], p.page[at[1]:])
}

// advertisement puts one between two paragraphs.
func (p part) advertisement() []byte {
	all := p.plain()
	if len(all) < 3 {
		return nil
	}
	for _, b := range all[1:] {
		if bytes.HasPrefix(p.page[b.End:], []byte("</p>")) {
			end := b.End + len("</p>")
			ad := `<div class="ad-slot"><span>Advertisement</span><a href="https://shop.example/%d">Buy %d chairs for the price of one, and get the table for nothing at all.</a></div>`
			n := p.random.IntN(1000)
			return slices.Concat(p.page[:end], fmt.Appendf(nil, ad, n, n), p.page[end:])
		}
	}
	return nil
}

// TestEvaluationOfParts exchanges parts of real pages, and says which classes
// are right.
func TestEvaluationOfParts(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("an evaluation takes minutes: -run Evaluation -v")
	}
	files, _ := filepath.Glob(data + "/articles/html/*.html.gz")
	if len(files) == 0 {
		t.Skip("the pages are not here")
	}
	random := rand.New(rand.NewPCG(*seed, 2))
	quiet := schemas.ChangeClass.Quiet
	noted := func(c schemas.ChangeClass) bool { return slices.Contains(noteAdded, c) }
	kinds := []struct {
		name  string
		edit  func(part) []byte
		right func(schemas.ChangeClass) bool
		back  func(schemas.ChangeClass) bool // the other way round, nil: not asked
		least int                            // per cent
	}{
		{"headline", part.headline, func(c schemas.ChangeClass) bool {
			return !quiet(c) && c != schemas.MinorEdit && c != schemas.MetadataOnly && c != schemas.MovedText
		}, nil, 99},
		{"note", part.noticeAdded, noted, func(c schemas.ChangeClass) bool { return slices.Contains(noteRemoved, c) }, 95},
		{"paragraph moved", part.moved, func(c schemas.ChangeClass) bool { return c == schemas.MovedText }, nil, 95},
		{"footer", part.footer, quiet, nil, 95},
		{"advertisement", part.advertisement, quiet, quiet, 95},
	}
	type score struct{ right, all int }
	scores := make([]score, len(kinds))
	for n, file := range files {
		p := part{random: random, page: gunzipped(t, file), sibling: gunzipped(t, files[(n+1)%len(files)])}
		if p.d = readPage(t, p.page); p.d == nil {
			continue
		}
		for k, kind := range kinds {
			edited := kind.edit(p)
			if edited == nil {
				continue
			}
			after := readPage(t, edited)
			got := judge(t, servedSide(p.d), servedSide(after), nil)
			scores[k].all++
			if kind.right(got.Class) {
				scores[k].right++
			} else {
				t.Logf("%s %.8s: %s by %s %q", kind.name, filepath.Base(file), got.Class, got.Rule, got.Evidence)
			}
			if kind.back == nil {
				continue
			}
			got = judge(t, servedSide(after), servedSide(p.d), nil)
			scores[k].all++
			if kind.back(got.Class) {
				scores[k].right++
			} else {
				t.Logf("%s back %.8s: %s by %s %q", kind.name, filepath.Base(file), got.Class, got.Rule, got.Evidence)
			}
		}
	}
	for k, kind := range kinds {
		t.Logf("%-16s %d of %d", kind.name, scores[k].right, scores[k].all)
		if 100*scores[k].right < kind.least*scores[k].all {
			t.Errorf("%s: less than %d %%", kind.name, kind.least)
		}
	}
}

// walls are answers in the place of a page, as servers of several makes give
// them. None is the page's word.
var walls = []struct {
	name   string
	status int
	header string
	body   string
}{
	{"challenge", 403, "Cf-Mitigated: challenge", `<title>Just a moment...</title><p>Enable JavaScript and cookies to continue</p><script src="/cdn-cgi/challenge-platform/h/b/orchestrate"></script>`},
	{"challenge under a success", 200, "Server: cloudflare", `<title>Just a moment...</title><p>Checking if the site connection is secure</p><script src="/cdn-cgi/challenge-platform/h/b/orchestrate"></script>`},
	{"block page", 403, "Server: AkamaiGHost", `<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access this page on this server.</p><p>Reference #18.2d351ab8</p>`},
	{"not found", 404, "Server: nginx", `<title>404 Not Found</title><h1>404 Not Found</h1>`},
	{"not found under a success", 200, "Server: nginx", `<title>Page not found</title><h1>Page not found</h1><p>Sorry, we could not find what you are looking for.</p>`},
	{"overload", 503, "Retry-After: 60", `<title>Service Unavailable</title><p>Please try again later.</p>`},
	{"consent", 200, "Server: nginx", `<title>Before you continue</title><h1>Before you continue</h1><p>We use cookies and data. Accept all or reject all cookies to continue.</p><form action="/consent"><button>Accept all</button></form>`},
}

// behindWall leaves of a page the first quarter of its text, and says that the
// rest is to be paid for.
func behindWall(page []byte, d *extract.Document) []byte {
	cut := slices.Clone(page)
	gate := []byte(`<div class="paywall"><p>Subscribe to continue reading this article.</p></div>`)
	blocks := slices.Clone(d.Blocks[len(d.Blocks)/4:])
	slices.SortFunc(blocks, func(a, b extract.Block) int { return b.Start - a.Start })
	for i, b := range blocks {
		if b.Start < b.End && b.End <= len(cut) && (i == 0 || b.End <= blocks[i-1].Start) {
			cut = slices.Replace(cut, b.Start, b.End)
		}
		if i == len(blocks)-1 {
			cut = slices.Insert(cut, b.Start, gate...)
		}
	}
	cut = dataScript.ReplaceAllLiteral(cut, nil)
	return bytes.Replace(cut, []byte("</head>"), []byte(`<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script></head>`), 1)
}

// TestEvaluationOfWalls serves walls in the place of real pages: the content is
// then not judged at all.
func TestEvaluationOfWalls(t *testing.T) {
	files, _ := filepath.Glob(data + "/articles/html/*.html.gz")
	if len(files) == 0 {
		t.Skip("the pages are not here")
	}
	const address = "https://pages.example/story"
	all, paid := 0, 0
	for _, file := range files {
		page := gunzipped(t, file)
		d := readPage(t, page)
		if d == nil {
			continue
		}
		before := &access.Earlier{
			Outcome: schemas.Served, At: time.Now().Add(-48 * time.Hour), ServedFrom: address, MediaType: "text/html", Reading: &access.Reading{Title: d.Title, Text: d.Text()},
		}
		tell := func(name string, status int, header, body string) {
			after := readPage(t, []byte(body))
			a := access.Answer{Asked: address, Final: address, Status: status, Header: http.Header{}, Body: []byte(body), MediaType: "text/html", At: time.Now(), Received: int64(len(body))}
			if key, value, ok := strings.Cut(header, ": "); ok {
				a.Header.Set(key, value)
			}
			if after != nil {
				a.Reading = &access.Reading{Title: after.Title, Text: after.Text()}
				if len(after.Meta.Free) > 0 {
					a.Reading.Free = after.Meta.Free[0].Value
				}
			}
			side := servedSide(after)
			outcome := access.Judge(a, before)
			side.State.Outcome = outcome.Outcome
			all++
			if got := judge(t, servedSide(d), side, nil); !got.Class.Quiet() {
				t.Errorf("%s in the place of %.8s: %s, %s by %s %q", name, filepath.Base(file), outcome.Outcome, got.Class, got.Rule, got.Evidence)
			}
		}
		for _, w := range walls {
			tell(w.name, w.status, w.header, "<html><body>"+w.body+"</body></html>")
		}
		if len(d.Blocks) < 8 {
			continue
		}
		paid++
		tell("paywall", 200, "", string(behindWall(page, d)))
	}
	t.Logf("%d walls in the place of pages, %d of them the beginning of an article that is to be paid for", all, paid)
}
