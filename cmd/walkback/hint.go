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

// hintFor names the way out of an error, or nothing.
func hintFor(err error) string {
	for _, of := range []func(error) string{hintForBrowser, hintForDamage, hintForWords, hintForKey, hintForWriting, hintForSystem} {
		if hint := of(err); hint != "" {
			return hint
		}
	}
	return ""
}

// hintForDamage is of an archive that is not what was written.
func hintForDamage(err error) string {
	var (
		branch    *archive.LostBranchError
		ref       *gitstore.RefError
		config    *gitstore.ConfigError
		corrupt   *gitstore.CorruptError
		truncated *gitstore.TruncatedError
		missing   *gitstore.MissingError
	)
	switch {
	case errors.As(err, new(*archive.WithheldError)):
		return "walkback show PAGE@VERSION shows the record; the bytes are gone for good"
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
	case errors.As(err, &missing) && missing.Unindexed != "":
		return indexHint(strings.TrimSuffix(missing.Unindexed, ".pack") + ".idx")
	}
	if _, damaged := damage(err); damaged {
		return "walkback verify tells all that is wrong; go on from a good copy with --archive DIR, or mend this one: walkback verify --repair COPY"
	}
	if errors.As(err, new(*provenance.UnverifiedHeadError)) {
		return "walkback verify tells all that is wrong; go on from a good copy with --archive DIR"
	}
	return ""
}

// hintForWords is of what the words of a command line name: pages, files,
// archives, services.
func hintForWords(err error) string {
	var (
		u         *usage
		unknown   *archive.UnknownPageError
		ambiguous *archive.AmbiguousPageError
		version   *archive.VersionError
		source    *noTimeSource
	)
	switch {
	case errors.As(err, &u):
		return u.hint
	case errors.As(err, &source):
		return source.hint()
	case errors.As(err, new(*noArchive)):
		return "make one with walkback init or walkback capture URL, or name one with --archive DIR"
	case errors.As(err, &unknown):
		if len(unknown.Nearest) == 0 {
			return "walkback list shows the pages"
		}
		return "did you mean " + spokenNames(unknown.Nearest, ", or ") + "?"
	case errors.As(err, &ambiguous):
		return "name one of them: " + spokenNames(ambiguous.Names[:min(5, len(ambiguous.Names))], ", ")
	case errors.As(err, &version):
		return "walkback log " + shellWord(archive.SpokenName(version.Page.Name)) + " lists the versions"
	case errors.As(err, new(*existsError)):
		return "name another file, or write over it with --force"
	case errors.As(err, new(*unshown)):
		return "walkback show --body writes the payload as it was received; PAGE@latest~1 is the version before"
	case errors.As(err, new(*sharedError)):
		return "--everywhere takes them out there, too; --keep-shared leaves these files"
	case errors.As(err, new(*schemas.UnsupportedError)):
		return "a newer walkback can read it"
	case errors.Is(err, provenance.ErrNoCheckpoint):
		return "walkback checkpoint makes one"
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
	}
	return ""
}

// hintForKey is of signing and of who may.
func hintForKey(err error) string {
	var (
		passphrase  *trust.PassphraseError
		permissions *trust.PermissionsError
		absent      *noKey
		signer      *provenance.SignerError
	)
	switch {
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
	case errors.As(err, new(*provenance.LockoutError)):
		return "let another key in first with walkback key trust, or close the archive for good with --force"
	case errors.As(err, new(*provenance.KeyError)):
		return "walkback key allowed lists the keys of the archive and until when each may sign; --key FILE names the one to sign with"
	case errors.As(err, new(*provenance.CosignError)) && errors.As(err, new(*trust.NotAllowedError)):
		return "let the key in with: walkback key trust KEY.pub --namespace " + trust.CosignNamespace
	case errors.Is(err, trust.ErrNoAgent):
		return "start one with: eval $(ssh-agent); ssh-add FILE"
	}
	return ""
}

// hintForWriting is of others who write to an archive.
func hintForWriting(err error) string {
	var refLocked *gitstore.RefLockedError
	switch {
	case errors.As(err, new(*gitstore.KeptPackError)):
		return "the record is made, and the bytes are still there: remove these marks when you know that nothing needs them, then run the same command again"
	case errors.As(err, new(*gitstore.LockedError)):
		return "wait until it has finished, or give more time with --wait"
	case errors.As(err, &refLocked):
		return "if no git command is running in the archive, remove " + shellWord(refLocked.Path)
	case errors.As(err, new(*archive.BusyError)):
		return "wait until it has finished; --fresh does not help against a running one"
	}
	return ""
}

// hintForSystem is of the disk and its permissions.
func hintForSystem(err error) string {
	switch {
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
