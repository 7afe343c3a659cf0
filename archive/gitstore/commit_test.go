package gitstore_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// goodCommit is a commit in the accepted form; its signature has the shape of
// one.
const goodCommit = `tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
parent 1111111111111111111111111111111111111111
author Alice Example <alice@example.org> 1772366400 +0000
committer Bob <bob@example.org> 1772366400 +0000
gpgsig -----BEGIN SSH SIGNATURE-----
 U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg
 aGVsbG8=
 -----END SSH SIGNATURE-----

capture: https://example.com/

Sequence: 42
`

func TestParseCommit(t *testing.T) {
	c, err := gitstore.ParseCommit([]byte(goodCommit))
	ok(t, err)
	if got, want := c.Tree.String(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904"; got != want {
		t.Errorf("tree %s, want %s", got, want)
	}
	if got, want := c.Parent.String(), strings.Repeat("1", 40); got != want {
		t.Errorf("parent %s, want %s", got, want)
	}
	if c.Author != alice || c.Committer != (gitstore.Person{Name: "Bob", Email: "bob@example.org"}) {
		t.Errorf("persons %v and %v", c.Author, c.Committer)
	}
	if !c.Time.Equal(noon) || c.Time.Location() != time.UTC {
		t.Errorf("time %v, want %v", c.Time, noon)
	}
	if got, want := c.Message, "capture: https://example.com/\n\nSequence: 42\n"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
	begin, end := strings.Index(goodCommit, "gpgsig"), strings.Index(goodCommit, "\ncapture")
	if got, want := string(c.Payload), goodCommit[:begin]+goodCommit[end:]; got != want {
		t.Errorf("payload\n%s\nwant\n%s", got, want)
	}
	armor := strings.ReplaceAll(strings.TrimPrefix(goodCommit[begin:end], "gpgsig "), "\n ", "\n")
	if got := string(c.Signature); got != armor {
		t.Errorf("signature\n%s\nwant\n%s", got, armor)
	}
	if string(c.Raw) != goodCommit || c.SHA256 != sha256.Sum256([]byte(goodCommit)) {
		t.Error("raw bytes or their SHA-256 differ")
	}
}

func TestParseCommitRefuses(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(goodCommit, old) {
			t.Fatalf("no %q to replace", old)
		}
		return strings.Replace(goodCommit, old, new, 1)
	}
	sig := goodCommit[strings.Index(goodCommit, "gpgsig"):strings.Index(goodCommit, "\ncapture")]
	parent := "parent " + strings.Repeat("1", 40) + "\n"
	for name, raw := range map[string]string{
		"empty":                   "",
		"cut off":                 goodCommit[:100],
		"no tree":                 goodCommit[strings.Index(goodCommit, "parent"):],
		"two trees":               edit("tree ", "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntree "),
		"two parents":             edit(parent, parent+parent),
		"zero parent":             edit(strings.Repeat("1", 40), strings.Repeat("0", 40)),
		"upper-case id":           edit("4b825dc", "4B825DC"),
		"two authors":             edit("author", "author Eve <e@example.org> 1772366400 +0000\nauthor"),
		"no author":               edit("author Alice Example <alice@example.org> 1772366400 +0000\n", ""),
		"committer first":         edit("author", "committer"),
		"two committers":          edit("gpgsig", "committer Eve <e@example.org> 1772366400 +0000\ngpgsig"),
		"encoding":                edit("gpgsig", "encoding ISO-8859-1\ngpgsig"),
		"mergetag":                edit("gpgsig", "mergetag object\ngpgsig"),
		"header after signature":  edit(" -----END SSH SIGNATURE-----\n", " -----END SSH SIGNATURE-----\nencoding UTF-8\n"),
		"unsigned":                edit(sig, ""),
		"two signatures":          edit(sig, sig+sig),
		"SHA-256 signature":       edit("gpgsig ", "gpgsig-sha256 "),
		"OpenPGP":                 strings.ReplaceAll(goodCommit, "SSH SIGNATURE", "PGP SIGNATURE"),
		"two armors":              edit("\ncapture", strings.TrimPrefix(strings.Replace(sig, "gpgsig", "", 1), "")+"\ncapture"),
		"text after armor":        edit(" -----END SSH SIGNATURE-----\n", " -----END SSH SIGNATURE-----\n more\n"),
		"empty armor line":        edit(" aGVsbG8=\n", " aGVsbG8=\n \n"),
		"space in armor":          edit(" aGVsbG8=\n", " aGVs bG8=\n"),
		"bad base64":              edit("aGVsbG8=", "aGVsbG9="),
		"not an SSHSIG":           edit("U1NI", "AAAA"),
		"offset":                  edit("+0000\ncommitter", "+0100\ncommitter"),
		"negative zero offset":    edit("+0000\ncommitter", "-0000\ncommitter"),
		"times differ":            edit("1772366400", "1772366401"),
		"leading zero":            strings.ReplaceAll(goodCommit, "1772366400", "01772366400"),
		"negative time":           strings.ReplaceAll(goodCommit, "1772366400", "-1"),
		"year 10000":              strings.ReplaceAll(goodCommit, "1772366400", "253402300800"),
		"no name":                 edit("Alice Example <", "<"),
		"blank name":              edit("Alice Example <", " <"),
		"name with crud":          edit("Alice Example <", "Alice, <"),
		"address with space":      edit("alice@example.org", "alice @example.org"),
		"two addresses":           edit("<alice@example.org>", "<alice@example.org> <a>"),
		"control character":       edit("Alice Example", "Alice\x1bExample"),
		"carriage return":         edit("Sequence: 42\n", "Sequence: 42\r\n"),
		"NUL":                     edit("42", "4\x002"),
		"not UTF-8":               edit("42", "4\xff2"),
		"no final LF":             strings.TrimSuffix(goodCommit, "\n"),
		"two final LFs":           goodCommit + "\n",
		"no message":              edit("capture: https://example.com/\n\nSequence: 42\n", ""),
		"empty first line":        edit("capture", "\ncapture"),
		"no line before message":  edit("\n\ncapture", "\ncapture"),
		"too large":               goodCommit + strings.Repeat("x", 1<<20) + "\n",
		"leading space in header": " " + goodCommit,
	} {
		_, err := gitstore.ParseCommit([]byte(raw))
		if m, is := isA[*gitstore.MalformedError](err); !is || m.Reason == "" || m.ID.IsZero() {
			t.Errorf("%s: got %v, want a MalformedError", name, err)
		}
	}
}

// TestVerifyCommit holds the commits against stock git and ssh-keygen.
func TestVerifyCommit(t *testing.T) {
	needTool(t, "ssh-keygen")
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "a", "one")
	c := record(t, s, "a", "two")
	signers := filepath.Join(t.TempDir(), "allowed_signers")
	line := append([]byte(`alice@example.org namespaces="git" `), ssh.MarshalAuthorizedKey(testSigner(t).PublicKey())...)
	ok(t, os.WriteFile(signers, line, 0o666))
	for _, rev := range []string{"main", "main~1"} {
		out := git(t, dir, "-c", "gpg.ssh.allowedSignersFile="+signers, "verify-commit", rev)
		if !strings.Contains(out, `Good "git" signature for alice@example.org`) {
			t.Errorf("git verify-commit %s says %q", rev, out)
		}
	}
	if got, want := git(t, dir, "cat-file", "commit", "main"), string(c.Raw); got != want {
		t.Errorf("git has the commit\n%s\nwant\n%s", got, want)
	}
	if got, want := git(t, dir, "log", "-1", "--format=%an <%ae> %at %cn <%ce> %ct%n%B", "main"),
		"Alice Example <alice@example.org> 1772366400 Alice Example <alice@example.org> 1772366400\nrecord a\n\n"; got != want {
		t.Errorf("git log says %q, want %q", got, want)
	}
	again, err := gitstore.ParseCommit(c.Raw)
	ok(t, err)
	if again.ID != c.ID || !bytes.Equal(again.Payload, c.Payload) || !bytes.Equal(again.Signature, c.Signature) {
		t.Error("parsing the commit again gives another one")
	}
}

func TestCommitTime(t *testing.T) {
	b := begin(t, open(t, newRepository(t)))
	signer := testSigner(t)
	for i, test := range []struct{ at, want time.Time }{
		{noon.Add(900 * time.Millisecond), noon},
		{noon.Add(-time.Hour), noon},
		{noon.Add(time.Hour).In(time.FixedZone("", 3600)), noon.Add(time.Hour)},
	} {
		c, err := b.Commit(alice, test.at, "m\n", signer)
		ok(t, err)
		if !c.Time.Equal(test.want) {
			t.Errorf("commit %d has time %v, want %v", i, c.Time, test.want)
		}
	}
}

func TestCommitRefuses(t *testing.T) {
	b := begin(t, open(t, newRepository(t)))
	put(t, b, "a", "one")
	signer := testSigner(t)
	for name, test := range map[string]struct {
		by      gitstore.Person
		at      time.Time
		message string
	}{
		"no name":     {gitstore.Person{Email: "a@b"}, noon, "m\n"},
		"two lines":   {gitstore.Person{Name: "A\nparent x", Email: "a@b"}, noon, "m\n"},
		"no address":  {gitstore.Person{Name: "A"}, noon, "m\n"},
		"no message":  {alice, noon, "\n"},
		"no LF":       {alice, noon, "m"},
		"CR":          {alice, noon, "m\r\n"},
		"before 1970": {alice, time.Unix(-1, 0), "m\n"},
	} {
		if _, err := b.Commit(test.by, test.at, test.message, signer); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if b.Head() != nil {
		t.Error("a refused commit became the head")
	}
	c := commit(t, b, "good")
	if e, err := b.Lookup("a"); err != nil || e.Mode != gitstore.ModeFile || c.Parent != (gitstore.ID{}) {
		t.Errorf("after refused commits the staged file is %v, %v", e, err)
	}
}
