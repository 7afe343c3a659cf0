package trust_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// TestRevocations: what is added can be read, also by ssh-keygen, and what cannot
// be read is an error.
func TestRevocations(t *testing.T) {
	one, two, bare := newKey(t), newKey(t), newKey(t)
	said := &schemas.Revocation{
		Schema: schemas.RevocationSchema, Key: one.Fingerprint(), Reason: "stolen",
		CompromisedAt: schemas.TimeOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)), LastGood: schemas.DigestOf([]byte("x")),
	}
	keys, lines, err := trust.AddRevoked([]byte("# former keys\n"+bare.PublicKey()), nil, one.Public(), said)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := trust.AddRevoked(keys, lines, one.Public(), said)
	if err != nil || !bytes.Equal(again, keys) || bytes.Count(keys, []byte("\n")) != 3 {
		t.Errorf("%v: the key stands in the file twice, or not in a line of its own:\n%s", err, again)
	}
	r, err := trust.ParseRevocations(keys, lines)
	if err != nil {
		t.Fatal(err)
	}
	if got, revoked := r.Of(one.Public()); !revoked || len(got) != 1 || *got[0] != *said {
		t.Errorf("got %v, %v", got, revoked)
	}
	if got, revoked := r.Of(bare.Public()); !revoked || got != nil {
		t.Errorf("a key of which nothing more is said: %v, %v", got, revoked)
	}
	if _, revoked := r.Of(two.Public()); revoked {
		t.Error("another key is revoked")
	}
	if good := r.LastGood(); len(good) != 1 || good[0] != said.LastGood {
		t.Errorf("last good %v", good)
	}
	for name, test := range map[string][2]string{
		"no key":         {"nonsense\n", ""},
		"options":        {`namespaces="git" ` + one.PublicKey() + "\n", ""},
		"no document":    {"", "{}\n"},
		"half a line":    {"", strings.TrimSuffix(string(lines), "\n")},
		"an empty line":  {"", string(lines) + "\n"},
		"of a key alone": {"", strings.Replace(string(lines), "revocation/1", "revocation/2", 1)},
	} {
		if _, err := trust.ParseRevocations([]byte(test[0]), []byte(test[1])); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	var none *trust.Revocations
	if _, revoked := none.Of(one.Public()); revoked || none.LastGood() != nil {
		t.Error("nothing revokes a key")
	}
}

func TestCheckPolicy(t *testing.T) {
	a, b := newKey(t).Fingerprint(), newKey(t).Fingerprint()
	for name, test := range map[string]struct {
		policy *schemas.CosignPolicy
		ok     bool
	}{
		"none":        {nil, true},
		"one of two":  {&schemas.CosignPolicy{Threshold: 1, Keys: []string{a, b}}, true},
		"all":         {&schemas.CosignPolicy{Threshold: 2, Keys: []string{a, b}}, true},
		"too many":    {&schemas.CosignPolicy{Threshold: 3, Keys: []string{a, b}}, false},
		"none of two": {&schemas.CosignPolicy{Threshold: 0, Keys: []string{a, b}}, false},
		"twice":       {&schemas.CosignPolicy{Threshold: 2, Keys: []string{a, a}}, false},
		"nobody":      {&schemas.CosignPolicy{Threshold: 1}, false},
	} {
		policy := &schemas.TrustPolicy{Schema: schemas.PolicySchema, Cosignatures: test.policy}
		if err := trust.CheckPolicy(policy); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSignerLines: lines that are added and ended are read as they were meant, and
// the others stay as they are.
func TestSignerLines(t *testing.T) {
	one, two := newKey(t), newKey(t)
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	file := []byte("# ours\n\n" + olive + " " + one.PublicKey() + " Olive, at the desk") // no LF
	file = trust.AddSigner(file, &trust.AllowedSigner{
		Principals: []string{"a@x.example"}, Namespaces: []string{"git"}, After: at, Before: at.Add(time.Hour), Key: two.Public(), Comment: "Ana",
	})
	want := olive + " " + one.PublicKey() + " Olive, at the desk\na@x.example " +
		`namespaces="git",valid-after="20261123120000Z",valid-before="20261123130000Z" ` + two.PublicKey() + " Ana\n"
	if !strings.HasSuffix(string(file), want) {
		t.Fatalf("got %s", file)
	}
	ended, n, err := trust.EndSigner(file, one.Fingerprint(), at)
	if err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	want = strings.Replace(string(file), olive+" ", olive+` valid-before="20261123120000Z" `, 1)
	if string(ended) != want {
		t.Errorf("got\n%swant\n%s", ended, want)
	}
	if _, n, err := trust.EndSigner(ended, one.Fingerprint(), at.Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("a window was widened: %d, %v", n, err)
	}
	if _, _, err := trust.EndSigner([]byte("nonsense\n"), one.Fingerprint(), at); err == nil {
		t.Error("a file that cannot be read is edited")
	}
	signers, err := trust.ParseAllowedSigners(ended)
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]int{one.Fingerprint(): 1, one.Fingerprint()[7:17]: 1, "SHA256:": 2, "SHA256:?": 0} {
		if got := signers.Keys(prefix); len(got) != want {
			t.Errorf("%q finds %d keys, want %d", prefix, len(got), want)
		}
	}
}

// TestWindows: a claimed time must lie in the window, and a proven one before its
// end.
func TestWindows(t *testing.T) {
	key := newKey(t)
	end := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	signers := trust.AllowedSigners{{Principals: []string{olive}, Before: end, Key: key.Public()}}
	before, after := end.Add(-time.Minute), end.Add(time.Minute)
	for name, test := range map[string]struct {
		at       trust.Moment
		ok       bool
		windowed bool
	}{
		"claimed":                      {trust.Moment{Claimed: before}, true, true},
		"claimed and proven":           {trust.Moment{Claimed: before, Proven: before}, true, false},
		"proven after the end":         {trust.Moment{Claimed: before, Proven: after}, false, false},
		"claimed after":                {trust.Moment{Claimed: after}, false, false},
		"claimed after, proven before": {trust.Moment{Claimed: after, Proven: before}, false, false},
	} {
		windowed, err := signers.Allow(trust.Namespace, olive, key.Public(), test.at)
		if (err == nil) != test.ok || windowed != test.windowed {
			t.Errorf("%s: %v, %v", name, windowed, err)
		}
	}
}

// FuzzRevocations: whatever parses says the same with comments between the keys,
// and every key that a line names is revoked.
func FuzzRevocations(f *testing.F) {
	key := newKey(f)
	line, err := schemas.EncodeLine(&schemas.Revocation{
		Schema: schemas.RevocationSchema, Key: key.Fingerprint(), Reason: "r", CompromisedAt: 1, LastGood: schemas.DigestOf(nil),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(key.PublicKey()+" comment\n# x\n"), line)
	f.Add([]byte{}, []byte("{}\n"))
	f.Fuzz(func(t *testing.T, keys, lines []byte) {
		r, err := trust.ParseRevocations(keys, lines)
		if err != nil {
			return
		}
		if _, err := trust.ParseRevocations(bytes.ReplaceAll(keys, []byte("\n"), []byte("\n# c\n\n")), lines); err != nil {
			t.Fatalf("with comments: %v", err)
		}
		if len(r.LastGood()) != bytes.Count(lines, []byte("\n")) {
			t.Fatalf("%d of the lines count", len(r.LastGood()))
		}
	})
}

// FuzzPolicy: whatever parses can be fulfilled.
func FuzzPolicy(f *testing.F) {
	policy := &schemas.TrustPolicy{Schema: schemas.PolicySchema, Cosignatures: &schemas.CosignPolicy{Threshold: 1, Keys: []string{newKey(f).Fingerprint()}}}
	data, err := schemas.Encode(policy)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		policy, err := trust.ParsePolicy(data)
		if err == nil && policy.Cosignatures != nil && (policy.Cosignatures.Threshold < 1 || int(policy.Cosignatures.Threshold) > len(policy.Cosignatures.Keys)) {
			t.Fatalf("%+v", policy.Cosignatures)
		}
	})
}
