// Package oracle holds checkpoints and proofs against another implementation.
package oracle

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/walkback-dev/walkback/provenance/checkpoint"
)

const origin = "urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e"

func TestTorchwood(t *testing.T) {
	_, key, err := checkpoint.NewKey(origin, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	logVerifier, err := note.NewVerifier(key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	witness, err := torchwood.NewCosignatureSigner("witness.example/w1", secret)
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(origin),
		torchwood.SingleVerifierPolicy(logVerifier), torchwood.SingleVerifierPolicy(witness.Verifier()))
	tree := &checkpoint.Tree{}
	for size := int64(1); size <= 20; size++ {
		tree.Add(checkpoint.LeafHash(fmt.Appendf(nil, "commit %d", size-1)))
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := key.Sign(checkpoint.Checkpoint{Origin: origin, Size: size, Root: root})
		if err != nil {
			t.Fatal(err)
		}
		opened, err := note.Open(signed, note.VerifierList(logVerifier))
		if err != nil {
			t.Fatal(err)
		}
		cosigned, err := note.Sign(opened, witness)
		if err != nil {
			t.Fatal(err)
		}
		theirs, _, err := torchwood.VerifyCheckpoint(cosigned, policy)
		if err != nil || theirs.N != size || theirs.Origin != origin {
			t.Errorf("size %d: they read %v, %v", size, theirs, err)
		}
		ours, err := checkpoint.Open(cosigned, []string{key.Verifier()}, []string{witness.Verifier().String()})
		if err != nil || len(ours.Witnessed) != 1 {
			t.Errorf("size %d: we read %+v, %v", size, ours, err)
		}
		for index := range size {
			path, err := tree.Inclusion(index, size)
			if err != nil {
				t.Fatal(err)
			}
			proof := (&checkpoint.Proof{Index: index, Path: path, Note: cosigned}).Encode()
			leaf := fmt.Appendf(nil, "commit %d", index)
			if err := torchwood.VerifyProof(policy, tlog.RecordHash(leaf), proof); err != nil {
				t.Errorf("proof of %d of %d: %v", index, size, err)
			}
			if err := torchwood.VerifyProof(policy, tlog.RecordHash([]byte("another")), proof); err == nil {
				t.Errorf("proof of %d of %d holds for another commit", index, size)
			}
			again, err := checkpoint.ParseProof(torchwood.FormatProof(index, path, cosigned))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := again.Verify(leaf, []string{key.Verifier()}, nil); err != nil {
				t.Errorf("their proof of %d of %d: %v", index, size, err)
			}
		}
	}
}
