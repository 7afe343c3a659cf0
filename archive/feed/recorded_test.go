package feed_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/walkback-dev/walkback/archive/feed"
)

// TestRecordedFeeds reads feeds and sitemaps of real sites and of the tests of
// other projects, where they are at hand: what each is and how many entries it has
// was counted by hand.
func TestRecordedFeeds(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data", "feeds")
	labels, err := os.Open(filepath.Join(folder, "feeds.jsonl"))
	if err != nil {
		t.Skip("recorded feeds are not at hand: ", err)
	}
	defer labels.Close()
	kinds := map[string]feed.Kind{
		"rss2.0": feed.RSS, "rss1.0": feed.RSS, "atom": feed.Atom, "jsonfeed": feed.JSON, "sitemap": feed.Sitemap, "sitemapindex": feed.SitemapIndex,
	}
	lines := bufio.NewScanner(labels)
	count := 0
	for lines.Scan() {
		var label struct {
			File, Kind string
			Entries    int
		}
		if err := json.Unmarshal(lines.Bytes(), &label); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(folder, label.File))
		if err != nil {
			t.Fatal(err)
		}
		list, err := feed.Read(feed.Input{Content: content, URL: "https://site.example/feed"})
		if err != nil {
			t.Errorf("%s: %v", label.File, err)
			continue
		}
		got := len(list.Entries) + list.Unfit
		if list.Kind == feed.SitemapIndex {
			got = len(list.Lists)
		}
		if list.Kind != kinds[label.Kind] || got != label.Entries {
			t.Errorf("%s: %s of %d entries, want %s of %d", label.File, list.Kind, got, label.Kind, label.Entries)
		}
		if list.Unfit > 0 {
			t.Logf("%s: %d entries without an address", label.File, list.Unfit)
		}
		count++
	}
	if count == 0 {
		t.Error("no feed was read")
	}
}
