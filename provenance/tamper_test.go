package provenance_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

// attack is one way to tamper with an archive and what verify must say of it.
type attack struct {
	name   string
	tamper func(*victim)
	want   schemas.Verdict
	check  string // the check that must have found it
	says   string // in the detail of a problem
}

// run holds verify to the verdict, and to the exit code that DESIGN gives it.
func (a attack) run(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	a.tamper(v)
	a.expect(t, v.verify(v.options))
	if a.want == schemas.Verified {
		v.stockAgrees()
	}
}

func runAttacks(t *testing.T, attacks func(*testing.T) []attack) {
	for _, a := range attacks(t) {
		t.Run(a.name, a.run)
	}
}

func (a attack) expect(t *testing.T, report *schemas.VerifyReport) {
	t.Helper()
	codes := map[schemas.Verdict]int{
		schemas.Verified: 0, schemas.Tampered: 10, schemas.Untrusted: 11, schemas.Incomplete: 12, schemas.Rollback: 14, schemas.Unsupported: 15,
		schemas.Unproven: 13, schemas.Policy: 16,
	}
	if report.Verdict != a.want || report.ExitCode != codes[a.want] {
		t.Errorf("verify says %s (exit code %d), want %s (%d)", problems(report), report.ExitCode, a.want, codes[a.want])
		return
	}
	if a.want == schemas.Verified {
		a.expectWarning(t, report)
		return
	}
	if found := failed(report, a.want); !slices.Contains(found, a.check) {
		t.Errorf("found by %q, want %q: %s", found, a.check, problems(report))
	}
	if !strings.Contains(problems(report), a.says) {
		t.Errorf("no problem says %q: %s", a.says, problems(report))
	}
}

// expectWarning holds a report that finds nothing wrong to what it must warn of.
func (a attack) expectWarning(t *testing.T, report *schemas.VerifyReport) {
	t.Helper()
	for _, check := range report.Checks {
		if warns := check.Status == schemas.Warn && strings.Contains(check.Detail, a.says); warns != (a.check == check.ID) && check.ID == "signers" {
			t.Errorf("%s: %s %q, want a warning: %q of %s", check.ID, check.Status, check.Detail, a.says, a.check)
		}
	}
}

// TestTamperedStorage: what somebody does who can write to the disk and has no
// key.
func TestTamperedStorage(t *testing.T) { runAttacks(t, storageAttacks) }

func storageAttacks(t *testing.T) []attack {
	body := func(v *victim) string {
		return v.revision("refs/heads/main:" + folder(v.t, postURL) + "/body.html")
	}
	return []attack{
		{"byte of a loose object", func(v *victim) {
			v.loosen()
			id := body(v)
			v.rewrite(v.path("objects", id[:2], id[2:]), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, schemas.Tampered, "objects", "is corrupt in"},
		{"loose object forged", func(v *victim) {
			v.loosen()
			id, other := body(v), v.blob("forged")
			forged, err := os.ReadFile(v.path("objects", other[:2], other[2:]))
			if err != nil {
				v.t.Fatal(err)
			}
			v.rewrite(v.path("objects", id[:2], id[2:]), func([]byte) []byte { return forged })
		}, schemas.Tampered, "objects", "is corrupt in"},
		{"loose object gone", func(v *victim) {
			v.loosen()
			id := body(v)
			if err := os.Remove(v.path("objects", id[:2], id[2:])); err != nil {
				v.t.Fatal(err)
			}
		}, schemas.Incomplete, "objects", "is missing"},
		{"byte of a pack", func(v *victim) {
			pack, offset, size := v.packed(body(v))
			v.rewrite(pack, func(b []byte) []byte { b[offset+size/2] ^= 1; return b })
		}, schemas.Tampered, "objects", "is corrupt in"},
		{"byte of a packed commit", func(v *victim) {
			pack, offset, size := v.packed(v.revision("main~1"))
			v.rewrite(pack, func(b []byte) []byte { b[offset+size/2] ^= 1; return b })
		}, schemas.Tampered, "objects", "is corrupt in"},
		{"pack cut off", func(v *victim) {
			pack, offset, _ := v.packed(body(v))
			v.rewrite(pack, func(b []byte) []byte { return b[:offset+10] })
		}, schemas.Incomplete, "objects", "is cut off"},
		{"pack cut off by its last byte", func(v *victim) {
			v.rewrite(v.packs()[0], func(b []byte) []byte { return b[:len(b)-1] })
		}, schemas.Incomplete, "repository", "stock git refuses it"},
		{"pack gone", func(v *victim) {
			pack, _, _ := v.packed(body(v))
			for _, file := range []string{pack, strings.TrimSuffix(pack, ".pack") + ".idx"} {
				if err := os.Remove(file); err != nil {
					v.t.Fatal(err)
				}
			}
		}, schemas.Incomplete, "objects", "is missing"},
		{"all packs gone", func(v *victim) {
			if err := os.RemoveAll(v.path("objects", "pack")); err != nil {
				v.t.Fatal(err)
			}
		}, schemas.Incomplete, "objects", "is missing"},
		{"shallow clone", func(v *victim) {
			clone := filepath.Join(v.t.TempDir(), "clone.git")
			v.git("clone", "-q", "--bare", "--depth=2", "file://"+v.dir, clone)
			v.dir = clone
		}, schemas.Incomplete, "repository", "the history is cut off"},
		{"partial clone", func(v *victim) {
			v.git("config", "uploadpack.allowFilter", "true")
			clone := filepath.Join(v.t.TempDir(), "clone.git")
			v.git("clone", "-q", "--bare", "--filter=blob:none", "file://"+v.dir, clone)
			v.dir = clone
		}, schemas.Incomplete, "objects", "is missing"},
		{"objects kept elsewhere", func(v *victim) {
			clone := filepath.Join(v.t.TempDir(), "clone.git")
			v.git("clone", "-q", "--bare", "--shared", v.dir, clone)
			v.dir = clone
		}, schemas.Incomplete, "repository", "another repository"},
		{"no ref", func(v *victim) {
			if err := os.Remove(v.path("refs", "heads", "main")); err != nil {
				v.t.Fatal(err)
			}
		}, schemas.Incomplete, "commits", "there is no commit"},
		{"ref of another object", func(v *victim) {
			v.write(body(v)+"\n", "refs", "heads", "main")
		}, schemas.Tampered, "commits", "malformed"},
		{"ref moved back", func(v *victim) {
			v.git("update-ref", "refs/heads/main", "main~1")
		}, schemas.Rollback, "receipt", "history ends at snapshot 2"},
		{"ref moved back to the root", func(v *victim) {
			v.git("update-ref", "refs/heads/main", "main~3")
		}, schemas.Rollback, "receipt", "history ends at snapshot 0"},
		{"commit replaced", func(v *victim) {
			v.git("replace", "main", "main~1")
		}, schemas.Tampered, "repository", "it replaces an object"},
		{"blob replaced, ref packed", func(v *victim) {
			v.git("replace", "-f", body(v), v.blob("forged"))
			v.git("pack-refs", "--all")
		}, schemas.Tampered, "repository", "replaces an object"},
		{"graft", func(v *victim) {
			v.write(v.revision("main")+" "+v.revision("main~2")+"\n", "info", "grafts")
		}, schemas.Tampered, "repository", "other parents"},
		{"HEAD elsewhere", func(v *victim) {
			v.git("update-ref", "refs/heads/other", "main~1")
			v.git("symbolic-ref", "HEAD", "refs/heads/other")
		}, schemas.Tampered, "repository", "refs/heads/other"},
		{"own verifier configured", func(v *victim) {
			v.git("config", "gpg.ssh.program", "/bin/true")
		}, schemas.Tampered, "repository", "gpg.ssh.program"},
		{"attributes outside of the tree", func(v *victim) {
			v.write("* -diff\n", "info", "attributes")
		}, schemas.Tampered, "repository", "how files are shown"},
		{"commit dropped, signature kept", func(v *victim) {
			raw := v.git("cat-file", "commit", "main")
			v.adopt(strings.Replace(raw, v.revision("main~1"), v.revision("main~2"), 1))
		}, schemas.Tampered, "signatures", "does not fit the commit"},
		{"message edited, signature kept", func(v *victim) {
			v.adopt(strings.Replace(v.git("cat-file", "commit", "main"), "not%20good", "all%20good", 1))
		}, schemas.Tampered, "signatures", "does not fit the commit"},
		{"signature of another commit", func(v *victim) {
			from, to := v.git("cat-file", "commit", "main~1"), v.git("cat-file", "commit", "main")
			v.adopt(strings.Replace(to, armorOf(to), armorOf(from), 1))
		}, schemas.Tampered, "signatures", "does not fit the commit"},
		{"signature removed", func(v *victim) {
			raw := v.git("cat-file", "commit", "main")
			v.adopt(strings.Replace(raw, "gpgsig "+armorOf(raw)+"\n", "", 1))
		}, schemas.Tampered, "commits", "gpgsig"},
	}
}

// armorOf returns the signature of a raw commit with the indentation it has
// there.
func armorOf(raw string) string {
	const begin, end = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
	return raw[strings.Index(raw, begin) : strings.Index(raw, end)+len(end)]
}

// TestUntouched: the very ways of the attacks lead to an archive that verifies
// when nothing is amiss, so that no attack is found for the wrong reason.
func TestUntouched(t *testing.T) {
	for _, a := range []attack{
		{name: "loose objects", tamper: func(v *victim) { v.loosen() }},
		{name: "repacked", tamper: func(v *victim) { v.git("repack", "-adfq") }},
		{name: "bare clone", tamper: func(v *victim) {
			clone := filepath.Join(v.t.TempDir(), "clone.git")
			v.git("clone", "-q", "--bare", "--no-local", v.dir, clone)
			v.dir = clone
		}},
		{name: "commit stored again", tamper: func(v *victim) { v.adopt(v.git("cat-file", "commit", "main")) }},
		{name: "commit by plumbing", tamper: func(v *victim) {
			text := folder(v.t, sourceURL) + "/text.md"
			v.forge(forgery{kind: schemas.KindCapture, put: map[string]string{folder(v.t, postURL) + "/extra": "more", text: v.show(text)}})
		}},
		{name: "empty grafts", tamper: func(v *victim) { v.write("", "info", "grafts") }},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			a.tamper(v)
			if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 0 || !report.Pinned {
				t.Errorf("pinned %v, %s", report.Pinned, problems(report))
			}
			if fsck := v.git("--no-replace-objects", "fsck", "--full", "--strict", "--no-dangling"); fsck != "" {
				t.Errorf("git fsck says %q", fsck)
			}
		})
	}
}

// TestWorstWins: every check runs, and the worst problem decides: 10, 14, 11,
// 12, 15.
func TestWorstWins(t *testing.T) {
	tampered := func(v *victim) { v.write(v.revision("main")+"\n", "info", "grafts") }
	rolledBack := func(v *victim) { v.git("update-ref", "refs/heads/main", "main~1") }
	untrusted := func(v *victim) {
		v.forge(forgery{by: newKey(v.t), put: map[string]string{folder(v.t, postURL) + "/extra": "x"}})
	}
	incomplete := func(v *victim) { v.write("", "objects", "pack", "pack-x.promisor") }
	unsupported := func(v *victim) { v.forge(newerCapture(v)) }
	for _, test := range []struct {
		name string
		all  []func(*victim)
		want schemas.Verdict
		also schemas.Verdict
	}{
		{"tampered and rolled back", []func(*victim){rolledBack, tampered}, schemas.Tampered, schemas.Rollback},
		{"tampered and untrusted", []func(*victim){untrusted, tampered}, schemas.Tampered, schemas.Untrusted},
		{"rolled back and untrusted", []func(*victim){rolledBack, untrusted}, schemas.Rollback, schemas.Untrusted},
		{"rolled back and incomplete", []func(*victim){rolledBack, incomplete}, schemas.Rollback, schemas.Incomplete},
		{"untrusted and incomplete", []func(*victim){untrusted, incomplete}, schemas.Untrusted, schemas.Incomplete},
		{"incomplete and unsupported", []func(*victim){unsupported, incomplete}, schemas.Incomplete, schemas.Unsupported},
		{"untrusted and unsupported", []func(*victim){unsupported, untrusted}, schemas.Untrusted, schemas.Unsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			for _, tamper := range test.all {
				tamper(v)
			}
			report := v.verify(provenance.VerifyOptions{})
			if report.Verdict != test.want || report.ExitCode != test.want.ExitCode() || len(failed(report, test.also)) == 0 {
				t.Errorf("got %s, want %s and also %s", problems(report), test.want, test.also)
			}
		})
	}
}

// newerCapture is a commit whose capture.json has a version of tomorrow. What
// it says of files is not held against it, what the manifest says is.
func newerCapture(v *victim) forgery {
	file := folder(v.t, postURL) + "/capture.json"
	newer := bytes.Replace([]byte(v.show(file)), []byte(`"capture/1"`), []byte(`"capture/2"`), 1)
	return forgery{put: map[string]string{file: string(newer)}}
}
