package checkpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/provenance/checkpoint/witnesstest"
)

const origin = "urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e"

// shared holds published vectors, where they are present.
const shared = "../../../shared/data/signatures"

func vector(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(shared, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the shared vectors are not here: %s", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func leaf(i int64) []byte { return fmt.Appendf(nil, "commit %d", i) }

func logOf(n int64) *checkpoint.Tree {
	tree := &checkpoint.Tree{}
	for i := range n {
		tree.Add(checkpoint.LeafHash(leaf(i)))
	}
	return tree
}

func rootOf(t *testing.T, tree *checkpoint.Tree, size int64) checkpoint.Hash {
	t.Helper()
	root, err := tlog.TreeHash(size, tree)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestFrontierAgreesWithTree(t *testing.T) {
	tree, frontier := &checkpoint.Tree{}, &checkpoint.Frontier{}
	for i := range int64(300) {
		if got, want := frontier.Root(), rootOf(t, tree, i); got != want {
			t.Fatalf("the root of %d leaves is %s, want %s", i, got, want)
		}
		tree.Add(checkpoint.LeafHash(leaf(i)))
		frontier.Add(checkpoint.LeafHash(leaf(i)))
	}
	if frontier.Size() != 300 || tree.Size() != 300 {
		t.Errorf("sizes are %d and %d", frontier.Size(), tree.Size())
	}
}

func TestProofs(t *testing.T) {
	const most = 40
	tree := logOf(most)
	for size := int64(1); size <= most; size++ {
		root := rootOf(t, tree, size)
		for i := range size {
			path, err := tree.Inclusion(i, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkpoint.CheckInclusion(path, i, checkpoint.LeafHash(leaf(i)), size, root); err != nil {
				t.Errorf("leaf %d of %d: %v", i, size, err)
			}
			if checkpoint.CheckInclusion(path, i, checkpoint.LeafHash(leaf(i+1)), size, root) == nil {
				t.Errorf("leaf %d of %d: another leaf is in its place", i, size)
			}
		}
		for old := int64(1); old <= size; old++ {
			proof, err := tree.Consistency(old, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkpoint.CheckConsistency(proof, old, rootOf(t, tree, old), size, root); err != nil {
				t.Errorf("%d to %d: %v", old, size, err)
			}
			if checkpoint.CheckConsistency(proof, old, checkpoint.LeafHash(leaf(999)), size, root) == nil {
				t.Errorf("%d to %d: another beginning passes", old, size)
			}
		}
	}
	if _, err := tree.Inclusion(0, most+1); err == nil {
		t.Error("a path in a log that is not there")
	}
	if _, err := tree.Consistency(3, 2); err == nil {
		t.Error("a proof backwards")
	}
}

// merkleCase is one line of the vectors of transparency-dev/merkle.
type merkleCase struct {
	Name         string
	LeafIdx      uint64
	TreeSize     uint64
	LeafHash     []byte
	Root         []byte
	Size1, Size2 uint64
	Root1, Root2 []byte
	Proof        [][]byte
	WantErr      bool
}

func merkleCases(t *testing.T, name string) []merkleCase {
	t.Helper()
	var cases []merkleCase
	scanner := bufio.NewScanner(bytes.NewReader(vector(t, "merkle/"+name)))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var c merkleCase
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 90 {
		t.Fatalf("only %d cases in %s", len(cases), name)
	}
	return cases
}

// hashes converts what is as long as a hash. What is not cannot be a hash here,
// so such a case counts as refused.
func hashes(list ...[]byte) ([]checkpoint.Hash, bool) {
	var out []checkpoint.Hash
	for _, h := range list {
		if len(h) != tlog.HashSize {
			return nil, false
		}
		out = append(out, checkpoint.Hash(h))
	}
	return out, true
}

func TestMerkleVectors(t *testing.T) {
	for _, c := range merkleCases(t, "inclusion.jsonl") {
		proof, ok := hashes(c.Proof...)
		ends, ok2 := hashes(c.LeafHash, c.Root)
		passes := ok && ok2 && checkpoint.CheckInclusion(proof, int64(c.LeafIdx), ends[0], int64(c.TreeSize), ends[1]) == nil
		if passes == c.WantErr {
			t.Errorf("inclusion %s: passes %t", c.Name, passes)
		}
	}
	for _, c := range merkleCases(t, "consistency.jsonl") {
		proof, ok := hashes(c.Proof...)
		ends, ok2 := hashes(c.Root1, c.Root2)
		passes := ok && ok2 && checkpoint.CheckConsistency(proof, int64(c.Size1), ends[0], int64(c.Size2), ends[1]) == nil
		// Its roots are equal words that are no hashes, so that none can be given here.
		if c.Name == "additional/sizes-are-equal-one-and-proof-is-empty" {
			c.WantErr = true
		}
		if passes == c.WantErr {
			t.Errorf("consistency %s: passes %t", c.Name, passes)
		}
	}
}

func TestPublishedNotes(t *testing.T) {
	text, _, _ := strings.Cut(string(vector(t, "c2sp/checkpoint.note")), "\n\n")
	c, err := checkpoint.Parse(text + "\n")
	if err != nil || c.Origin != "example.com/behind-the-sofa" || c.Size != 20852163 || c.Text() != text+"\n" {
		t.Errorf("parsed %+v, %v", c, err)
	}
	// The keys of the checkpoints are not published, that of this note is.
	v, err := note.NewVerifier(strings.TrimSpace(string(vector(t, "c2sp/foo.vkey"))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(vector(t, "c2sp/foo.note"), note.VerifierList(v)); err != nil {
		t.Errorf("foo.note: %v", err)
	}
	if _, err := checkpoint.Open(vector(t, "c2sp/foo.note"), []string{string(bytes.TrimSpace(vector(t, "c2sp/foo.vkey")))}, nil); err == nil {
		t.Error("a note that is no checkpoint was opened as one")
	}
}

func TestParse(t *testing.T) {
	good := checkpoint.Checkpoint{Origin: origin, Size: 43, Root: checkpoint.LeafHash([]byte("x"))}
	if got, err := checkpoint.Parse(good.Text()); err != nil || got != good {
		t.Errorf("parsed %+v, %v", got, err)
	}
	root := good.Root.String()
	for _, bad := range []string{
		"", "\n", origin + "\n43\n" + root, origin + "\n43\n" + root + "\nextension\n", origin + "\n043\n" + root + "\n",
		origin + "\n-1\n" + root + "\n", origin + "\n+1\n" + root + "\n", "\n43\n" + root + "\n", origin + "\n43\n" + root[:40] + "\n",
		origin + "\n43\n" + root + "\n\n", origin + "\r\n43\n" + root + "\n",
	} {
		if c, err := checkpoint.Parse(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, c)
		}
	}
}

func newKey(t *testing.T, name string) *checkpoint.Key {
	t.Helper()
	_, key, err := checkpoint.NewKey(name, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSignAndOpen(t *testing.T) {
	text, key, err := checkpoint.NewKey(origin, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := checkpoint.ParseKey(text + "\n")
	if err != nil || again.Verifier() != key.Verifier() || again.Name() != origin {
		t.Fatalf("the key read again is %v, %v", again, err)
	}
	c := checkpoint.Checkpoint{Origin: origin, Size: 2, Root: rootOf(t, logOf(2), 2)}
	signed, err := key.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := checkpoint.Open(signed, []string{key.Verifier()}, nil)
	if err != nil || opened.Checkpoint != c || !strings.HasPrefix(opened.Log, origin+"+") {
		t.Errorf("opened %+v, %v", opened, err)
	}
	if _, err := checkpoint.Open(signed, []string{newKey(t, origin).Verifier()}, nil); err == nil {
		t.Error("opened by another key")
	}
	for at := range signed {
		flipped := bytes.Clone(signed)
		flipped[at] ^= 1
		if _, err := checkpoint.Open(flipped, []string{key.Verifier()}, nil); err == nil {
			t.Errorf("opened with byte %d flipped", at)
		}
	}
	if _, err := key.Sign(checkpoint.Checkpoint{Origin: "urn:uuid:other", Size: 2}); err == nil {
		t.Error("signed for another log")
	}
	for _, bad := range []string{"", "x", key.Verifier(), text[:len(text)-4], strings.Replace(text, "PRIVATE", "PUBLIC", 1)} {
		if _, err := checkpoint.ParseKey(bad); err == nil {
			t.Errorf("%.30q was read as a key", bad)
		}
	}
}

func newWitness(t *testing.T, logKey string) *witnesstest.Witness {
	t.Helper()
	w, err := witnesstest.New("witness.example/w1", logKey)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWitness(t *testing.T) {
	key := newKey(t, origin)
	witness := newWitness(t, key.Verifier())
	site := httptest.NewServer(witness)
	defer site.Close()
	tree := logOf(10)
	sign := func(size int64) []byte {
		signed, err := key.Sign(checkpoint.Checkpoint{Origin: origin, Size: size, Root: rootOf(t, tree, size)})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	asked := checkpoint.Witness{URL: site.URL + "/sub", Key: witness.Key}
	ctx := context.Background()
	for _, step := range []struct{ size, old int64 }{{3, 0}, {7, 3}, {7, 7}, {10, 0}} { // the last one is corrected by the witness
		cosigned, err := asked.Add(ctx, http.DefaultClient, sign(step.size), step.old, tree)
		if err != nil {
			t.Fatalf("size %d from %d: %v", step.size, step.old, err)
		}
		opened, err := checkpoint.Open(cosigned, []string{key.Verifier()}, []string{witness.Key})
		if err != nil || len(opened.Witnessed) != 1 || opened.Witnessed[0] != (checkpoint.Cosignature{Witness: "witness.example/w1", Time: witnesstest.Time}) {
			t.Errorf("size %d: opened %+v, %v", step.size, opened, err)
		}
		if opened, err := checkpoint.Open(cosigned, []string{key.Verifier()}, nil); err != nil || opened.Unknown != 1 {
			t.Errorf("without the witness's key: %+v, %v", opened, err)
		}
	}
	// A shorter log, and one that was written anew, are refused.
	var refused *checkpoint.RefusedError
	if _, err := asked.Add(ctx, http.DefaultClient, sign(4), 4, tree); !errors.As(err, &refused) || !refused.Fork() {
		t.Errorf("a rolled back log: %v", err)
	}
	other := logOf(9)
	other.Add(checkpoint.LeafHash([]byte("another")))
	other.Add(checkpoint.LeafHash([]byte("and more")))
	forked, err := key.Sign(checkpoint.Checkpoint{Origin: origin, Size: 11, Root: rootOf(t, other, 11)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asked.Add(ctx, http.DefaultClient, forked, 10, other); !errors.As(err, &refused) || !refused.Fork() {
		t.Errorf("a forked log: %v", err)
	}
	stranger := newKey(t, origin)
	foreign, err := stranger.Sign(checkpoint.Checkpoint{Origin: origin, Size: 10, Root: rootOf(t, tree, 10)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asked.Add(ctx, http.DefaultClient, foreign, 10, tree); !errors.As(err, &refused) || refused.Fork() || refused.Status != http.StatusForbidden {
		t.Errorf("another log key: %v", err)
	}
}

func TestWitnessThatLies(t *testing.T) {
	key := newKey(t, origin)
	tree := logOf(2)
	signed, err := key.Sign(checkpoint.Checkpoint{Origin: origin, Size: 2, Root: rootOf(t, tree, 2)})
	if err != nil {
		t.Fatal(err)
	}
	honest := newWitness(t, key.Verifier())
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":      func(w http.ResponseWriter, _ *http.Request) {},
		"no signature": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") },
		"a wrong key":  newWitness(t, key.Verifier()).ServeHTTP,
		"endless":      func(w http.ResponseWriter, _ *http.Request) { w.Write(bytes.Repeat([]byte("— x y\n"), 1<<20)) },
		"endless corrections": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x.tlog.size")
			w.WriteHeader(http.StatusConflict)
			fmt.Fprintln(w, 1)
		},
		"a size beyond": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/x.tlog.size")
			w.WriteHeader(http.StatusConflict)
			fmt.Fprintln(w, 1<<40)
		},
		"escapes": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprint(w, "\x1b[31mred")
		},
	} {
		site := httptest.NewServer(answer)
		_, err := checkpoint.Witness{URL: site.URL, Key: honest.Key}.Add(context.Background(), http.DefaultClient, signed, 0, tree)
		site.Close()
		if err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProofFile(t *testing.T) {
	key := newKey(t, origin)
	tree := logOf(5)
	signed, err := key.Sign(checkpoint.Checkpoint{Origin: origin, Size: 5, Root: rootOf(t, tree, 5)})
	if err != nil {
		t.Fatal(err)
	}
	path, err := tree.Inclusion(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	data := (&checkpoint.Proof{Index: 3, Path: path, Note: signed}).Encode()
	proof, err := checkpoint.ParseProof(data)
	if err != nil || !bytes.Equal(proof.Encode(), data) {
		t.Fatalf("read again: %v", err)
	}
	keys := []string{key.Verifier()}
	if _, err := proof.Verify(leaf(3), keys, nil); err != nil {
		t.Error(err)
	}
	if _, err := proof.Verify(leaf(2), keys, nil); err == nil {
		t.Error("another commit passes")
	}
	for at := range data {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1
		if p, err := checkpoint.ParseProof(flipped); err == nil {
			if _, err := p.Verify(leaf(3), keys, nil); err == nil {
				t.Errorf("verified with byte %d flipped", at)
			}
		}
	}
	extra := bytes.Replace(data, []byte("\nindex"), []byte("\nextra eA==\nindex"), 1)
	if p, err := checkpoint.ParseProof(extra); err != nil {
		t.Errorf("a proof with extra data: %v", err)
	} else if _, err := p.Verify(leaf(3), keys, nil); err != nil {
		t.Errorf("a proof with extra data: %v", err)
	}
}

func FuzzParseProof(f *testing.F) {
	f.Add((&checkpoint.Proof{Index: 3, Path: []checkpoint.Hash{{1}, {2}}, Note: []byte("a\n1\nb\n\n— x y\n")}).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := checkpoint.ParseProof(data); err == nil && !bytes.Contains(data, []byte("\nextra ")) && !bytes.Equal(p.Encode(), data) {
			t.Errorf("%q is read as %q", data, p.Encode())
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(checkpoint.Checkpoint{Origin: origin, Size: 43}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := checkpoint.Parse(text); err == nil && c.Text() != text {
			t.Errorf("%q is read as %q", text, c.Text())
		}
	})
}

func FuzzOpen(f *testing.F) {
	key, err := func() (*checkpoint.Key, error) { _, k, err := checkpoint.NewKey(origin, rand.Reader); return k, err }()
	if err != nil {
		f.Fatal(err)
	}
	signed, err := key.Sign(checkpoint.Checkpoint{Origin: origin, Size: 43})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := checkpoint.Open(data, []string{key.Verifier()}, nil); err == nil && (o.Size != 43 || o.Origin != origin) {
			t.Errorf("%q is opened as %+v", data, o)
		}
	})
}
