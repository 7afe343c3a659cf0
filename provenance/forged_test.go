package provenance_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// newKey makes a key that no archive allows, in the owner's name.
func newKey(t *testing.T) *trust.Key {
	t.Helper()
	key, err := trust.NewKey(filepath.Join(t.TempDir(), "other"), provenancetest.Name, provenancetest.Email, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// put is one file, with the content that the others of its test do not have.
func put(path string) map[string]string { return map[string]string{path: "content of " + path + "\n"} }

// TestForgedCommits: what the holder of a key can do, against the rules or
// against the manifest.
func TestForgedCommits(t *testing.T) { runAttacks(t, forgedCommits) }

func forgedCommits(t *testing.T) []attack {
	post, source := folder(t, postURL), folder(t, sourceURL)
	return []attack{
		{"another key", func(v *victim) {
			v.forge(forgery{by: newKey(v.t), put: put(post + "/extra")})
		}, schemas.Untrusted, "signers", "does not allow this key"},
		{"another name", func(v *victim) {
			v.forge(forgery{email: "mallory@operator.example", put: put(post + "/extra")})
		}, schemas.Untrusted, "signers", "belongs to another name"},
		{"key let in by its own commit", func(v *victim) {
			key := newKey(v.t)
			allowed := v.show("trust/allowed_signers") + trust.SignerLine(provenancetest.Email, key.PublicKey())
			v.forge(forgery{kind: schemas.KindTrust, by: key, put: map[string]string{"trust/allowed_signers": allowed}})
		}, schemas.Untrusted, "signers", "does not allow this key"},
		{"key no longer allowed", func(v *victim) {
			v.forge(windowOf(v, "valid-before", v.clock.Now()))
			v.forge(forgery{put: put(post + "/extra")})
		}, schemas.Untrusted, "signers", "no longer allowed"},
		{"key not yet allowed", func(v *victim) {
			v.forge(windowOf(v, "valid-after", v.clock.Now().Add(time.Second)))
			v.forge(forgery{put: put(post + "/extra")})
		}, schemas.Untrusted, "signers", "not yet allowed"},
		{"allowed signers that cannot be read", func(v *victim) {
			v.forge(forgery{kind: schemas.KindTrust, put: map[string]string{"trust/allowed_signers": "nonsense\n"}})
			v.forge(forgery{put: put(post + "/extra")})
		}, schemas.Untrusted, "signers", "line 1"},
		{"another namespace", func(v *victim) {
			v.forge(forgery{by: inNamespace{v.key, v.t, "file"}, put: put(post + "/extra")})
		}, schemas.Tampered, "signatures", `namespace "file"`},

		{"manifest line edited", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: func(lines []string) []string {
				lines[0] = strings.Repeat("0a", 32) + lines[0][64:]
				return lines
			}})
		}, schemas.Tampered, "manifests", "the manifest says sha256:0a0a"},
		{"manifest edited after the signature", func(v *victim) {
			index := newIndex(v, "main")
			index.apply(forgery{put: put(post + "/extra")})
			text := strings.Join(index.manifest(), "")
			index.set(manifestFile, strings.Replace(text, "extra", "extrb", 1))
			f := forgery{kind: schemas.KindCapture, parent: v.revision("main"), by: v.key}
			v.sign(f, v.payload(f, index.tree(), sha256hex(text)))
		}, schemas.Tampered, "manifests", "the commit says"},
		{"no manifest", func(v *victim) {
			index := newIndex(v, "main")
			index.apply(forgery{put: put(post + "/extra"), remove: []string{manifestFile}})
			f := forgery{kind: schemas.KindCapture, parent: v.revision("main"), by: v.key}
			v.sign(f, v.payload(f, index.tree(), sha256hex("")))
		}, schemas.Tampered, "manifests", "it has no manifest-sha256.txt"},
		{"file without a manifest line", func(v *victim) {
			v.forge(forgery{kind: schemas.KindTrust, put: map[string]string{"trust/a": "a", "trust/b": "b"}, manifest: without("trust/b")})
		}, schemas.Tampered, "manifests", "trust/b is not in the manifest"},
		{"file of a page folder missing from its listing", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: without("/body.html")})
		}, schemas.Tampered, "manifests", "body.html is not in the manifest"},
		{"file of a page folder slipped in", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: without("/extra")})
		}, schemas.Tampered, "manifests", "extra is not in the manifest"},
		{"manifest lists a file of another page", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: with(v, source+"/text.md")})
		}, schemas.Tampered, "manifests", "does not touch it"},
		{"manifest lists an old file outside of pages", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: with(v, "VERIFY.md")})
		}, schemas.Tampered, "manifests", "does not touch it"},
		{"manifest lists a file that is not there", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: func(lines []string) []string {
				return sorted(append(lines, strings.Repeat("0a", 32)+"  "+post+"/none\n"))
			}})
		}, schemas.Tampered, "manifests", "there is no such file"},
		{"manifest not sorted", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: func(lines []string) []string { slices.Reverse(lines); return lines }})
		}, schemas.Tampered, "manifests", "stands after"},
		{"file deleted outside of a page folder", func(v *victim) {
			v.forge(forgery{kind: schemas.KindTrust, put: put("trust/new"), remove: []string{"VERIFY.md"}})
		}, schemas.Tampered, "rules", "this file is deleted"},

		{"executable file", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), mode: map[string]string{post + "/extra": "100755"}})
		}, schemas.Tampered, "rules", "has mode 100755"},
		{"executable file outside of pages", func(v *victim) {
			v.forge(forgery{kind: schemas.KindTrust, put: put("trust/run"), mode: map[string]string{"trust/run": "100755"}})
		}, schemas.Tampered, "rules", "has mode 100755"},
		{"symbolic link", func(v *victim) {
			v.forge(forgery{put: map[string]string{post + "/link": "/etc/passwd"}, mode: map[string]string{post + "/link": "120000"}})
		}, schemas.Tampered, "rules", "has mode 120000"},
		{"submodule", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), entry: map[string]string{post + "/sub": "160000 " + v.revision("main")}})
		}, schemas.Tampered, "rules", "has mode 160000"},

		{"trailer duplicated", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), message: func(s string) string { return s + "Sequence: 4\n" }})
		}, schemas.Tampered, "commits", "each once and in this order"},
		{"second block of trailers", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), message: func(s string) string { return s + "\nSequence: 9\n" }})
		}, schemas.Tampered, "commits", "each once and in this order"},
		{"wrong archive id", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), message: func(s string) string {
				return strings.Replace(s, v.id, "urn:uuid:00000000-0000-4000-8000-000000000000", 1)
			}})
		}, schemas.Tampered, "commits", "it belongs to archive"},
		{"wrong sequence", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), message: func(s string) string { return strings.Replace(s, "Sequence: 4", "Sequence: 5", 1) }})
		}, schemas.Tampered, "chain", "snapshot 5 on top of snapshot 3"},
		{"commit dropped by the operator", func(v *victim) {
			f := forgery{kind: schemas.KindCheck, by: v.key, parent: v.revision("main~2"), message: func(s string) string {
				return strings.Replace(s, "Sequence: 2", "Sequence: 3", 1)
			}}
			index := newIndex(v, f.parent)
			index.apply(forgery{put: put(post + "/extra")})
			text := strings.Join(index.manifest(), "")
			index.set(manifestFile, text)
			v.sign(f, strings.Replace(v.payload(f, index.tree(), sha256hex(text)), sha256hex(v.git("cat-file", "commit", "main~2")), sha256hex(v.git("cat-file", "commit", "main~1")), 1))
		}, schemas.Tampered, "chain", "it was made on a parent with"},
		{"unknown kind", func(v *victim) {
			v.forge(forgery{kind: "gossip", put: put(post + "/extra")})
		}, schemas.Tampered, "commits", "not a kind of commit"},
		{"format of tomorrow", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), message: func(s string) string {
				return strings.Replace(s, "Archive-Format: 1", "Archive-Format: 2", 1)
			}})
		}, schemas.Unsupported, "commits", "Archive-Format has version 2"},

		{"junk after the armor", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), raw: func(s string) string {
				return strings.Replace(s, "-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n junk\n", 1)
			}})
		}, schemas.Tampered, "commits", "does not end in an armor line"},
		{"two signatures in one header", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), raw: func(s string) string {
				return strings.Replace(s, armorOf(s), armorOf(s)+"\n "+armorOf(s), 1)
			}})
		}, schemas.Tampered, "commits", "malformed"},
		{"two signature headers", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), raw: func(s string) string {
				return strings.Replace(s, "gpgsig "+armorOf(s)+"\n", strings.Repeat("gpgsig "+armorOf(s)+"\n", 2), 1)
			}})
		}, schemas.Tampered, "commits", `header "gpgsig`},
		{"unknown header", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), payload: func(s string) string { return strings.Replace(s, "\n\n", "\nencoding UTF-8\n\n", 1) }})
		}, schemas.Tampered, "commits", `found "encoding"`},
		{"two trees", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), payload: func(s string) string {
				return strings.Replace(s, "\nparent", "\ntree "+v.revision("main^{tree}")+"\nparent", 1)
			}})
		}, schemas.Tampered, "commits", `found "tree"`},
		{"two committers", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), payload: func(s string) string {
				headers, message, _ := strings.Cut(s, "\n\n")
				return headers + "\n" + headers[strings.Index(headers, "committer "):] + "\n\n" + message
			}})
		}, schemas.Tampered, "commits", `found "committer"`},
		{"header after the signature", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), raw: func(s string) string { return strings.Replace(s, "\n\n", "\nmergetag x\n\n", 1) }})
		}, schemas.Tampered, "commits", `header "mergetag x"`},
		{"two parents", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), payload: func(s string) string {
				return strings.Replace(s, "\nauthor", "\nparent "+v.revision("main~1")+"\nauthor", 1)
			}})
		}, schemas.Tampered, "commits", `found "parent"`},
		{"another author", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), payload: func(s string) string {
				return strings.Replace(s, "author "+provenancetest.Name, "author Somebody Else", 1)
			}})
		}, schemas.Tampered, "commits", "author and committer differ"},
		{"back-dated", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), time: v.clock.Now().Add(-2 * time.Hour).Unix()})
		}, schemas.Tampered, "chain", "its time lies before its parent's"},
		{"forked", func(v *victim) {
			v.forge(forgery{parent: v.revision("main~1"), put: put(post + "/extra")})
		}, schemas.Rollback, "receipt", "it was written anew"},
		{"forked and longer", func(v *victim) {
			v.forge(forgery{parent: v.revision("main~1"), put: put(post + "/extra")})
			v.forge(forgery{put: put(post + "/extrb")})
		}, schemas.Rollback, "receipt", "it was written anew"},
		{"second root", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), payload: func(s string) string {
				return strings.Replace(s, "parent "+v.revision("main")+"\n", "", 1)
			}})
		}, schemas.Tampered, "chain", "has no parent, but says it is snapshot 4"},
	}
}

// TestForgedDocuments: files whose digests are right and that contradict each
// other.
func TestForgedDocuments(t *testing.T) { runAttacks(t, forgedDocuments) }

func forgedDocuments(t *testing.T) []attack {
	post, source := folder(t, postURL), folder(t, sourceURL)
	return []attack{
		{"body that capture.json does not mean", func(v *victim) {
			v.forge(forgery{put: put(post + "/body.html")})
		}, schemas.Tampered, "documents", "capture.json says that body.html has"},
		{"text that capture.json does not mean", func(v *victim) {
			v.forge(forgery{put: put(source + "/text.md")})
		}, schemas.Tampered, "documents", "capture.json says that text.md has"},
		{"body gone", func(v *victim) {
			v.forge(forgery{remove: []string{post + "/body.html"}})
		}, schemas.Tampered, "documents", "capture.json names body.html, which is not there"},
		{"capture.json gone", func(v *victim) {
			v.forge(forgery{remove: []string{post + "/capture.json"}})
		}, schemas.Tampered, "documents", "capture.json"},
		{"page gone", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), remove: strings.Fields(v.git("ls-tree", "-r", "--name-only", "main", source+"/"))})
		}, schemas.Tampered, "rules", "is gone"},
		{"capture.json of another page", func(v *victim) {
			v.forge(forgery{put: map[string]string{post + "/capture.json": v.show(source + "/capture.json")}})
		}, schemas.Tampered, "documents", "it is a capture of another page: " + sourceURL},
		{"capture.json that is none", func(v *victim) {
			v.forge(forgery{put: map[string]string{post + "/capture.json": "{}\n"}})
		}, schemas.Tampered, "documents", "capture.json"},
		{"capture.json of tomorrow", func(v *victim) {
			v.forge(newerCapture(v))
		}, schemas.Unsupported, "documents", "capture has version 2"},
		{"capture.json of tomorrow, and a file that is not in the manifest", func(v *victim) {
			f := newerCapture(v)
			f.manifest = without("/body.html")
			v.forge(f)
		}, schemas.Tampered, "manifests", "body.html is not in the manifest"},
	}
}

// TestKindRules: one commit outside of its row of DESIGN §5 a test, and one
// inside of it, which verifies.
func TestKindRules(t *testing.T) {
	post := folder(t, postURL)
	evidence := "evidence/0/0/0/0/0/1/" + strings.Repeat("ab", 32) + "/tsa.tsr"
	checks := "checks/2026/11/23/12/20261123T120000Z-01234567-1.jsonl"
	past := post + "/past/20200101000000-01234567/body.html"
	const may, mayNot = schemas.Verified, schemas.Tampered
	for _, test := range []struct {
		kind   schemas.CommitKind
		what   string
		change func(v *victim) forgery
		want   schemas.Verdict
	}{
		{schemas.KindCapture, "file of a page", adds(post + "/extra"), may},
		{schemas.KindCapture, "checks file", adds(checks), may},
		{schemas.KindCapture, "trust", adds("trust/new"), mayNot},
		{schemas.KindCapture, "evidence", adds(evidence), mayNot},
		{schemas.KindCapture, "past", adds(past), mayNot},
		{schemas.KindCapture, "root of the tree", adds("README.md"), mayNot},
		{schemas.KindCapture, "archive.json", adds("archive.json"), mayNot},
		{schemas.KindCapture, "attributes", adds(".gitattributes"), mayNot},
		{schemas.KindCapture, "file beside the page folders", adds("pages/0/extra"), mayNot},
		{schemas.KindCapture, "checks file of another form", adds("checks/notes.jsonl"), mayNot},
		{schemas.KindCapture, "page folder that is misplaced", adds(strings.Replace(post, "pages/", "pages/0/", 1) + "/extra"), mayNot},
		{schemas.KindCheck, "checks file", adds(checks), may},
		{schemas.KindCheck, "checks file that was there", func(v *victim) forgery {
			return forgery{put: put(strings.Fields(v.git("ls-tree", "-r", "--name-only", "main", "checks/"))[0])}
		}, mayNot},
		{schemas.KindCheck, "trust", adds("trust/new"), mayNot},
		{schemas.KindCheck, "past", adds(past), mayNot},
		{schemas.KindImport, "past", adds(past), may},
		{schemas.KindImport, "past that was there", func(v *victim) forgery {
			v.forge(forgery{kind: schemas.KindImport, put: put(past)})
			return forgery{put: map[string]string{past: "other"}}
		}, mayNot},
		{schemas.KindImport, "new page", func(v *victim) forgery { return newPage(v, "https://fresh.example/new") }, may},
		{schemas.KindImport, "new file of a known page", adds(post + "/extra"), mayNot},
		{schemas.KindImport, "newest capture", func(v *victim) forgery { return edited(v, post+"/capture.json", `"certain"`, `"likely"`) }, mayNot},
		{schemas.KindImport, "checks file", adds(checks), mayNot},
		{schemas.KindRederive, "text", rederived, may},
		{schemas.KindRederive, "outcome", func(v *victim) forgery { return edited(v, post+"/capture.json", `"served"`, `"gone"`) }, mayNot},
		{schemas.KindRederive, "other file of a page", adds(post + "/extra"), mayNot},
		{schemas.KindRederive, "checks file", adds(checks), mayNot},
		{schemas.KindEvidence, "evidence", adds(evidence), may},
		{schemas.KindEvidence, "log", adds("log/note-4"), may},
		{schemas.KindEvidence, "evidence that was there", func(v *victim) forgery {
			v.forge(forgery{kind: schemas.KindEvidence, put: put(evidence)})
			return forgery{put: map[string]string{evidence: "other"}}
		}, mayNot},
		{schemas.KindEvidence, "evidence of another form", adds("evidence/tsa.tsr"), mayNot},
		{schemas.KindEvidence, "file of a page", adds(post + "/extra"), mayNot},
		{schemas.KindTrust, "trust", adds("trust/new"), may},
		{schemas.KindTrust, "file of a page", adds(post + "/extra"), mayNot},
		{schemas.KindTrust, "root of the tree", adds("README.md"), mayNot},
		{schemas.KindWithhold, "trust", adds("trust/new"), mayNot},
		{schemas.KindWithhold, "new file of a page", adds(post + "/extra"), mayNot},
		{schemas.KindWithhold, "text of a page", rederived, mayNot},
		{schemas.KindInit, "once more", adds("README.md"), mayNot},
	} {
		t.Run(string(test.kind)+" "+test.what, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			f := test.change(v)
			f.kind = test.kind
			v.forge(f)
			a := attack{want: test.want, check: "rules", says: "a commit of kind " + string(test.kind) + " may not write this"}
			switch {
			case test.want == may:
				if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 0 {
					t.Errorf("got %s", problems(report))
				}
				return
			case test.kind == schemas.KindInit:
				a.check, a.says = "commits", "in the init commit and only there"
			}
			a.expect(t, v.verify(provenance.VerifyOptions{}))
		})
	}
}

func adds(path string) func(*victim) forgery {
	return func(*victim) forgery { return forgery{put: put(path)} }
}

func edited(v *victim, path, old, new string) forgery {
	v.t.Helper()
	before := v.show(path)
	after := strings.Replace(before, old, new, 1)
	if after == before {
		v.t.Fatalf("%s does not hold %s", path, old)
	}
	return forgery{put: map[string]string{path: after}}
}

// rederived is a page whose text was read anew by an honest later extractor.
func rederived(v *victim) forgery {
	v.t.Helper()
	page := folder(v.t, postURL)
	before, text := v.show(page+"/text.md"), v.show(page+"/text.md")+"One more line.\n"
	capture := v.show(page + "/capture.json")
	for old, new := range map[string]string{
		sha256hex(before): sha256hex(text), fmt.Sprintf(`"size": %d,`, len(before)): fmt.Sprintf(`"size": %d,`, len(text)),
	} {
		if strings.Count(capture, old) != 1 {
			v.t.Fatalf("capture.json holds %s %d times", old, strings.Count(capture, old))
		}
		capture = strings.Replace(capture, old, new, 1)
	}
	return forgery{put: map[string]string{page + "/text.md": text, page + "/capture.json": capture}}
}

// newPage is a page that the archive never captured, made of another one.
func newPage(v *victim, address string) forgery {
	v.t.Helper()
	from, to := archivetest.At(v.t, lostURL), archivetest.At(v.t, address)
	rename := strings.NewReplacer(from.Name, to.Name, from.ID.String(), to.ID.String())
	files := map[string]string{}
	for _, file := range strings.Fields(v.git("ls-tree", "-r", "--name-only", "main", from.Folder+"/")) {
		content := v.show(file)
		if strings.HasSuffix(file, "/capture.json") {
			content = rename.Replace(content)
		}
		files[to.Folder+strings.TrimPrefix(file, from.Folder)] = content
	}
	return forgery{put: files}
}

func sorted(lines []string) []string {
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	return lines
}

// without drops the line of the one file whose path ends so.
func without(suffix string) func([]string) []string {
	return func(lines []string) []string {
		return slices.DeleteFunc(lines, func(line string) bool { return strings.HasSuffix(line, suffix+"\n") })
	}
}

// with adds a line for a file of main.
func with(v *victim, path string) func([]string) []string {
	return func(lines []string) []string {
		return sorted(append(lines, sha256hex(v.show(path))+"  "+path+"\n"))
	}
}

// windowOf bounds the time in which the owner's key is allowed.
func windowOf(v *victim, option string, at time.Time) forgery {
	line := fmt.Sprintf("%s namespaces=\"git\",%s=\"%s\" %s\n", provenancetest.Email, option, at.UTC().Format("20060102150405Z"), v.key.PublicKey())
	return forgery{kind: schemas.KindTrust, put: map[string]string{"trust/allowed_signers": line}}
}

// inNamespace signs for another purpose, with ssh-keygen.
type inNamespace struct {
	*trust.Key
	t         *testing.T
	namespace string
}

func (k inNamespace) Sign(message io.Reader) ([]byte, error) {
	needTool(k.t, "ssh-keygen")
	cmd := exec.Command("ssh-keygen", "-Y", "sign", "-q", "-n", k.namespace, "-f", k.File())
	cmd.Stdin = message
	return cmd.Output()
}

// TestIntroduction: the root is held against what this user was told of it.
func TestIntroduction(t *testing.T) {
	v := newVictim(t)
	known, err := v.memory.Introduction(v.id)
	if err != nil || known == nil {
		t.Fatalf("introduction %v, %v", known, err)
	}
	stranger := trust.NewMemory(t.TempDir())
	with := func(edit func(*schemas.Introduction)) *schemas.Introduction {
		changed := *known
		edit(&changed)
		return &changed
	}
	for _, test := range []struct {
		name    string
		options provenance.VerifyOptions
		want    schemas.Verdict
		pinned  bool
		says    string
	}{
		{"owner", provenance.VerifyOptions{Strict: true}, schemas.Verified, true, ""},
		{"stranger", provenance.VerifyOptions{Memory: stranger}, schemas.Verified, false, ""},
		{"stranger, strict", provenance.VerifyOptions{Memory: stranger, Strict: true}, schemas.Untrusted, false, "UNPINNED"},
		{"another root", provenance.VerifyOptions{Introduction: with(func(i *schemas.Introduction) { i.RootSHA256 = schemas.DigestOf(nil) })}, schemas.Untrusted, false, "the root commit has"},
		{"another archive", provenance.VerifyOptions{Introduction: with(func(i *schemas.Introduction) { i.ArchiveID = "urn:uuid:00000000-0000-4000-8000-000000000000" })}, schemas.Untrusted, false, "it is for archive"},
		{"another key", provenance.VerifyOptions{Introduction: with(func(i *schemas.Introduction) { i.RootKey = newKey(t).Fingerprint() })}, schemas.Untrusted, false, "the root commit is signed by"},
		{"handed over", provenance.VerifyOptions{Memory: stranger, Introduction: known, Strict: true}, schemas.Verified, true, ""},
		{"remembered", provenance.VerifyOptions{Memory: stranger, Strict: true}, schemas.Verified, true, ""},
	} {
		report := v.verify(test.options)
		if report.Verdict != test.want || !strings.Contains(problems(report), test.says) {
			t.Errorf("%s: got %s, want %s because %q", test.name, problems(report), test.want, test.says)
		}
		if test.want == schemas.Verified && report.Pinned != test.pinned {
			t.Errorf("%s: pinned is %v, want %v", test.name, report.Pinned, test.pinned)
		}
	}
}
