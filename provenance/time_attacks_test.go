package provenance_test

import (
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
	"github.com/walkback-dev/walkback/schemas"
)

// TestTimeAttacks: each is by an operator, who signs whatever he likes.
func TestTimeAttacks(t *testing.T) { runAttacks(t, timeAttacks) }

// timeAttacks are attacks on the times of an archive.
func timeAttacks(t *testing.T) []attack {
	t.Helper()
	return []attack{
		{name: "dated after its timestamp", want: schemas.Unproven, check: "times", says: "TIME-CONFLICT: it says", tamper: func(v *victim) {
			v.stampedBy(v.clock.Now().Add(-24*time.Hour), nil)
		}},
		{name: "dated before what it holds", want: schemas.Unproven, check: "times", says: "but holds what liar stamped at", tamper: func(v *victim) {
			v.stampedBy(v.clock.Now().Add(24*time.Hour), nil)
		}},
		{name: "token for another commit", want: schemas.Tampered, check: "timestamps", says: "it is a token for other bytes", tamper: func(v *victim) {
			v.stampedBy(v.clock.Now(), func(a *timestamptest.Authority) {
				a.Edit = func(i *timestamptest.Info) { i.Imprint.HashedMessage[0] ^= 1 }
			})
		}},
		{name: "authority that has no root", want: schemas.Untrusted, check: "timestamps", says: "no chain leads from its signer", tamper: func(v *victim) {
			v.stampedBy(v.clock.Now(), (*timestamptest.Authority).SelfSign)
		}},
	}
}

// stampedBy has the owner of the archive stamp its head by an authority of his own
// choice, which has this time.
func (v *victim) stampedBy(at time.Time, edit func(*timestamptest.Authority)) {
	v.t.Helper()
	authority := timestamptest.NewAuthority(v.t, "Time of a Liar", func() time.Time { return at })
	list, err := schemas.Encode(&schemas.Authorities{Schema: schemas.AuthoritiesSchema, Authorities: []schemas.TrustedAuthority{{Name: "liar"}}})
	if err != nil {
		v.t.Fatal(err)
	}
	id := v.forge(forgery{kind: schemas.KindTrust, put: map[string]string{"trust/tsa.json": string(list), "trust/tsa/liar.pem": string(authority.PEM())}})
	if edit != nil {
		edit(authority)
	}
	sum := sha256.Sum256([]byte(v.git("cat-file", "commit", id)))
	request, err := timestamp.NewRequest(sum, rand.Reader)
	if err != nil {
		v.t.Fatal(err)
	}
	query, err := request.Encode()
	if err != nil {
		v.t.Fatal(err)
	}
	file := archive.EvidenceFolder(int64(v.sequence(id)), schemas.Digest(sum)) + "/" + archive.TokenFile("liar", at)
	v.forge(forgery{kind: schemas.KindEvidence, put: map[string]string{file: string(authority.Answer(query))}})
}
