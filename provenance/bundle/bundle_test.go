package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// seal stands for a signature.
func seal(data []byte) ([]byte, error) {
	sum := sha256.Sum256(append([]byte("secret"), data...))
	return []byte(hex.EncodeToString(sum[:]) + "\n"), nil
}

func small(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	err := Write(&b, Contents{
		Folder: "evidence-1", Info: [][2]string{{"Source-Organization", "Olive Operator"}, {"Bagging-Date", "2026-11-29"}},
		Payload: []Entry{Held("data/commits/1.commit", []byte("tree\n")), Held("data/snapshots/1/pages/a", []byte("content")), Held("data/empty", nil)},
		Tags:    []Entry{Held("VERIFY.md", []byte("# How\n")), Held("report.json", []byte("{}\n"))},
	}, seal)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// check opens and checks a bundle and its signature.
func check(t testing.TB, name string) error {
	t.Helper()
	b, err := Open(name)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.Check(); err != nil {
		return err
	}
	tags, armor, err := b.Signed()
	if err != nil {
		return err
	}
	if want, _ := seal(tags); !bytes.Equal(armor, want) {
		return &BagError{File: SignatureFile, Reason: "it is not good"}
	}
	return nil
}

func write(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "evidence.zip")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestEveryByte(t *testing.T) {
	data := small(t)
	if again := small(t); !bytes.Equal(data, again) {
		t.Fatal("the same contents make other bytes")
	}
	name := write(t, data)
	if err := check(t, name); err != nil {
		t.Fatal(err)
	}
	for at := range data {
		for _, bit := range []byte{1, 0x20, 0x80} {
			flipped := bytes.Clone(data)
			flipped[at] ^= bit
			if err := os.WriteFile(name, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			if check(t, name) == nil {
				t.Errorf("byte %d of %d ^ %#x passes", at, len(data), bit)
			}
		}
	}
	for _, other := range [][]byte{append(bytes.Clone(data), 0), append([]byte("x"), data...), data[:len(data)-1], nil, data[:40]} {
		if err := os.WriteFile(name, other, 0o600); err != nil {
			t.Fatal(err)
		}
		if check(t, name) == nil {
			t.Errorf("%d bytes of %d pass", len(other), len(data))
		}
	}
}

// An unpacked bundle is checked like the file; stock tools read both.
func TestUnpacked(t *testing.T) {
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("unzip is missing")
		}
		t.Skip("unzip is missing")
	}
	name := write(t, small(t))
	if out, err := exec.Command(unzip, "-q", name, "-d", filepath.Dir(name)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	folder := filepath.Join(filepath.Dir(name), "evidence-1")
	if err := check(t, folder); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		cmd := exec.Command("sha256sum", "-c", "--strict", "--quiet", list)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("sha256sum -c %s: %v: %s", list, err, out)
		}
	}
	err = fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file := filepath.Join(folder, path)
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for at := 0; at < max(len(data), 1); at++ {
			changed := append(bytes.Clone(data), 'x')
			if at < len(data) {
				changed = bytes.Clone(data)
				changed[at] ^= 1
			}
			if err := os.WriteFile(file, changed, 0o600); err != nil {
				return err
			}
			if check(t, folder) == nil {
				t.Errorf("%s with byte %d changed passes", path, at)
			}
		}
		return os.WriteFile(file, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, extra := range []string{"extra.txt", "data/extra.txt", "data/commits/2.commit"} {
		file := filepath.Join(folder, extra)
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if check(t, folder) == nil {
			t.Errorf("with %s it passes", extra)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("1.commit", filepath.Join(folder, "data", "commits", "3.commit")); err != nil {
		t.Fatal(err)
	}
	if check(t, folder) == nil {
		t.Error("with a link it passes")
	}
}

// What a ZIP file can hold that no bundle does.
func TestHostileContainers(t *testing.T) {
	for name, entries := range map[string][]zip.FileHeader{
		"parent":    {{Name: "../x"}},
		"absolute":  {{Name: "/x/y"}},
		"no folder": {{Name: "bagit.txt"}},
		"two":       {{Name: "a/x"}, {Name: "b/x"}},
		"twice":     {{Name: "a/x"}, {Name: "a/x"}},
		"deflated":  {{Name: "a/x", Method: zip.Deflate}},
		"escapes":   {{Name: "a/\x1b[31m"}},
		"long":      {{Name: "a/" + strings.Repeat("x", 2000)}},
		"link":      {{Name: "a/x", ExternalAttrs: 0o120777 << 16, CreatorVersion: 3 << 8}},
		"folder":    {{Name: "a/x/"}},
		"nothing":   nil,
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, h := range entries {
			w, err := z.CreateHeader(&h)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(h.Name, "/") {
				_, _ = io.WriteString(w, "content")
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := check(t, write(t, b.Bytes())); err == nil {
			t.Errorf("%s: it passes", name)
		} else if strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: the error is not fit to be printed: %q", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(small(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if name := write(t, data); check(t, name) == nil && !bytes.Equal(data, small(t)) {
			t.Errorf("%d bytes pass", len(data))
		}
	})
}
