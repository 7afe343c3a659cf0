package archive_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive"
)

var update = flag.Bool("update", false, "write testdata/places.jsonl anew")

const placesFile = "testdata/places.jsonl"

// place is a line of testdata/places.jsonl: where a page is kept. Address is
// what was asked for, Post the name of a post handed in as a file; one of them
// is set. The rest is absent when the input is refused.
type place struct {
	Address string `json:"address,omitempty"`
	Post    string `json:"post,omitempty"`
	Name    string `json:"name,omitempty"`
	ID      string `json:"id,omitempty"`
	Folder  string `json:"folder,omitempty"`
	Refused string `json:"refused,omitempty"`
}

// TestPlaces holds names and folders to vectors, which never change: they decide
// where the archives that exist keep a page.
func TestPlaces(t *testing.T) {
	data, err := os.ReadFile(placesFile)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); n++ {
		var want place
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		want.Address = strings.ReplaceAll(want.Address, "{300}", strings.Repeat("a", 300))
		got := placeOf(want)
		short, err := json.Marshal(shorten(got))
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(short, '\n'))
		if got = shorten(got); !*update && got != shorten(want) {
			t.Errorf("line %d:\ngot  %+v\nwant %+v", n+1, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(placesFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n < 60 {
		t.Errorf("only %d vectors", n)
	}
}

// shorten writes {300} for three hundred times the letter a.
func shorten(p place) place {
	long := strings.Repeat("a", 300)
	p.Address, p.Name = strings.ReplaceAll(p.Address, long, "{300}"), strings.ReplaceAll(p.Name, long, "{300}")
	return p
}

// placeOf also checks that a name that stands in a document finds its page
// again.
func placeOf(asked place) place {
	got := place{Address: asked.Address, Post: asked.Post}
	ref, err := archive.PageAt(asked.Address)
	if asked.Address == "" {
		ref, err = archive.PagePost(asked.Post)
	}
	var scheme *archive.UnsupportedSchemeError
	switch {
	case errors.Is(err, archive.ErrUserInfo):
		got.Refused = "user info"
	case errors.As(err, &scheme):
		got.Refused = "scheme " + scheme.Scheme
	case err != nil:
		got.Refused = "not a URL"
	default:
		again, err := archive.PageNamed(ref.Name)
		if err != nil || again != ref {
			got.Refused = "named " + ref.Name + ", it is another page"
		}
		got.Name, got.ID, got.Folder = ref.Name, ref.ID.String(), ref.Folder
		if folder, rest, ok := archive.PageFolder(ref.Folder + "/a/b"); !ok || folder != ref.Folder || rest != "a/b" {
			got.Refused = "its folder is not one of a page"
		}
	}
	return got
}

func TestNotNames(t *testing.T) {
	for _, name := range []string{
		"", "https://example.com", "HTTPS://example.com/", "https://EXAMPLE.com/", "https://example.com:443/", "https://example.com/#a",
		"https://example.com/a/../b", "https://example.com/ö", "example.com/", "urn:walkback:post:", "urn:walkback:post:a b",
		"urn:walkback:post:%41", "urn:walkback:post:%c3%b6", "urn:walkback:post:%", "urn:walkback:post:%20a", "URN:walkback:post:a", "ftp://example.com/",
	} {
		if ref, err := archive.PageNamed(name); err == nil {
			t.Errorf("%q names %+v", name, ref)
		}
	}
}

func TestNotPageFolders(t *testing.T) {
	const id = "0123456789abcdef0123"
	for _, path := range []string{
		"", "pages", "pages/0/1/2/3/h~s~" + id, "pages/0/1/2/4/h~s~" + id + "/x", "page/0/1/2/3/h~s~" + id + "/x", "pages/0/1/2/h~s~" + id + "/x",
		"pages/0/1/2/3/hs~" + id + "/x", "pages/0/1/2/3/h~s~t~" + id + "/x", "pages/0/1/2/3/h~s~" + id[:19] + "/x", "pages/0/1/2/3/h~s~" + strings.ToUpper(id) + "/x",
		"x/pages/0/1/2/3/h~s~" + id + "/x",
	} {
		if folder, rest, ok := archive.PageFolder(path); ok {
			t.Errorf("%q is %q and %q", path, folder, rest)
		}
	}
	if _, rest, ok := archive.PageFolder("pages/0/1/2/3/h~~" + id + "/x/y/z"); !ok || rest != "x/y/z" {
		t.Errorf("a folder without slug: %q, %v", rest, ok)
	}
}

func TestCompleteAddress(t *testing.T) {
	for in, want := range map[string]string{
		"example.com":              "https://example.com",
		"example.com/a?b=c":        "https://example.com/a?b=c",
		"example.com?b=c":          "https://example.com?b=c",
		"example.com:8080/a":       "https://example.com:8080/a",
		"EXAMPLE.COM":              "https://EXAMPLE.COM",
		"news.bbc.co.uk/1/hi":      "https://news.bbc.co.uk/1/hi",
		"müller.de":                "https://müller.de",
		"localhost":                "https://localhost",
		"localhost:8080":           "https://localhost:8080",
		"127.0.0.1:8080/a":         "https://127.0.0.1:8080/a",
		"[::1]:8080/a":             "https://[::1]:8080/a",
		"http://example.com":       "http://example.com",
		"https://x/":               "https://x/",
		"ftp://example.com":        "ftp://example.com",
		"mailto:olive@example.com": "mailto:olive@example.com",
		"urn:walkback:post:a":      "urn:walkback:post:a",
		"post.txt":                 "",
		"harbour":                  "",
		"":                         "",
		"/etc/passwd":              "",
		"two words.com":            "",
		"olive@example.com":        "",
		"co.uk":                    "",
		"com":                      "",
		"?q":                       "",
		`a\b.com`:                  "",
	} {
		got, ok := archive.CompleteAddress(in)
		if got != want || ok != (want != "") {
			t.Errorf("CompleteAddress(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestGivenName(t *testing.T) {
	for path, want := range map[string]string{"/home/olive/post.txt": "post.txt", "post.md": "post.md", "./a b.html": "a b.html"} {
		if got := archive.GivenName(path); got != want {
			t.Errorf("GivenName(%q) = %q, want %q", path, got, want)
		}
	}
}
