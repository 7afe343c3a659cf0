package timestamp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
)

// seed adds the published vectors, where they are, with these endings.
func seed(f *testing.F, name string, endings ...string) {
	folder := filepath.Join(vectorsDir, name)
	_ = filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return nil //nolint:nilerr // without vectors, the fuzzer begins with what is made here
		}
		for _, ending := range endings {
			if filepath.Ext(path) == ending {
				f.Add(read(f, path))
			}
		}
		return nil
	})
}

// FuzzProof: a proof that is read is written as it was.
func FuzzProof(f *testing.F) {
	seed(f, "ots", ".ots")
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := timestamp.ParseProof(data)
		if err != nil {
			kindOf(t, err)
			return
		}
		if !bytes.Equal(p.Encode(), data) {
			t.Errorf("%x is written again as %x", data, p.Encode())
		}
		for _, a := range p.Attestations() {
			_ = timestamp.Mainnet.Proves(new(timestamp.Header), a)
		}
	})
}

// FuzzToken: whatever a token is, it is read or refused, and none that nobody
// signed is believed.
func FuzzToken(f *testing.F) {
	seed(f, "rfc3161", ".tsr")
	a := timestamptest.NewAuthority(f, "Fuzzed Time", atNoon)
	roots, _, err := timestamp.ParseRoots(a.PEM())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := timestamp.ParseResponse(data)
		if err != nil {
			kindOf(t, err)
			return
		}
		if _, err := new(timestamp.Verifier).Verify(token, []byte("x"), &timestamp.Authority{Name: "x", Roots: roots}); err == nil {
			t.Error("it is believed")
		} else {
			kindOf(t, err)
		}
	})
}

// FuzzRoots and FuzzCRL: they are read or refused.
func FuzzRoots(f *testing.F) {
	seed(f, "rfc3161", ".pem")
	f.Fuzz(func(t *testing.T, data []byte) {
		if roots, _, err := timestamp.ParseRoots(data); err != nil {
			kindOf(t, err)
		} else if len(roots) == 0 {
			t.Error("there is no root")
		}
	})
}

func FuzzCRL(f *testing.F) {
	a := timestamptest.NewAuthority(f, "Fuzzed Time", atNoon)
	f.Add(a.Revoke(noon, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := timestamp.ParseCRL(data); err != nil {
			kindOf(t, err)
		}
	})
}
