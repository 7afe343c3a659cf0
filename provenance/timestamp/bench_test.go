package timestamp_test

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
)

// BenchmarkVerify reads and verifies one token of many by the same authority.
func BenchmarkVerify(b *testing.B) {
	stamped := []byte("a commit")
	a := timestamptest.NewAuthority(b, "Testing Time", atNoon)
	request, err := timestamp.NewRequest(sha256.Sum256(stamped), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	query, err := request.Encode()
	if err != nil {
		b.Fatal(err)
	}
	answer, authority := a.Answer(query), &timestamp.Authority{Name: "test", Roots: []*x509.Certificate{a.Root}}
	var v timestamp.Verifier
	b.ReportAllocs()
	for b.Loop() {
		token, err := timestamp.ParseResponse(answer)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.Verify(token, stamped, authority); err != nil {
			b.Fatal(err)
		}
	}
}
