package schemas

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	fooSum = DigestOf([]byte("foo\n"))
	barSum = DigestOf([]byte("bar\n"))
)

func manifestLine(d Digest, path string) string { return d.Hex() + "  " + path + "\n" }

func TestManifestRoundTrip(t *testing.T) {
	unsorted := Manifest{
		{fooSum, "pages/a/b/c/d/news.example~a~abcd0123456789abcdef/text.md"},
		{barSum, "pages-x"},
		{barSum, "archive.json"},
		{barSum, ".gitattributes"},
		{fooSum, "pages/a/b/c/d/news.example~a~abcd0123456789abcdef/body.html"},
	}
	before := slices.Clone(unsorted)
	data, err := unsorted.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(unsorted, before) {
		t.Error("Encode changed the order of its receiver")
	}
	want := manifestLine(barSum, ".gitattributes") +
		manifestLine(barSum, "archive.json") +
		manifestLine(barSum, "pages-x") +
		manifestLine(fooSum, "pages/a/b/c/d/news.example~a~abcd0123456789abcdef/body.html") +
		manifestLine(fooSum, "pages/a/b/c/d/news.example~a~abcd0123456789abcdef/text.md")
	if string(data) != want {
		t.Errorf("got\n%s\nwant\n%s", data, want)
	}
	back, err := ParseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("second encoding differs: %q, %v", again, err)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	good := manifestLine(fooSum, "a") + manifestLine(barSum, "b/c")
	if _, err := ParseManifest([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ text, field string }{
		"empty":             {"", ""},
		"no LF at end":      {strings.TrimSuffix(good, "\n"), "line 2"},
		"empty line at end": {good + "\n", "line 3"},
		"CR LF":             {strings.ReplaceAll(good, "\n", "\r\n"), "line 1"},
		"one space":         {strings.Replace(good, "  a", " a", 1), "line 1"},
		"binary mark":       {strings.Replace(good, "  a", " *a", 1), "line 1"},
		"three spaces":      {strings.Replace(good, "  a", "   a", 1), "line 1"},
		"upper case":        {strings.ToUpper(fooSum.Hex()) + "  a\n", "line 1"},
		"short digest":      {fooSum.Hex()[1:] + "  aa\n", "line 1"},
		"zero digest":       {manifestLine(Digest{}, "a"), "line 1"},
		"unsorted":          {manifestLine(fooSum, "b") + manifestLine(fooSum, "a"), "line 2"},
		"twice":             {good + manifestLine(fooSum, "b/c"), "line 3"},
		"itself":            {good + manifestLine(fooSum, "manifest-sha256.txt"), "line 3"},
		"no path":           {manifestLine(fooSum, ""), "line 1"},
		"absolute":          {manifestLine(fooSum, "/a"), "line 1"},
		"folder":            {manifestLine(fooSum, "a/"), "line 1"},
		"double slash":      {manifestLine(fooSum, "a//b"), "line 1"},
		"dot":               {manifestLine(fooSum, "a/./b"), "line 1"},
		"dot dot":           {manifestLine(fooSum, "a/../b"), "line 1"},
		"backslash":         {manifestLine(fooSum, `a\b`), "line 1"},
		"escaped by tool":   {`\` + manifestLine(fooSum, `a\\b`), "line 1"},
		"colon":             {manifestLine(fooSum, "c:a"), "line 1"},
		"space":             {manifestLine(fooSum, "a b"), "line 1"},
		"NUL":               {manifestLine(fooSum, "a\x00b"), "line 1"},
		"é":                 {manifestLine(fooSum, "é"), "line 1"},
		"long":              {manifestLine(fooSum, strings.Repeat("a", 1025)), "line 1"},
	} {
		m, err := ParseManifest([]byte(tc.text))
		var bad *DecodeError
		if !errors.As(err, &bad) {
			t.Errorf("%s: got %v, %v; want a *DecodeError", name, m, err)
			continue
		}
		if bad.Field != tc.field {
			t.Errorf("%s: field is %q, want %q (%v)", name, bad.Field, tc.field, err)
		}
	}
}

func TestManifestEncodeRefuses(t *testing.T) {
	for name, m := range map[string]Manifest{
		"empty":     {},
		"twice":     {{fooSum, "a"}, {barSum, "b"}, {barSum, "a"}},
		"itself":    {{fooSum, "manifest-sha256.txt"}},
		"escaping":  {{fooSum, "../a"}},
		"line feed": {{fooSum, "a\n"}},
		"no digest": {{Digest{}, "a"}},
	} {
		if data, err := m.Encode(); err == nil {
			t.Errorf("%s: was encoded as %q", name, data)
		}
	}
}

// The manifest is made for people who have sha256sum and nothing of ours.
func TestManifestIsWhatSHA256SumChecks(t *testing.T) {
	tool := stockTool(t, "sha256sum")
	folder := t.TempDir()
	m := Manifest{{fooSum, "b/foo"}, {barSum, "bar"}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(folder, "b/foo"), []byte("foo\n"))
	writeFile(t, filepath.Join(folder, "bar"), []byte("bar\n"))
	writeFile(t, filepath.Join(folder, manifestPath), data)
	check := func() error {
		cmd := exec.Command(tool, "--check", "--strict", "--quiet", manifestPath)
		cmd.Dir = folder
		return cmd.Run()
	}
	if err := check(); err != nil {
		t.Errorf("sha256sum --check: %v", err)
	}
	writeFile(t, filepath.Join(folder, "bar"), []byte("baz\n"))
	if check() == nil {
		t.Error("sha256sum --check accepts a changed file")
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(manifestLine(fooSum, "a") + manifestLine(barSum, "b/c")))
	f.Add([]byte(manifestLine(fooSum, "manifest-sha256.txt")))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatalf("encoding an accepted manifest: %v", err)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("got %q, want %q", again, data)
		}
	})
}

// stockTool returns the path of a tool that anyone has, and skips the test
// where it is missing.
func stockTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: %v", name, err)
	}
	t.Skipf("%s is missing, so our bytes are not checked with it: %v", name, err)
	return ""
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
