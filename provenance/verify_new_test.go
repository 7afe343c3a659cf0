package provenance_test

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// TestVerifyNew: after a whole verification, only files that came later are
// hashed, and the report says so; without one, or when what was verified is not
// in the history any more, all are.
func TestVerifyNew(t *testing.T) {
	damage := func(v *victim) {
		pack, offset, size := v.packed(v.revision("main~3:VERIFY.md"))
		v.rewrite(pack, func(b []byte) []byte { b[offset+size/2] ^= 1; return b })
	}
	limited := func(report *schemas.VerifyReport) bool {
		return strings.Contains(strings.Join(report.Limits, "\n"), "files of the snapshots up to 3 were hashed on")
	}
	post := folder(t, postURL)
	for _, test := range []struct {
		name    string
		tamper  func(*victim)
		want    schemas.Verdict
		limited bool
	}{
		{"nothing came", func(*victim) {}, schemas.Verified, true},
		{"a good snapshot", func(v *victim) { v.forge(forgery{put: put(post + "/extra")}) }, schemas.Verified, true},
		{"a bad snapshot", func(v *victim) { v.forge(forgery{put: put(post + "/extra"), manifest: without("/body.html")}) }, schemas.Tampered, true},
		{"a bad signer", func(v *victim) { v.forge(forgery{by: newKey(t), put: put(post + "/extra")}) }, schemas.Untrusted, true},
		{"an old file damaged", damage, schemas.Verified, true},
		{"an old file damaged, nothing known", func(v *victim) { damage(v); v.memory = trust.NewMemory(t.TempDir()) }, schemas.Tampered, false},
		{"history written anew", func(v *victim) {
			v.forge(forgery{parent: v.revision("main~1"), put: put(post + "/extra")})
			damage(v)
		}, schemas.Tampered, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t) // verified as a whole
			test.tamper(v)
			report := v.verify(provenance.VerifyOptions{New: true})
			if report.Verdict != test.want || limited(report) != test.limited {
				t.Errorf("got %s, limits %q, want %s", problems(report), report.Limits, test.want)
			}
		})
	}
	v := newVictim(t)
	damage(v)
	v.verify(provenance.VerifyOptions{New: true})
	if report := v.verify(provenance.VerifyOptions{}); report.Verdict != schemas.Tampered {
		t.Errorf("a whole verification after that: %s", problems(report))
	}
}
