package index_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// A post quotes what its newest post.json says, and nothing once that says so.
func TestQuoting(t *testing.T) {
	file := newFile(t)
	x := open(t, file)
	quoting := func(touch index.Touch, sources ...string) index.Touch {
		touch.Page.Post = true
		for _, source := range sources {
			touch.Quotes = append(touch.Quotes, schemas.PageIDOf(source))
		}
		return touch
	}
	const source, other = "https://source.example/", "https://other.example/"
	want := func(of string, posts ...string) {
		t.Helper()
		v, err := x.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, v)
		got, err := v.Quoting(t.Context(), schemas.PageIDOf(of))
		slices.Sort(got)
		if err != nil || !slices.Equal(got, posts) {
			t.Errorf("%s is quoted by %q (%v), want %q", of, got, err, posts)
		}
	}
	add(t, x, []index.Touch{quoting(first(touched(urlA, "a")), source, other), quoting(first(touched(urlB, "b")), source)})
	want(source, urlA, urlB)
	want(other, urlA)
	add(t, x, []index.Touch{quoting(touched(urlA, "a again"), other)})
	want(source, urlB)
	want(other, urlA)
	add(t, x, []index.Touch{touched(urlB, "no post any more")})
	want(source)

	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, db)
	if _, err := db.Exec(`UPDATE quoted SET post = 2`); err != nil {
		t.Fatal(err)
	}
	v, err := x.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, v)
	var damaged *index.DamagedError
	if got, err := v.Quoting(t.Context(), schemas.PageIDOf(other)); !errors.As(err, &damaged) {
		t.Errorf("a row that was changed gives %q, %v", got, err)
	}
}
