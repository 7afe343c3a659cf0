package social_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/social"
)

var fetched = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// TestServices reads answers in the shapes that the services document. In the
// files, each case has the address of the page and the status, the answer, and the
// text that is made of it.
func TestServices(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for _, f := range archive.Files {
			parts[f.Name] = string(f.Data)
		}
		service := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for name, request := range parts {
			name, isCase := strings.CutSuffix(name, "/request")
			if !isCase {
				continue
			}
			t.Run(service+"/"+name, func(t *testing.T) {
				var answer social.Answer
				if _, err := fmt.Sscan(request, &answer.Address, &answer.Status); err != nil {
					t.Fatal(err)
				}
				answer.Payload = []byte(parts[name+"/answer"])
				s, _ := social.Match(social.Services(social.Hosts{}), answer.Address)
				if s == nil || s.Name() != service+"/1" {
					t.Fatalf("%s is of %v", answer.Address, s)
				}
				if diff := cmp.Diff(strings.TrimSpace(parts[name+"/want"]), strings.TrimSpace(said(t, s, answer))); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// said writes what a service makes of an answer.
func said(t *testing.T, s social.Service, answer social.Answer) string {
	t.Helper()
	post, err := s.Read(answer)
	var absent *social.AbsentError
	switch {
	case errors.As(err, &absent):
		return fmt.Sprintf("absent: %s: %s", absent.Absence, absent.Words)
	case errors.Is(err, social.ErrForeign):
		return "foreign"
	case err != nil:
		t.Fatal(err)
	}
	document, err := post.Document(t.Context(), answer.Address, fetched)
	if err != nil {
		t.Fatal(err)
	}
	return string(document.Markdown())
}

func TestMatch(t *testing.T) {
	services := social.Services(social.Hosts{Bluesky: "http://127.0.0.1:8080/"})
	for address, want := range map[string]string{
		"https://quay.social/@ada/113":                              "mastodon/1 https://quay.social/api/v1/statuses/113",
		"http://127.0.0.1:8080/@ada/113?x=1":                        "mastodon/1 http://127.0.0.1:8080/api/v1/statuses/113",
		"https://quay.social/@bob@pier.social/113":                  "mastodon/1 https://quay.social/api/v1/statuses/113",
		"https://quay.social/users/ada/statuses/113":                "mastodon/1 https://quay.social/api/v1/statuses/113",
		"https://quay.social/@ada/statuses/01HXYZ":                  "mastodon/1 https://quay.social/api/v1/statuses/01HXYZ",
		"https://pleroma.example/notice/AbC123":                     "mastodon/1 https://pleroma.example/api/v1/statuses/AbC123",
		"https://bsky.app/profile/ada.example/post/3k":              "bluesky/1 http://127.0.0.1:8080/xrpc/app.bsky.feed.getPostThread?depth=0&parentHeight=1&uri=at%3A%2F%2Fada.example%2Fapp.bsky.feed.post%2F3k",
		"https://news.ycombinator.com/item?id=8863":                 "hackernews/1 https://hacker-news.firebaseio.com/v0/item/8863.json",
		"https://www.reddit.com/r/a/comments/1ab/title/":            "reddit/1 https://www.reddit.com/comments/1ab.json?raw_json=1&depth=1&limit=1",
		"https://old.reddit.com/r/a/comments/1ab/title/c9/?x=y":     "reddit/1 https://www.reddit.com/comments/1ab/_/c9.json?raw_json=1&context=0&depth=1&limit=1",
		"https://redd.it/1ab":                                       "reddit/1 https://www.reddit.com/comments/1ab.json?raw_json=1&depth=1&limit=1",
		"https://medium.com/@ada/why-piles-are-hollow-1a2b":         "",
		"https://www.youtube.com/@ada/videos":                       "",
		"https://quay.social/@ada":                                  "",
		"https://quay.social/@ada/113/embed":                        "",
		"https://quay.social/@ada/1139999999999999999999999":        "",
		"https://bsky.app/profile/ada.example":                      "",
		"https://bsky.app/profile/ada.example/post/3k/liked-by":     "",
		"https://notbsky.app/profile/ada.example/post/3k":           "",
		"https://news.ycombinator.com/item?id=8863x":                "",
		"https://news.ycombinator.com/news":                         "",
		"https://notreddit.com/r/a/comments/1ab/title/":             "",
		"https://www.reddit.com/r/a/":                               "",
		"https://www.reddit.com/r/a/comments/1ab/title/../../admin": "",
		"https://quay.social/users/ada/statuses/..%2f..%2fadmin":    "",
	} {
		got := ""
		if s, request := social.Match(services, address); s != nil {
			got = s.Name() + " " + request
			if social.Named(s.Name()) == nil {
				t.Errorf("%s is not known by its name", s.Name())
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	if social.Named("mastodon/99") == nil || social.Named("elsewhere/1") != nil {
		t.Error("readers go by their names, whatever the version")
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if strings.HasSuffix(part.Name, "/answer") {
				f.Add(part.Data, 200)
			}
		}
	}
	f.Add([]byte(`{"error":"NotFound","message":"x"}`), 400)
	addresses := []string{
		"https://quay.social/@ada/1", "https://bsky.app/profile/a.example/post/3k", "https://news.ycombinator.com/item?id=1",
		"https://www.reddit.com/r/a/comments/1ab/t/", "https://www.reddit.com/r/a/comments/1ab/t/c1/",
	}
	f.Fuzz(func(t *testing.T, payload []byte, status int) {
		for _, address := range addresses {
			s, _ := social.Match(social.Services(social.Hosts{}), address)
			post, err := s.Read(social.Answer{Address: address, Status: status, Payload: payload})
			var absent *social.AbsentError
			if err != nil {
				if !errors.Is(err, social.ErrForeign) && !errors.As(err, &absent) {
					t.Fatal(err)
				}
				continue
			}
			document, err := post.Document(t.Context(), address, fetched)
			if errors.Is(err, extract.ErrNoText) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, link := range document.Links {
				if link.Block >= len(document.Blocks) {
					t.Fatalf("link %+v of %d blocks", link, len(document.Blocks))
				}
			}
			if text := string(document.Markdown()); strings.ContainsAny(text, "\x00\x1b\r") {
				t.Fatalf("%q", text)
			}
		}
	})
}
