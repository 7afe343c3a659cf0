package timestamp_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
)

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func newClient() *timestamp.Client {
	return &timestamp.Client{HTTP: &http.Client{}, UserAgent: "test", Random: rand.Reader, Timeout: 10 * time.Second}
}

// TestCalendar stamps at two calendars, upgrades when one of them has a block, and
// proves it by the header alone.
func TestCalendar(t *testing.T) {
	var one, two timestamptest.Calendar
	one.URL, two.URL = serve(t, &one), serve(t, &two)
	client, digest := newClient(), sha256.Sum256([]byte("a commit"))
	proof, err := client.Submit(t.Context(), one.URL, digest)
	if err != nil {
		t.Fatal(err)
	}
	second, err := client.Submit(t.Context(), two.URL+"/", digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Merge(second); err != nil {
		t.Fatal(err)
	}
	if err := proof.Merge(second); err != nil || len(proof.Attestations()) != 2 {
		t.Errorf("merged twice: %d attestations, %v", len(proof.Attestations()), err)
	}
	both := []string{one.URL, two.URL}
	if upgraded, err := client.Upgrade(t.Context(), proof, both); upgraded != nil || err != nil {
		t.Errorf("before there is a block: %v, %v", upgraded, err)
	}
	for range 3 { // others come into the same block
		if _, err := client.Submit(t.Context(), one.URL, sha256.Sum256([]byte(time.Now().String()))); err != nil {
			t.Fatal(err)
		}
	}
	header := one.Mine(200, noon)
	if _, err := client.Upgrade(t.Context(), proof, []string{two.URL}); err == nil || !strings.Contains(err.Error(), "not among the calendars") {
		t.Errorf("a calendar that is not known is asked: %v", err)
	}
	upgraded, err := client.Upgrade(t.Context(), proof, both)
	if err != nil || upgraded == nil {
		t.Fatalf("%v, %v", upgraded, err)
	}
	if height, ok := upgraded.Height(); height != 200 || !ok || len(upgraded.Attestations()) != 2 {
		t.Errorf("the proof names block %d, %t, with %d attestations", height, ok, len(upgraded.Attestations()))
	}
	for _, a := range upgraded.Attestations() {
		if a.Kind != timestamp.BitcoinAttestation {
			continue
		}
		if err := timestamp.Regtest.Proves(header, a); err != nil {
			t.Error(err)
		}
		if err := timestamp.Mainnet.Proves(header, a); err == nil || kindOf(t, err) != timestamp.Untrusted {
			t.Errorf("a header with little work: %v", err)
		}
		hard := *header
		binary.LittleEndian.PutUint32(hard[72:], 0x17053894)
		if err := timestamp.Mainnet.Proves(&hard, a); err == nil || !strings.Contains(err.Error(), "does not meet its own target") {
			t.Errorf("a header that only claims work: %v", err)
		}
		other := *header
		other[40] ^= 1
		if err := timestamp.Regtest.Proves(&other, a); err == nil || kindOf(t, err) != timestamp.Mismatch {
			t.Errorf("a header of another block: %v", err)
		}
	}
	pythonReads(t, proof.Encode(), upgraded.Encode())
}

// pythonReads has python-opentimestamps read proofs and write them again.
func pythonReads(t *testing.T, proofs ...[]byte) {
	t.Helper()
	const python = "/usr/bin/python3" // the system's, which has Debian's python3-opentimestamps
	if err := exec.Command(python, "-c", "import opentimestamps").Run(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Log("python3-opentimestamps is not installed, so it cannot be compared with")
		return
	}
	const program = `
import sys
from opentimestamps.core.serialize import StreamDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile
for name in sys.argv[1:]:
    with open(name, "rb") as f:
        d = DetachedTimestampFile.deserialize(StreamDeserializationContext(f))
    print(d.file_digest.hex(), sorted(type(a).__name__ + " " + str(getattr(a, "height", getattr(a, "uri", ""))) + " " + m.hex() for m, a in d.timestamp.all_attestations()))
    c = BytesSerializationContext()
    d.serialize(c)
    open(name + ".again", "wb").write(c.getbytes())
`
	dir := t.TempDir()
	for i, data := range proofs {
		file := filepath.Join(dir, string(rune('a'+i))+".ots")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "-c", program, file).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		ours, err := timestamp.ParseProof(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range ours.Attestations() {
			if !bytes.Contains(out, fmt2hex(a.Message)) {
				t.Errorf("python reads %s, without %s on %x", out, a, a.Message)
			}
		}
		again, err := timestamp.ParseProof(read(t, file+".again"))
		if err != nil || len(again.Attestations()) != len(ours.Attestations()) {
			t.Errorf("what python writes again: %v", err)
		}
	}
}

func fmt2hex(b []byte) []byte {
	const digits = "0123456789abcdef"
	var out []byte
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return out
}

// TestClientRefuses: what a server may do, and what it gets for it.
func TestClientRefuses(t *testing.T) {
	digest := sha256.Sum256(nil)
	huge := bytes.Repeat([]byte{0xf0, 1, 1}, 40_000)
	for says, h := range map[string]http.HandlerFunc{
		"HTTP status 302": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.example/", http.StatusFound)
		},
		"status 500: ill[31m":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "ill\x1b[31m\nand more", 500) },
		"more than 65536 bytes":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(huge) },
		"the proof is cut off":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xf0, 9}) },
		"unknown operation 0x77": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0x77}) },
		"characters":             func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(pendingAt("https://x.example/?q")) },
		"behind the proof": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(pendingAt("https://x.example"), 0))
		},
	} {
		_, err := newClient().Submit(t.Context(), serve(t, h), digest)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	for _, bad := range []string{"ftp://x.example", "x.example", "https://user@x.example/", "https://", "https://x.example/#a"} {
		if err := timestamp.CheckURL(bad); err == nil {
			t.Errorf("%q may be asked", bad)
		}
	}
	slow := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else nobody notices that the client went away
		<-r.Context().Done()
	}
	client := newClient()
	client.Timeout = 50 * time.Millisecond
	if _, err := client.Submit(t.Context(), serve(t, http.HandlerFunc(slow)), digest); err == nil {
		t.Error("a calendar that says nothing is waited for")
	}
	var e *timestamp.Error
	if _, _, _, err := newClient().Stamp(t.Context(), serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte{0x30, 0x0d, 0x30, 0x0b, 0x02, 0x01, 2, 0x30, 0x06, 0x0c, 0x04, 'b', 'u', 's', 'y'})
	})), nil, nil, nil); !errors.As(err, &e) || !strings.Contains(err.Error(), `refused, with status 2 "busy"`) {
		t.Errorf("an authority that refuses: %v", err)
	}
}

func pendingAt(uri string) []byte {
	payload := append([]byte{byte(len(uri))}, uri...)
	return append([]byte{0, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e, byte(len(payload))}, payload...)
}
