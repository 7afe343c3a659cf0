package access_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

const data = "../../../shared/data"

// record is a recorded answer with its label. Of most, only status, headers,
// title and length are left.
type record struct {
	File          string
	Status        int
	Class         string
	URL           string
	Redirects     []string
	Title         string
	MediaType     string `json:"media_type"`
	ContentLength int    `json:"content_length"`
	Body          string
}

var outcomeOf = map[string]schemas.Outcome{
	"blocked": schemas.Blocked, "bot-challenge": schemas.Challenged, "server-error": schemas.ServerError,
	"not-found": schemas.Missing, "served": schemas.Served,
}

func records(t *testing.T) []record {
	t.Helper()
	file, err := os.Open(data + "/access/labels.jsonl")
	if os.IsNotExist(err) {
		t.Skip("the recorded answers are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []record
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		t.Fatal("no labels")
	}
	return all
}

// answer rebuilds an answer. A body that was not kept becomes one with the
// title and the length that it had, full of words or of hardly any.
func (r record) answer(t *testing.T) access.Answer {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(data, "access", r.File))
	if err != nil {
		t.Fatal(err)
	}
	var stored struct {
		Data struct {
			Headers map[string]string
		}
	}
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for k, v := range stored.Data.Headers {
		header.Set(k, v)
	}
	final := r.URL
	if n := len(r.Redirects); n > 0 {
		final = r.Redirects[n-1]
	}
	a := access.Answer{
		Asked: r.URL, Final: final, Status: r.Status, Header: header, MediaType: r.MediaType,
		At: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	}
	switch {
	case r.Body != "":
		a.Body = unzipped(t, filepath.Join(data, "access", r.Body))
	case r.ContentLength > 0:
		a.Body = bodyLike(r.Title, r.ContentLength)
	}
	a.Reading = read(t, a.Body, a.MediaType, a.Final)
	return a
}

func bodyLike(title string, size int) []byte {
	head, tail := "<html><head><title>"+title+"</title></head><body><p>", "</p></body></html>"
	fill := size - len(head) - len(tail)
	if title == "" {
		head, tail, fill = "<html><body>", "</body></html>", size-26
	}
	if fill < 0 {
		return []byte(head + tail)
	}
	words := strings.Repeat("word ", 1+fill/5)[:fill]
	if size < 16<<10 {
		words = strings.Repeat(" ", fill) // walls are made of markup
	}
	return []byte(head + words + tail)
}

func unzipped(t *testing.T, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return raw
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func read(t *testing.T, body []byte, mediaType, url string) *access.Reading {
	t.Helper()
	if len(body) == 0 {
		return nil
	}
	d, err := extract.Read(t.Context(), extract.Input{Payload: body, ContentType: mediaType, URL: url})
	if err != nil {
		return nil
	}
	reading := &access.Reading{Title: d.Title, Text: d.Text(), Noticed: len(d.Notices) > 0}
	if len(d.Meta.Free) > 0 {
		reading.Free = d.Meta.Free[0].Value
	}
	return reading
}

// TestRecordedAnswers judges what real servers gave.
func TestRecordedAnswers(t *testing.T) {
	right := 0
	all := records(t)
	for _, r := range all {
		got := access.Judge(r.answer(t), nil)
		if want := outcomeOf[r.Class]; got.Outcome != want {
			t.Errorf("%s: got %s by %s %q, want %s", r.File, got.Outcome, got.Rule, got.Evidence, want)
			continue
		}
		right++
	}
	t.Logf("%d of %d recorded answers", right, len(all))
}

// TestVariantsOfWalls changes what a wall may change about itself. Whatever is
// left of it, it is never a removal and, with any of its marks, never the page.
func TestVariantsOfWalls(t *testing.T) {
	story := &access.Reading{Title: "The harbour", Text: strings.Repeat("The ships lay at the quay as if they had always been there. ", 40)}
	variants, served := 0, 0
	for _, r := range records(t) {
		want := outcomeOf[r.Class]
		if want != schemas.Blocked && want != schemas.Challenged {
			continue
		}
		original := r.answer(t)
		for _, v := range wallVariants(original) {
			for _, before := range []*access.Earlier{
				nil,
				{Outcome: schemas.Served, At: original.At.Add(-48 * time.Hour), ServedFrom: r.URL, MediaType: "text/html", Reading: story},
				{Outcome: schemas.Missing, At: original.At.Add(-48 * time.Hour), ServedFrom: r.URL, MediaType: "text/html", Reading: story},
			} {
				variants++
				got := access.Judge(v.answer, before)
				switch got.Outcome {
				case schemas.Gone, schemas.Missing, schemas.Legal, schemas.Redirected:
					t.Errorf("%s %s: a wall is called %s by %s %q", r.File, v.name, got.Outcome, got.Rule, got.Evidence)
				case schemas.Served:
					served++
					if v.marked {
						t.Errorf("%s %s: a wall is called the page by %s", r.File, v.name, got.Rule)
					}
				}
			}
		}
	}
	t.Logf("%d variants, %d of them without a mark left and so taken for the page", variants, served)
}

type variant struct {
	name   string
	answer access.Answer
	marked bool // something is left by which to know the wall
}

func wallVariants(a access.Answer) []variant {
	all := []variant{{"as it was", a, true}}
	for _, status := range []int{401, 403, 429, 503} {
		v := a
		v.Status = status
		all = append(all, variant{"with status " + http.StatusText(status), v, true})
	}
	lower := a
	lower.Header = http.Header{}
	for k, values := range a.Header {
		lower.Header.Set(strings.ToLower(k), strings.ToUpper(values[0]))
	}
	all = append(all, variant{"headers in other case", lower, a.Status != 200})
	for _, k := range []string{"Server", "Server-Timing", "Via", "X-Cache", "Set-Cookie", "Content-Length"} {
		v := a
		v.Header = a.Header.Clone()
		v.Header.Del(k)
		all = append(all, variant{"without " + k, v, true})
	}
	longer := a
	longer.Body = append(bytes.Clone(a.Body), bytes.Repeat([]byte("\n<!-- padding -->"), 50)...)
	all = append(all, variant{"padded", longer, true})
	bare := a
	bare.Header, bare.Body, bare.Reading = http.Header{}, []byte("<html><body>x</body></html>"), nil
	all = append(all, variant{"bare", bare, a.Status/100 != 2})
	return all
}

// TestGoodPagesAreServed: no page of the data is called anything else.
func TestGoodPagesAreServed(t *testing.T) {
	if _, err := os.Stat(data); err != nil {
		t.Skip("the pages are not here")
	}
	pages := 0
	for _, folder := range []string{"articles/html", "notices", "access/edit-pairs"} {
		err := filepath.WalkDir(filepath.Join(data, folder), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(file, ".html") {
				return err
			}
			pages++
			body := unzipped(t, file)
			a := access.Answer{
				Asked: "https://site.example/a/page", Final: "https://site.example/a/page", Status: 200, Header: http.Header{},
				Body: body, MediaType: "text/html", Reading: read(t, body, "text/html", "https://site.example/a/page"),
			}
			reading := a.Reading
			for _, before := range []*access.Earlier{nil, {Outcome: schemas.Served, ServedFrom: a.Final, MediaType: "text/html", Reading: reading}} {
				if got := access.Judge(a, before); got.Outcome != schemas.Served {
					t.Errorf("%s: %s by %s %q", file, got.Outcome, got.Rule, got.Evidence)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d good pages", pages)
}

// TestPoliciesAreServed: the pages of an archive of policies, before and after
// each pair, were all served; a change of any size is not a wall.
func TestPoliciesAreServed(t *testing.T) {
	repository, err := filepath.Abs(data + "/ota-demo.git")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(data + "/ota-demo-pairs.jsonl")
	if os.IsNotExist(err) {
		t.Skip("the pages are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for line := range bytes.Lines(lines) {
		var pair struct{ Before, After, URL string }
		if err := json.Unmarshal(line, &pair); err != nil {
			t.Fatal(err)
		}
		if pairs++; pairs%12 > 0 {
			continue // the evaluation of package change judges them all
		}
		url := "https://policy.example/terms"
		var sides [2][]byte
		for i, id := range []string{pair.Before, pair.After} {
			sides[i], err = exec.Command("git", "--git-dir="+repository, "cat-file", "blob", id).Output()
			if err != nil {
				t.Fatal(err)
			}
		}
		before := &access.Earlier{Outcome: schemas.Served, ServedFrom: url, MediaType: "text/html", Reading: read(t, sides[0], "text/html", url)}
		after := access.Answer{
			Asked: url, Final: url, Status: 200, Header: http.Header{}, Body: sides[1], MediaType: "text/html",
			Reading: read(t, sides[1], "text/html", url),
		}
		if got := access.Judge(after, before); got.Outcome != schemas.Served {
			t.Errorf("%s -> %s: %s by %s %q", pair.Before, pair.After, got.Outcome, got.Rule, got.Evidence)
		}
	}
	t.Logf("%d pairs", pairs/12)
}
