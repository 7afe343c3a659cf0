package provenance_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// TestGuard: nothing is built on a head that does not verify, and nothing is
// written in the attempt.
func TestGuard(t *testing.T) {
	post := folder(t, postURL)
	for _, test := range []struct {
		name   string
		tamper func(*victim)
		want   schemas.Verdict // Verified: the archive takes more
	}{
		{"nothing", func(*victim) {}, schemas.Verified},
		{"another's good commit", func(v *victim) { v.forge(forgery{put: put(post + "/extra")}) }, schemas.Verified},
		{"file of the head", func(v *victim) {
			v.forge(forgery{put: put(post + "/extra"), manifest: without("/body.html")})
		}, schemas.Tampered},
		{"signer of the head", func(v *victim) { v.forge(forgery{by: newKey(t), put: put(post + "/extra")}) }, schemas.Untrusted},
		{"ref moved back", func(v *victim) { v.git("update-ref", "refs/heads/main", "main~1") }, schemas.Rollback},
		{"forked", func(v *victim) { v.forge(forgery{parent: v.revision("main~1"), put: put(post + "/extra")}) }, schemas.Rollback},
		{"replaced object", func(v *victim) { v.git("replace", "main~1", "main~2") }, schemas.Tampered},
		{"shallow", func(v *victim) { v.write(v.revision("main~1")+"\n", "shallow") }, schemas.Incomplete},
		{"document of tomorrow", func(v *victim) { v.forge(newerCapture(v)) }, schemas.Unsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			test.tamper(v)
			before := objectsAndRefs(v)
			for name, write := range map[string]func(*provenance.Recorder, *archive.Run) error{
				"capture": func(rec *provenance.Recorder, run *archive.Run) error {
					return rec.Record(t.Context(), run, slices.Values(archivetest.Requests(t, "https://blog.example/other")), func(provenance.Recorded) {})
				},
				"check": func(rec *provenance.Recorder, run *archive.Run) error {
					return rec.Check(t.Context(), run, slices.Values([]archive.PageRef{archivetest.At(t, sourceURL)}), func(provenance.Checked) {})
				},
				"untrack": func(rec *provenance.Recorder, run *archive.Run) error {
					_, err := rec.Untrack(t.Context(), run, "", archivetest.At(t, sourceURL))
					return err
				},
			} {
				err := v.writeAnew(t, write)
				var unverified *provenance.UnverifiedHeadError
				switch {
				case test.want == schemas.Verified:
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				case !errors.As(err, &unverified) || unverified.Verdict != test.want || len(unverified.Problems) == 0:
					t.Errorf("%s: got %v, want a refusal because the head is %s", name, err, test.want)
				}
			}
			after := objectsAndRefs(v)
			if same := maps.Equal(before, after); same != (test.want != schemas.Verified) {
				t.Errorf("objects and refs are as before: %v", same)
			}
		})
	}
}

// writeAnew opens the archive as a new process would and writes to it.
func (v *victim) writeAnew(t *testing.T, write func(*provenance.Recorder, *archive.Run) error) error {
	t.Helper()
	web := archivetest.NewWeb(t)
	web.Serve("https://blog.example/other", archivetest.Article("Other", secret+"."))
	web.Serve(sourceURL, archivetest.Article("Fire in the harbour", "All is different."))
	a, err := archive.Open(v.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	visitor := archivetest.NewVisitor(t, web)
	visitor.Clock = v.clock
	run, err := archive.NewRun(a, visitor.RunOptions())
	if err != nil {
		t.Fatal(err)
	}
	return write(&provenance.Recorder{Archive: a, Key: v.key, Memory: v.memory, Command: "test", Now: v.clock.Now}, run)
}

// objectsAndRefs returns what an archive consists of, without the folder that
// can be rebuilt.
func objectsAndRefs(v *victim) map[string]string {
	all := map[string]string{}
	for path, content := range readFolder(v.t, v.dir) {
		if len(path) < 9 || path[:9] != "walkback/" {
			all[path] = string(content)
		}
	}
	return all
}

// TestIntroduceOwn: who holds the key of the root is not a stranger, even when
// the introduction was lost; who holds another key is.
func TestIntroduceOwn(t *testing.T) {
	capture := func(rec *provenance.Recorder, run *archive.Run) error {
		return rec.Record(t.Context(), run, slices.Values(archivetest.Requests(t, "https://blog.example/other")), func(provenance.Recorded) {})
	}
	v := newVictim(t)
	for _, test := range []struct {
		name string
		key  *trust.Key
		want bool
	}{{"another key", newKey(t), false}, {"the key of the root", nil, true}} {
		if test.key != nil {
			allowed := v.show("trust/allowed_signers") + trust.SignerLine(provenancetest.Email, test.key.PublicKey())
			v.forge(forgery{kind: schemas.KindTrust, put: map[string]string{"trust/allowed_signers": allowed}})
		} else {
			test.key = v.key
		}
		w := *v
		w.key, w.memory = test.key, trust.NewMemory(t.TempDir())
		if err := w.writeAnew(t, capture); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if report := w.verify(provenance.VerifyOptions{}); report.ExitCode != 0 || report.Pinned != test.want {
			t.Errorf("%s: pinned is %v, want %v: %s", test.name, report.Pinned, test.want, problems(report))
		}
	}
}
