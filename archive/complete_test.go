package archive

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

func TestCompleting(t *testing.T) {
	var few, many, hosts []string
	for n := range 5 {
		few = append(few, fmt.Sprintf("https://a.example/news/%d", n))
	}
	for n := range 1000 {
		many = append(many, fmt.Sprintf("https://a.example/%d/%d", n%7, n))
		hosts = append(hosts, fmt.Sprintf("https://%03d.example/a", n))
	}
	stem := func(n int) string { return fmt.Sprintf("https://%03d.example/", n) }
	var first []string
	for n := range completions {
		first = append(first, stem(n))
	}
	for name, c := range map[string]struct {
		names  []string
		prefix string
		want   []string
	}{
		"none":                           {few, "ftp", nil},
		"few are told":                   {few, "https://a.example/n", few},
		"the name itself":                {few, few[0], few[:1]},
		"many are cut at the next slash": {many, "https://a.exa", []string{"https://a.example/"}},
		"and again":                      {many, "https://a.example/", []string{"https://a.example/0/", "https://a.example/1/", "https://a.example/2/", "https://a.example/3/", "https://a.example/4/", "https://a.example/5/", "https://a.example/6/"}},
		"two slashes are one":            {many, "h", []string{"https://"}},
		"the last of many":               {hosts, "https://", append(slices.Clone(first), stem(999))},
		"given posts by what they are":   {[]string{"urn:walkback:post:my%20note"}, "my n", []string{"my note"}},
	} {
		c2 := completing{prefix: c.prefix}
		for _, n := range slices.Backward(c.names) {
			c2.add(n)
		}
		if got := c2.result(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestCompleteSorted holds what the sorted names of an index say to what all
// names say, for names that are mostly slashes.
func TestCompleteSorted(t *testing.T) {
	ctx := t.Context()
	random := rand.New(rand.NewPCG(7, 8))
	name := func(most int) string {
		var b []byte
		for range random.IntN(most + 1) {
			b = append(b, "///!0ab\x00\xff"[random.IntN(9)])
		}
		return string(b)
	}
	for _, count := range []int{0, 90, 3000} {
		x, err := index.Open(ctx, filepath.Join(t.TempDir(), "index.db"), "names")
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		w, err := x.Writer(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var spoken []string
		var commit index.Commit
		for range count {
			spoken = append(spoken, name(9)) // some of them twice
			ref, err := PagePost(fmt.Sprint("a", len(spoken)))
			if err != nil {
				t.Fatal(err)
			}
			commit.Touched = append(commit.Touched, index.Touch{Page: schemas.ListedPage{Page: ref.ID, URL: ref.Name}, Spoken: spoken[len(spoken)-1], First: true})
		}
		if err := w.Add(ctx, commit); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		view, err := x.View(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer view.Close()
		many := 0
		for range 300 {
			prefix := name(3)
			all := completing{prefix: prefix}
			for _, n := range spoken {
				all.add(n)
			}
			want := all.result()
			if len(want) > completions {
				many++
			}
			got, err := completeSorted(ctx, view, prefix)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d names that begin with %q: got %q, %v\nwant %q", count, prefix, got, err, want)
			}
		}
		if count == 3000 && many == 0 {
			t.Error("no prefix has more stems than are offered")
		}
	}
}
