package provenance_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/schemas"
)

func TestVouch(t *testing.T) {
	a := provenancetest.New(t, newWeb(t))
	of := a.Capture(postURL)[0].Snapshot.Ref()
	signature := &archive.Evidence{Of: of, Name: "cosign-Rm9v_-A.sig", Content: []byte("a signature\n")}
	header := &archive.Evidence{Of: of, Name: "btc-358391.hdr", Content: bytes.Repeat([]byte{1}, 80)}
	note := &archive.LogFile{Name: "checkpoint-2", Content: []byte("a note\n")}
	snapshot, err := a.Vouch(t.Context(), "two files", []*archive.Evidence{signature, header}, note)
	if err != nil {
		t.Fatal(err)
	}
	if m := snapshot.Message; m.Kind != schemas.KindEvidence || m.Subject != "two files" || m.Sequence != of.Sequence+1 {
		t.Errorf("the commit is %q %q of sequence %d", m.Kind, m.Subject, m.Sequence)
	}
	again, err := a.Vouch(t.Context(), "the same", []*archive.Evidence{signature})
	if again != nil || err != nil {
		t.Errorf("the same again makes %v, %v", again, err)
	}
	changed := *signature
	changed.Content = []byte("another one\n")
	if _, err := a.Vouch(t.Context(), "changed", []*archive.Evidence{&changed}); err == nil || !strings.Contains(err.Error(), "never changed") {
		t.Errorf("evidence was changed: %v", err)
	}
	for _, name := range []string{"tsa-X-20261129T000000Z.tsr", "../x", "cosign-.sig", "ots-pending-0.ots", "note.txt", ""} {
		if _, err := a.Vouch(t.Context(), "bad", []*archive.Evidence{{Of: of, Name: name, Content: []byte("x")}}); err == nil {
			t.Errorf("evidence may be called %q", name)
		}
	}
	if _, err := a.Entrust(t.Context(), "an authority", &archive.TrustFile{Path: "tsa/example.pem", Content: []byte("a certificate\n")}); err != nil {
		t.Fatal(err)
	}
	head, err := a.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	if data, err := head.Trust("tsa/example.pem"); err != nil || string(data) != "a certificate\n" {
		t.Errorf("the trust file is %q, %v", data, err)
	}
	if _, err := head.Trust("tsa/other.pem"); !errors.Is(err, gitstore.ErrNotFound) {
		t.Errorf("a trust file that is not there: %v", err)
	}
	files, err := head.EvidenceOf(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	var all []archive.EvidenceFile
	for file, err := range head.Evidence(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file)
	}
	if len(files) != 2 || !slices.Equal(files, all) || files[0].Name != header.Name || files[1].Name != signature.Name || files[0].Of != of.SHA256 {
		t.Fatalf("evidence is %v, all of it %v", files, all)
	}
	if data, err := head.ReadEvidence(files[1]); err != nil || !bytes.Equal(data, signature.Content) {
		t.Errorf("the signature is %q, %v", data, err)
	}
}

func TestEvidenceFolder(t *testing.T) {
	sum := schemas.DigestOf([]byte("a commit"))
	for sequence, want := range map[int64]string{
		0: "evidence/0/0/0/0/0/0/", 42: "evidence/0/0/0/0/2/a/", 0xabcdef: "evidence/a/b/c/d/e/f/", 0x1abcdef: "evidence/a/b/c/d/e/f/",
	} {
		want += sum.Hex()
		folder := archive.EvidenceFolder(sequence, sum)
		if folder != want {
			t.Errorf("the folder of %d is %s, want %s", sequence, folder, want)
		}
		file, ok := archive.EvidencePath(folder + "/btc-1.hdr")
		if !ok || file.Of != sum || file.Low != sequence&0xffffff || file.Name != "btc-1.hdr" || file.Path() != folder+"/btc-1.hdr" {
			t.Errorf("%s is taken apart as %v, %t", folder, file, ok)
		}
	}
	for _, bad := range []string{"", "evidence/0/0/0/0/2/a/" + sum.Hex(), "evidence/0/0/0/0/2/A/" + sum.Hex() + "/x", "evidence/0/0/0/0/2/a/short/x", "log/0/0/0/0/2/a/" + sum.Hex() + "/x"} {
		if file, ok := archive.EvidencePath(bad); ok {
			t.Errorf("%q is taken apart as %v", bad, file)
		}
	}
}
