package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const conformance = "../../../shared/data/signatures/bagit"

// TestConformance holds CheckBag to the suite of the Library of Congress, where it
// is present. Its folders say what a bag is.
func TestConformance(t *testing.T) {
	bags, err := filepath.Glob(conformance + "/v*/*/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(bags) == 0 {
		t.Skip("the shared bags are not here")
	}
	unsupported := 0
	for _, dir := range bags {
		rel, _ := filepath.Rel(conformance, dir)
		kind := strings.Split(filepath.ToSlash(rel), "/")[1]
		err := CheckBag(os.DirFS(dir))
		var notHere *UnsupportedBagError
		switch {
		case errors.As(err, &notHere):
			unsupported++
			t.Logf("%s: UNSUPPORTED: %v", rel, err)
		case kind == "valid" && err != nil:
			t.Errorf("%s: %v", rel, err)
		case kind != "valid" && kind != "warning" && err == nil:
			t.Errorf("%s: it passes", rel)
		case kind == "warning":
			t.Logf("%s: %v", rel, err)
		}
	}
	t.Logf("%d bags, %d unsupported", len(bags), unsupported)
}
