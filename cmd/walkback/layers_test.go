package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/walkback-dev/walkback/"

// layers says which of our packages each package may import outside of its
// tests. Imports run downward only, and parts never import their parent. A
// package that is not here may import none: a package stands at the margin, what
// it may import below it, one a line.
var layers = imports(`

# What we write down.

schemas

# Parts of an archive.

archive/access
	archive/pattern
	schemas

archive/browser
	archive/fetch

archive/buffer

archive/extract
	archive/pattern
	archive/textdiff

archive/feed
	archive/extract

archive/fetch
	archive/buffer
	archive/fetch/robots

archive/fetch/robots

archive/gitstore

archive/index
	archive/schedule
	schemas

archive/pattern

archive/pdf
	archive/extract

archive/picture

archive/replay
	archive/resource
	schemas

archive/resource
	archive/pattern
	schemas

archive/saved
	archive/extract
	archive/pattern

archive/schedule
	schemas

archive/social
	archive/extract

archive/textdiff

# What the web said, and when.

archive
	archive/access
	archive/browser
	archive/buffer
	archive/extract
	archive/fetch
	archive/gitstore
	archive/index
	archive/pattern
	archive/pdf
	archive/resource
	archive/saved
	archive/schedule
	archive/social
	schemas

archive/archivetest
	archive
	archive/fetch
	schemas

# Parts of provenance.

provenance/bundle

provenance/change
	archive/extract
	archive/pattern
	archive/textdiff
	schemas

provenance/checkpoint

provenance/quote
	archive/extract
	archive/pattern
	archive/textdiff
	schemas

provenance/timestamp

provenance/trust
	archive/pattern
	schemas

# Who vouches, and what changed.

provenance
	archive
	archive/extract
	archive/gitstore
	archive/pattern
	archive/resource
	archive/textdiff
	provenance/bundle
	provenance/change
	provenance/checkpoint
	provenance/quote
	provenance/timestamp
	provenance/trust
	schemas

provenance/checkpoint/witnesstest
	provenance/checkpoint

provenance/provenancetest
	archive
	archive/archivetest
	archive/gitstore
	provenance
	provenance/trust
	schemas

provenance/timestamptest
	provenance/timestamp

# The program.

cmd/walkback
	archive
	archive/browser
	archive/extract
	archive/feed
	archive/fetch
	archive/gitstore
	archive/pattern
	archive/picture
	archive/replay
	archive/social
	archive/textdiff
	provenance
	provenance/checkpoint
	provenance/timestamp
	provenance/trust
	schemas
`)

// only names the libraries that a single package may import, beside packages
// that serve tests alone.
var only = map[string]string{
	"github.com/go-git/":      "archive/gitstore",
	"github.com/hiddeco/":     "provenance/trust",
	"github.com/klippa-app/":  "archive/pdf",
	"github.com/markusmobius": "archive/extract",
	"github.com/mmcdole/":     "archive/feed",
	"github.com/urfave/cli/":  "cmd/walkback",
	"modernc.org/":            "archive/index",
}

// imports reads the table of layers.
func imports(table string) map[string][]string {
	read := map[string][]string{}
	var folder string
	for line := range strings.Lines(table) {
		switch name := strings.TrimSpace(line); {
		case name == "" || name[0] == '#':
		case line[0] == '\t':
			read[folder] = append(read[folder], name)
		default:
			folder = name
			read[folder] = nil
		}
	}
	return read
}

func TestLayers(t *testing.T) {
	root := filepath.Join("..", "..")
	checked := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		checked++
		checkImports(t, filepath.ToSlash(folder), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 50 {
		t.Errorf("only %d files were looked at", checked)
	}
}

func checkImports(t *testing.T, folder, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(layers[folder], ours) {
			t.Errorf("%s: %s may not import %s", file, folder, ours)
		}
		for library, owner := range only {
			if strings.HasPrefix(imported, library) && folder != owner && !strings.HasSuffix(folder, "test") {
				t.Errorf("%s: only %s imports %s", file, owner, library)
			}
		}
	}
}

// The table itself must point downward: a part that may import its parent would
// let a cycle of meaning through that the compiler cannot see.
func TestLayersPointDownward(t *testing.T) {
	for folder, allowed := range layers {
		for _, below := range allowed {
			if !strings.HasSuffix(folder, "test") && (below == path.Dir(folder) || strings.HasPrefix(below, "cmd/")) {
				t.Errorf("%s may import %s, which stands above it", folder, below)
			}
			if slices.Contains(layers[below], folder) {
				t.Errorf("%s and %s may import each other", folder, below)
			}
		}
	}
}
