package provenance_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

const manifestFile = "manifest-sha256.txt"

// forgery is a commit that the program itself would never make: made with the
// plumbing of stock git and signed by whoever the attacker is. What is not set
// is as it should be, so that each forgery has one fault.
type forgery struct {
	kind   schemas.CommitKind // capture when empty
	parent string             // main when empty
	put    map[string]string  // content by path
	mode   map[string]string  // 100644 when not set
	entry  map[string]string  // "<mode> <id>" by path, for what is no file
	remove []string
	by     signer // the owner of the archive when nil
	email  string // of the committer, when it is not the signer's
	time   int64  // Unix seconds; the clock's when 0

	manifest func(lines []string) []string // edits the manifest before it is committed
	message  func(string) string           // edits the message before it is signed
	payload  func(string) string           // edits the commit before it is signed
	raw      func(string) string           // edits the commit after it was signed
}

// forge adds the commit to main and returns its id.
func (v *victim) forge(f forgery) string {
	v.t.Helper()
	if f.parent == "" {
		f.parent = v.revision("refs/heads/main")
	}
	if f.by == nil {
		f.by = v.key
	}
	if f.kind == "" {
		f.kind = schemas.KindCapture
	}
	index := newIndex(v, f.parent)
	index.apply(f)
	manifest := index.manifest()
	if f.manifest != nil {
		manifest = f.manifest(manifest)
	}
	text := strings.Join(manifest, "")
	index.set(manifestFile, text)
	payload := v.payload(f, index.tree(), sha256hex(text))
	return v.sign(f, payload)
}

// payload builds the commit's bytes without its signature.
func (v *victim) payload(f forgery, tree, manifest string) string {
	v.t.Helper()
	parent := v.git("cat-file", "commit", f.parent)
	message := fmt.Sprintf("%s: forged\n\nArchive-Format: 1\nArchive-Id: %s\nSequence: %d\nManifest-SHA256: %s\nParent-SHA256: %s\n",
		f.kind, v.id, v.sequence(f.parent)+1, manifest, sha256hex(parent))
	if f.message != nil {
		message = f.message(message)
	}
	name, email := f.by.Person()
	if f.email != "" {
		email = f.email
	}
	at := f.time
	if at == 0 {
		at = v.clock.Now().Unix()
	}
	payload := fmt.Sprintf("tree %s\nparent %s\nauthor %s <%s> %d +0000\ncommitter %s <%s> %d +0000\n\n%s",
		tree, f.parent, name, email, at, name, email, at, message)
	if f.payload != nil {
		payload = f.payload(payload)
	}
	return payload
}

// sign puts the signature into a commit, stores it whatever it looks like, and
// moves main to it.
func (v *victim) sign(f forgery, payload string) string {
	v.t.Helper()
	armor, err := f.by.Sign(strings.NewReader(payload))
	if err != nil {
		v.t.Fatal(err)
	}
	raw := splice(payload, string(armor))
	if f.raw != nil {
		raw = f.raw(raw)
	}
	return v.adopt(raw)
}

// adopt stores the bytes of a commit and moves main to it.
func (v *victim) adopt(raw string) string {
	v.t.Helper()
	id := strings.TrimSpace(v.gitIn(raw, nil, "hash-object", "-t", "commit", "-w", "--stdin", "--literally"))
	v.write(id+"\n", "refs", "heads", "main")
	return id
}

func splice(payload, armor string) string {
	headers, message, _ := strings.Cut(payload, "\n\n")
	return headers + "\ngpgsig " + strings.ReplaceAll(strings.TrimRight(armor, "\n"), "\n", "\n ") + "\n\n" + message
}

func (v *victim) sequence(commit string) int {
	v.t.Helper()
	for line := range strings.Lines(v.git("cat-file", "commit", commit)) {
		if n, ok := strings.CutPrefix(line, "Sequence: "); ok {
			return atoi(v.t, strings.TrimSpace(n))
		}
	}
	v.t.Fatalf("commit %s has no sequence", commit)
	return 0
}

func (v *victim) blob(content string) string {
	v.t.Helper()
	return strings.TrimSpace(v.gitIn(content, nil, "hash-object", "-w", "--stdin"))
}

func sha256hex(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// index is a tree being edited with git's own index.
type index struct {
	v      *victim
	parent string
	env    []string
}

func newIndex(v *victim, parent string) *index {
	v.t.Helper()
	x := &index{v: v, parent: parent, env: []string{"GIT_INDEX_FILE=" + filepath.Join(v.t.TempDir(), "index")}}
	v.gitIn("", x.env, "read-tree", parent)
	return x
}

// stage gives entries ("<mode> <id>") to paths; "" takes a path away.
func (x *index) stage(entries map[string]string) {
	x.v.t.Helper()
	var lines strings.Builder
	for path, entry := range entries {
		if entry == "" {
			entry = "0 " + strings.Repeat("0", 40)
		}
		lines.WriteString(entry + "\t" + path + "\n")
	}
	x.v.gitIn(lines.String(), x.env, "update-index", "--add", "--replace", "--index-info")
}

func (x *index) set(path, content string) {
	x.v.t.Helper()
	x.stage(map[string]string{path: "100644 " + x.v.blob(content)})
}

func (x *index) apply(f forgery) {
	x.v.t.Helper()
	entries := maps.Clone(f.entry)
	if entries == nil {
		entries = map[string]string{}
	}
	for _, path := range f.remove {
		entries[path] = ""
	}
	for path, content := range f.put {
		mode := f.mode[path]
		if mode == "" {
			mode = "100644"
		}
		entries[path] = mode + " " + x.v.blob(content)
	}
	x.stage(entries)
}

func (x *index) tree() string {
	x.v.t.Helper()
	return strings.TrimSpace(x.v.gitIn("", x.env, "write-tree"))
}

// manifest lists what the staged tree changes, by the rule of the archive: every
// file of every page folder that is touched, and every other file added or
// changed.
func (x *index) manifest() []string {
	x.v.t.Helper()
	return manifestBetween(x.v, x.parent, x.tree())
}

// manifestBetween computes the manifest of a tree over its parent (none: "")
// with stock git alone.
func manifestBetween(v *victim, parent, tree string) []string {
	v.t.Helper()
	diff := []string{"diff-tree", "-r", "--no-renames", "-z", "--name-only", parent, tree}
	if parent == "" {
		diff = []string{"ls-tree", "-r", "-z", "--name-only", tree}
	}
	touched := map[string]bool{}
	for path := range strings.SplitSeq(v.git(diff...), "\x00") {
		if parts := strings.Split(path, "/"); len(parts) > 6 && parts[0] == "pages" {
			touched[strings.Join(parts[:6], "/")+"/"] = true
		} else if path != "" && path != manifestFile {
			touched[path] = true
		}
	}
	var paths, ids []string
	for line := range strings.SplitSeq(v.git("ls-tree", "-r", "-z", tree), "\x00") {
		about, path, ok := strings.Cut(line, "\t")
		parts := strings.SplitAfter(path, "/")
		f := strings.Fields(about)
		if ok && f[1] == "blob" && (touched[path] || len(parts) > 6 && touched[strings.Join(parts[:6], "")]) {
			paths, ids = append(paths, path), append(ids, f[2])
		}
	}
	lines := make([]string, len(paths))
	for i, content := range v.blobs(ids) {
		lines[i] = sha256hex(content) + "  " + paths[i] + "\n"
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	return lines
}

// blobs reads many blobs with one process.
func (v *victim) blobs(ids []string) []string {
	v.t.Helper()
	out := v.gitIn(strings.Join(ids, "\n")+"\n", nil, "cat-file", "--batch")
	var contents []string
	for range ids {
		head, rest, _ := strings.Cut(out, "\n")
		f := strings.Fields(head)
		if len(f) != 3 || f[1] != "blob" {
			v.t.Fatalf("git cat-file says %q", head)
		}
		size, err := strconv.Atoi(f[2])
		if err != nil || len(rest) <= size {
			v.t.Fatalf("git cat-file gives %d bytes of %s", len(rest), f[2])
		}
		contents, out = append(contents, rest[:size]), rest[size+1:]
	}
	return contents
}

// show returns a file of main's tree.
func (v *victim) show(path string) string {
	v.t.Helper()
	return v.git("cat-file", "blob", "refs/heads/main:"+path)
}
