package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// Messages go to stderr as "walkback: error: …" and "walkback: hint: …", lower
// case, no full stop. An error says what is wrong, a hint what to do next.

func (p *program) say(kind, format string, args ...any) {
	if p.quiet && kind == "note" {
		return
	}
	fmt.Fprintf(p.stderr, "walkback: %s: %s\n", kind, cleanLine(fmt.Sprintf(format, args...)))
}

func (p *program) warn(err error) { p.say("warning", "%v", err) }

// complain prints an error with its hint and returns the exit code.
func (p *program) complain(err error) int {
	for _, line := range strings.Split(strings.TrimSpace(err.Error()), "\n") {
		p.say("error", "%s", line)
	}
	if hint := hintFor(err); hint != "" {
		first, rest, _ := strings.Cut(hint, "\n")
		p.say("hint", "%s", first)
		for line := range strings.Lines(rest) {
			fmt.Fprintln(p.stderr, "    "+cleanLine(strings.TrimSuffix(line, "\n")))
		}
	}
	return codeFor(err)
}

// noArchive is returned when a command needs an archive and there is none.
type noArchive struct{ dir string }

func (e *noArchive) Error() string { return "there is no archive at " + e.dir }

func codeFor(err error) int {
	var (
		u          *usage
		unverified *provenance.UnverifiedHeadError
		broken     unsound
	)
	switch {
	case errors.As(err, &u):
		return exitUsage
	case errors.As(err, &unverified), errors.As(err, &broken):
		return schemas.Untrusted.ExitCode()
	}
	return exitFailed
}

// damage reports whether an error speaks of objects that are not what was
// written, and what verify would say to them.
func damage(err error) (schemas.Verdict, bool) {
	var (
		corrupt   *gitstore.CorruptError
		malformed *gitstore.MalformedError
		missing   *gitstore.MissingError
		truncated *gitstore.TruncatedError
		branch    *archive.LostBranchError
	)
	switch {
	case errors.As(err, &corrupt), errors.As(err, &malformed):
		return schemas.Tampered, true
	case errors.As(err, &missing), errors.As(err, &truncated), errors.As(err, &branch):
		return schemas.Incomplete, true
	}
	return "", false
}

// hintFor names the way out of an error, or nothing.
func hintFor(err error) string {
	var (
		u           *usage
		none        *noArchive
		unverified  *provenance.UnverifiedHeadError
		unknown     *archive.UnknownPageError
		ambiguous   *archive.AmbiguousPageError
		version     *archive.VersionError
		passphrase  *trust.PassphraseError
		permissions *trust.PermissionsError
		absent      *noKey
		signer      *provenance.SignerError
		locked      *gitstore.LockedError
		refLocked   *gitstore.RefLockedError
		busy        *archive.BusyError
		lockout     *provenance.LockoutError
		refused     *trust.NotAllowedError
		cosigned    *provenance.CosignError
		keyed       *provenance.KeyError
		newer       *schemas.UnsupportedError
		exists      *existsError
		unshowable  *unshown
		branch      *archive.LostBranchError
		ref         *gitstore.RefError
		config      *gitstore.ConfigError
		corrupt     *gitstore.CorruptError
		truncated   *gitstore.TruncatedError
	)
	if missing := new(noTimeSource); errors.As(err, &missing) {
		return missing.hint()
	}
	if hint := hintForBrowser(err); hint != "" {
		return hint
	}
	switch {
	case errors.As(err, new(*sharedError)):
		return "--everywhere takes them out there, too; --keep-shared leaves these files"
	case errors.As(err, new(*archive.WithheldError)):
		return "walkback show PAGE@VERSION shows the record; the bytes are gone for good"
	case errors.As(err, new(*gitstore.KeptPackError)):
		return "the record is made, and the bytes are still there: remove these marks when you know that nothing needs them, then run the same command again"
	case errors.As(err, &exists):
		return "name another file, or write over it with --force"
	case errors.As(err, &unshowable):
		return "walkback show --body writes the payload as it was received; PAGE@latest~1 is the version before"
	case errors.As(err, &branch):
		return fmt.Sprintf("go on from a good copy with --archive DIR, or put the branch back and look: git --git-dir=%s update-ref refs/heads/main %s; walkback verify", shellWord(branch.Dir), branch.Newest)
	case errors.As(err, &ref):
		return refHint(ref)
	case errors.As(err, &config):
		return "an archive can do without it: move it away, then walkback verify"
	case errors.As(err, &corrupt) && filepath.Ext(corrupt.Where) == ".idx":
		return indexHint(corrupt.Where)
	case errors.As(err, &truncated) && filepath.Ext(truncated.Where) == ".idx":
		return indexHint(truncated.Where)
	}
	var missing *gitstore.MissingError
	if errors.As(err, &missing) && missing.Unindexed != "" {
		return indexHint(strings.TrimSuffix(missing.Unindexed, ".pack") + ".idx")
	}
	if _, damaged := damage(err); damaged {
		return "walkback verify tells all that is wrong; go on from a good copy with --archive DIR"
	}
	switch {
	case errors.As(err, &u):
		return u.hint
	case errors.As(err, &none):
		return "make one with walkback init or walkback capture URL, or name one with --archive DIR"
	case errors.As(err, &unverified):
		return "walkback verify tells all that is wrong; go on from a good copy with --archive DIR"
	case errors.As(err, &unknown):
		if len(unknown.Nearest) == 0 {
			return "walkback list shows the pages"
		}
		return "did you mean " + spokenNames(unknown.Nearest, ", or ") + "?"
	case errors.As(err, &ambiguous):
		return "name one of them: " + spokenNames(ambiguous.Names[:min(5, len(ambiguous.Names))], ", ")
	case errors.As(err, &version):
		return "walkback log " + shellWord(archive.SpokenName(version.Page.Name)) + " lists the versions"
	case errors.As(err, &passphrase):
		if passphrase.Wrong {
			return "try again, or use another key with --key FILE"
		}
		return "run from a terminal, set SSH_ASKPASS, or put the key into an ssh-agent and use --key " + shellWord(passphrase.File+".pub")
	case errors.As(err, &permissions):
		return "chmod 600 " + shellWord(permissions.File)
	case errors.As(err, &absent):
		return keyHint(absent.allowed)
	case errors.As(err, &signer):
		return keyHint(signer.Allowed)
	case errors.As(err, &lockout):
		return "let another key in first with walkback key trust, or close the archive for good with --force"
	case errors.As(err, &keyed):
		return "walkback key allowed lists the keys of the archive and until when each may sign; --key FILE names the one to sign with"
	case errors.As(err, &cosigned) && errors.As(err, &refused):
		return "let the key in with: walkback key trust KEY.pub --namespace " + trust.CosignNamespace
	case errors.As(err, &locked):
		return "wait until it has finished, or give more time with --wait"
	case errors.As(err, &refLocked):
		return "if no git command is running in the archive, remove " + shellWord(refLocked.Path)
	case errors.As(err, &busy):
		return "wait until it has finished; --fresh does not help against a running one"
	case errors.As(err, &newer):
		return "a newer walkback can read it"
	case errors.Is(err, provenance.ErrNoCheckpoint):
		return "walkback checkpoint makes one"
	case errors.Is(err, trust.ErrNoAgent):
		return "start one with: eval $(ssh-agent); ssh-add FILE"
	case errors.Is(err, archive.ErrExists):
		return "walkback capture adds to it; make another one elsewhere with walkback init DIR"
	case errors.Is(err, gitstore.ErrNotEmpty):
		return "name an empty folder, or a new one: walkback init DIR"
	case errors.Is(err, archive.ErrUnborn):
		return "its making was interrupted: walkback init or walkback capture completes it"
	case errors.Is(err, archive.ErrNotArchive):
		return "name an archive with --archive DIR, or make a new one elsewhere with walkback init DIR"
	case errors.Is(err, archive.ErrUserInfo):
		return "leave the user name and password out of the address"
	case errors.As(err, new(*extract.LimitError)):
		return "hand in the part that is the post; what is captured from its address is kept at any length"
	case errors.Is(err, archive.ErrNoText):
		return "a post is a text, Markdown, HTML or PDF file, a page saved as MHTML, or mail (.eml)"
	case errors.Is(err, syscall.EFBIG):
		return "a file would be larger than the system allows: nothing that was acknowledged is lost; raise the limit (ulimit -f) and run the same command again"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk is full: nothing that was acknowledged is lost; make room and run the same command again"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "check the permissions of the folder, or name another one with --archive DIR"
	}
	return ""
}

// indexHint is the way out when only the index of a pack is damaged: a pack tells
// all that its index does.
func indexHint(index string) string {
	pack := strings.TrimSuffix(index, ".idx") + ".pack"
	return "make the index anew and look: rm -f " + shellWord(index) + "; git index-pack " + shellWord(pack) + "; walkback verify"
}

// refHint is the way out when a file that leads to the commits is not what it
// was.
func refHint(ref *gitstore.RefError) string {
	if filepath.Base(ref.Path) == "HEAD" {
		return "put it back and look: echo 'ref: refs/heads/main' > " + shellWord(ref.Path) + "; walkback verify"
	}
	return "no snapshot was found: go on from a good copy with --archive DIR"
}

func spokenNames(names []string, separator string) string {
	var spoken []string
	for _, name := range names {
		spoken = append(spoken, archive.SpokenName(name))
	}
	return strings.Join(spoken, separator)
}

// keyHint names the keys that may sign in an archive now.
func keyHint(allowed trust.AllowedSigners) string {
	if len(allowed) == 0 {
		return "this archive is closed: no key may sign in it any more; go on in a new one with --archive DIR"
	}
	var keys []string
	for _, signer := range allowed[:min(3, len(allowed))] {
		keys = append(keys, fmt.Sprintf("%s (%s)", strings.Join(signer.Principals, ","), ssh.FingerprintSHA256(signer.Key)))
	}
	return "this archive is signed by " + strings.Join(keys, ", ") + ": name the file of that key with --key FILE"
}

// shellWord quotes a word for a shell when it needs it.
func shellWord(s string) string {
	plain := strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:@%+=,")
	if s != "" && plain == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
