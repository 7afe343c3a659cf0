package extract_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

const noticesDir = "../../../shared/data/notices"

// TestNoticesAreKept counts the real notices that survive extraction.
func TestNoticesAreKept(t *testing.T) {
	f, err := os.Open(filepath.Join(noticesDir, "labels.jsonl"))
	if err != nil {
		t.Skip("the notice pages are not here")
	}
	defer f.Close()
	kept, all := 0, 0
	for s := bufio.NewScanner(f); s.Scan(); {
		var row struct {
			File        string
			Notice      *bool
			Text        string
			VisibleText string `json:"visible_text"`
			URL         string
		}
		if err := json.Unmarshal(s.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		doc, err := extract.Read(t.Context(), extract.Input{
			Payload: gunzip(t, filepath.Join(noticesDir, row.File)), ContentType: "text/html", URL: row.URL, At: fetched,
		})
		if err != nil {
			t.Errorf("%s: %v", row.File, err)
			continue
		}
		if row.Notice == nil || !*row.Notice {
			continue
		}
		if row.VisibleText != "" {
			row.Text = row.VisibleText
		}
		all++
		if len(textdiff.Locate(strings.ReplaceAll(doc.Text(), "\n", " "), row.Text)) > 0 {
			kept++
		} else {
			t.Logf("%s: not kept: %.120q", row.File, row.Text)
		}
	}
	t.Logf("%d of %d notices kept", kept, all)
	if kept < 12 {
		t.Errorf("%d of %d notices kept, other extractors keep 12", kept, all)
	}
}
