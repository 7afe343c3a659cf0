package trust_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/provenance/trust"
)

const olive = "olive@operator.example"

// needTool skips a test when a stock tool is missing, except on a machine that
// must have it.
func needTool(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			continue
		} else if os.Getenv("CI") != "" {
			t.Fatal(err)
		} else {
			t.Skipf("%s is not installed, so it cannot be compared with", name)
		}
	}
}

func newKey(t testing.TB) *trust.Key {
	t.Helper()
	key, err := trust.NewKey(filepath.Join(t.TempDir(), "key"), "Olive", olive, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(t testing.TB, key *trust.Key) ssh.PublicKey {
	t.Helper()
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestAllow compares our decisions with those of ssh-keygen, file by file. KEY
// stands for the key that signed, OTHER for another one. Where we are stricter
// by design, the case says so; laxer we must never be.
func TestAllow(t *testing.T) {
	const yes, no, stricter = "yes", "no", "stricter"
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		file string
		want string
	}{
		"plain":                       {olive + " KEY\n", yes},
		"comment at the end":          {olive + " KEY Olive Operator <olive@x>\n", yes},
		"empty":                       {"", no},
		"comments and empty lines":    {"# nobody\n\n   \n\t# more\n" + olive + " KEY\n", yes},
		"no line end":                 {olive + " KEY", yes},
		"blanks at both ends":         {"  \t" + olive + "\t KEY \n", yes},
		"carriage returns":            {olive + " KEY\r\n", yes},
		"line commented out":          {"#" + olive + " KEY\n", no},
		"other key":                   {olive + " OTHER\n", no},
		"other key first":             {olive + " OTHER\n" + olive + " KEY\n", yes},
		"other name":                  {"mallory@operator.example KEY\n", no},
		"other name first":            {"mallory@operator.example KEY\n" + olive + " KEY\n", yes},
		"upper case":                  {"OLIVE@operator.example KEY\n", no},
		"list of names":               {"a@b.example," + olive + ",c@d.example KEY\n", yes},
		"quoted names":                {`"a@b.example,` + olive + `" KEY` + "\n", yes},
		"quotation not closed":        {`"` + olive + " KEY\n", no},
		"star":                        {"* KEY\n", yes},
		"star before the at":          {"*@operator.example KEY\n", yes},
		"star in the middle":          {"olive@*.example KEY\n", yes},
		"star for nothing":            {olive + "* KEY\n", yes},
		"star elsewhere":              {"*@other.example KEY\n", no},
		"question marks":              {"?????@operator.example KEY\n", yes},
		"too few question marks":      {"????@operator.example KEY\n", no},
		"brackets are no pattern":     {"[o]live@operator.example KEY\n", no},
		"negated":                     {"!" + olive + ",* KEY\n", no},
		"negated after":               {"*,!olive@* KEY\n", no},
		"negated other":               {"!mallory@*,*@operator.example KEY\n", yes},
		"negated only":                {"!mallory@* KEY\n", no},
		"namespace":                   {olive + ` namespaces="git" KEY` + "\n", yes},
		"other namespace":             {olive + ` namespaces="file" KEY` + "\n", no},
		"list of namespaces":          {olive + ` namespaces="file,git" KEY` + "\n", yes},
		"pattern of namespaces":       {olive + ` namespaces="g?t*" KEY` + "\n", yes},
		"negated namespace":           {olive + ` namespaces="!git,*" KEY` + "\n", no},
		"empty namespaces":            {olive + ` namespaces="" KEY` + "\n", no},
		"namespaces twice":            {olive + ` namespaces="file",namespaces="git" KEY` + "\n", no},
		"namespaces without quotes":   {olive + ` namespaces=git KEY` + "\n", no},
		"namespaces without value":    {olive + ` namespaces KEY` + "\n", no},
		"option in capitals":          {olive + ` NAMESPACES="git" KEY` + "\n", yes},
		"after, past":                 {olive + ` valid-after="20261123115959Z" KEY` + "\n", yes},
		"after, this second":          {olive + ` valid-after="20261123120000Z" KEY` + "\n", yes},
		"after, future":               {olive + ` valid-after="20261123120001Z" KEY` + "\n", no},
		"before, past":                {olive + ` valid-before="20261123115959Z" KEY` + "\n", no},
		"before, this second":         {olive + ` valid-before="20261123120000Z" KEY` + "\n", stricter},
		"before, future":              {olive + ` valid-before="20261123120001Z" KEY` + "\n", yes},
		"window":                      {olive + ` valid-after="20261101Z",valid-before="202612010000Z" KEY` + "\n", yes},
		"window and namespace":        {olive + ` namespaces="git",valid-after="20261101Z",valid-before="20261201Z" KEY` + "\n", yes},
		"window that is upside down":  {olive + ` valid-after="20261201Z",valid-before="20261101Z" KEY` + "\n", no},
		"window of another line":      {olive + ` valid-before="20200101Z" KEY` + "\n" + olive + ` valid-after="20260101Z" KEY` + "\n", yes},
		"after twice":                 {olive + ` valid-after="20300101Z",valid-after="20200101Z" KEY` + "\n", no},
		"local time":                  {olive + ` valid-after="20200101" KEY` + "\n", stricter},
		"time that is none":           {olive + ` valid-after="yesterday" KEY` + "\n", no},
		"unknown option":              {olive + ` verify-required KEY` + "\n", no},
		"authority":                   {olive + " cert-authority KEY\n", no},
		"no key":                      {olive + "\n", no},
		"key that is none":            {olive + " ssh-ed25519 AAAA\n", no},
		"bad line before a good one":  {"nonsense\n" + olive + " KEY\n", stricter},
		"bad line after a good one":   {olive + " KEY\nnonsense\n", stricter},
		"option after the key's type": {olive + ` ssh-ed25519 namespaces="git" KEY` + "\n", no},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needTool(t, "ssh-keygen")
			key, other := newKey(t), newKey(t)
			file := strings.NewReplacer("KEY", key.PublicKey(), "OTHER", other.PublicKey()).Replace(test.file)
			signers, err := trust.ParseAllowedSigners([]byte(file))
			if err == nil {
				_, err = signers.Allow(trust.Namespace, olive, public(t, key), trust.Moment{Claimed: at})
			}
			theirs := sshKeygenAllows(t, key, file, at)
			switch ours := err == nil; {
			case test.want == yes && (!ours || !theirs), test.want == no && (ours || theirs), test.want == stricter && (ours || !theirs):
				t.Errorf("want %s; we say %v, ssh-keygen says %v", test.want, err, theirs)
			}
		})
	}
}

// sshKeygenAllows asks ssh-keygen whether olive may have signed with the key at
// this time.
func sshKeygenAllows(t *testing.T, key *trust.Key, file string, at time.Time) bool {
	t.Helper()
	const message = "message"
	armor, err := key.Sign(strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"sig": string(armor), "allowed": file} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("ssh-keygen", "-Y", "verify", "-n", "git", "-f", "allowed", "-I", olive, "-s", "sig",
		"-O", "verify-time="+at.Format("20060102150405Z"))
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(message)
	return cmd.Run() == nil
}

// TestNotAllowed: a refusal says why.
func TestNotAllowed(t *testing.T) {
	key, at := newKey(t), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for options, want := range map[string]string{
		olive + " cert-authority ":           "certificate authority",
		"mallory@x.example ":                 "belongs to another name: mallory@x.example",
		olive + ` namespaces="file,email" `:  "for other purposes: file,email",
		olive + ` valid-after="20300101Z" `:  "not yet allowed on 2026-11-23T12:00:00Z",
		olive + ` valid-before="20200101Z" `: "no longer allowed on 2026-11-23T12:00:00Z",
		"# ":                                 "does not allow this key",
	} {
		signers, err := trust.ParseAllowedSigners([]byte(options + key.PublicKey()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = signers.Allow(trust.Namespace, olive, public(t, key), trust.Moment{Claimed: at})
		var refusal *trust.NotAllowedError
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Reason, want) || refusal.Principal != olive || refusal.Key != key.Fingerprint() {
			t.Errorf("%q: got %v, want a refusal because %q", options, err, want)
		}
	}
}

// TestSignerLine: the line of a new archive lets its key in, also for stock git.
func TestSignerLine(t *testing.T) {
	needTool(t, "ssh-keygen")
	key := newKey(t)
	line := trust.SignerLine(olive, key.PublicKey())
	signers, err := trust.ParseAllowedSigners([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signers.Allow(trust.Namespace, olive, public(t, key), trust.Moment{Claimed: time.Now()}); err != nil {
		t.Error(err)
	}
	if !sshKeygenAllows(t, key, line, time.Now()) {
		t.Errorf("ssh-keygen refuses %s", line)
	}
}

func TestTooManySigners(t *testing.T) {
	line := trust.SignerLine(olive, newKey(t).PublicKey())
	if _, err := trust.ParseAllowedSigners(bytes.Repeat([]byte(line), 10_001)); err == nil {
		t.Error("10,001 signers are accepted")
	}
}

// FuzzAllowedSigners: whatever parses has whole entries, and the same entries
// with blanks and comments between the lines. No file lets in a key that is not
// in it.
func FuzzAllowedSigners(f *testing.F) {
	key, stranger := newKey(f), newKey(f)
	for _, options := range []string{"", `namespaces="git" `, `valid-after="20200101Z",valid-before="20300101Z" `, "cert-authority "} {
		f.Add([]byte(olive + " " + options + key.PublicKey() + " comment\n"))
		f.Add([]byte(`"a*,!b?" ` + options + key.PublicKey() + "\r\n# x\n"))
	}
	f.Add([]byte("a@b " + stranger.PublicKey()[:20]))
	someone := public(f, stranger)
	f.Fuzz(func(t *testing.T, data []byte) {
		signers, err := trust.ParseAllowedSigners(data)
		if err != nil {
			return
		}
		for _, s := range signers {
			if len(s.Principals) == 0 || s.Key == nil {
				t.Fatalf("half an entry: %+v", s)
			}
		}
		again, err := trust.ParseAllowedSigners(bytes.ReplaceAll(data, []byte("\n"), []byte("\n\n# c\n")))
		if err != nil || len(again) != len(signers) {
			t.Fatalf("with comments: %d entries, %v, want %d", len(again), err, len(signers))
		}
		listed := bytes.Contains(data, []byte(strings.Fields(stranger.PublicKey())[1]))
		if _, err := signers.Allow(trust.Namespace, olive, someone, trust.Moment{Claimed: time.Now()}); err == nil && !listed {
			t.Fatal("a key that is not in the file is allowed")
		}
	})
}
