package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// The SSHSIG namespaces: that of commit signatures, the one git uses, and that of
// co-signatures. A key that is allowed in one only cannot do the other.
const (
	Namespace       = "git"
	CosignNamespace = "cosign@walkback"
)

// Key is a signing key. It is safe for use by several goroutines when its
// origin is a file; an agent answers one request at a time.
type Key struct {
	signer  ssh.Signer
	program *Program // signs in place of signer; nil: signer does
	name    string
	email   string
	file    string // "" for a key of an agent
}

// PassphraseError is returned when a key file needs a passphrase, or got a
// wrong one.
type PassphraseError struct {
	File  string
	Wrong bool
}

func (e *PassphraseError) Error() string {
	if e.Wrong {
		return fmt.Sprintf("the passphrase does not open the key %s", e.File)
	}
	return fmt.Sprintf("the key %s is protected by a passphrase", e.File)
}

// PermissionsError is returned for a private key that others can read.
type PermissionsError struct {
	File string
	Mode fs.FileMode
}

func (e *PermissionsError) Error() string {
	return fmt.Sprintf("the key %s has mode %04o, so others can read it", e.File, e.Mode.Perm())
}

// NewKey makes an ed25519 key, writes it to file (mode 0600) and its public
// half to file.pub, and returns it. A nil passphrase leaves the file
// unencrypted. It never replaces a file.
func NewKey(file, name, email string, passphrase []byte, random io.Reader) (*Key, error) {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	key := &Key{signer: signer, name: name, email: email, file: file}
	if email == "" {
		key.name, key.email = anonymous(signer.PublicKey())
		if name != "" {
			key.name = name
		}
	}
	if key.name, err = cleanName(key.name); err != nil {
		return nil, err
	}
	if key.email, err = cleanEmail(key.email); err != nil {
		return nil, err
	}
	block, err := marshalPrivate(private, key.comment(), passphrase)
	if err != nil {
		return nil, fmt.Errorf("encoding key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("making the key's folder: %w", err)
	}
	if err := writeNew(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, fmt.Errorf("writing key: %w", err)
	}
	if err := writeNew(file+".pub", []byte(key.PublicKey()+" "+key.comment()+"\n"), 0o644); err != nil {
		_ = os.Remove(file)
		return nil, fmt.Errorf("writing public key: %w", err)
	}
	return key, nil
}

func marshalPrivate(private ed25519.PrivateKey, comment string, passphrase []byte) (*pem.Block, error) {
	if len(passphrase) == 0 {
		return ssh.MarshalPrivateKey(private, comment)
	}
	return ssh.MarshalPrivateKeyWithPassphrase(private, comment, passphrase)
}

// OpenKey reads a private key file. It calls passphrase, which may be nil, only
// when the key needs one.
func OpenKey(file string, passphrase func() ([]byte, error)) (*Key, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		return nil, &PermissionsError{File: file, Mode: info.Mode()}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		signer, err = openWithPassphrase(file, data, passphrase)
	}
	if err != nil {
		var wrapped *PassphraseError
		if errors.As(err, &wrapped) {
			return nil, err
		}
		return nil, fmt.Errorf("reading key %s: %w", file, err)
	}
	key := &Key{signer: signer, file: file}
	key.name, key.email = anonymous(signer.PublicKey())
	if public, comment, err := readPublic(file + ".pub"); err == nil && sameKey(public, signer.PublicKey()) {
		key.readComment(comment)
	}
	key.finishMaking(data)
	return key, nil
}

// finishMaking does what a NewKey that was killed has left undone, and takes away
// what it left. Where nothing can be written, the key is as good without.
func (k *Key) finishMaking(private []byte) {
	public := []byte(k.PublicKey() + " " + k.comment() + "\n")
	if _, err := os.Lstat(hidden(k.file+".pub") + ".lock"); err == nil {
		_ = writeNew(k.file+".pub", public, 0o644)
	}
	if _, err := os.Lstat(hidden(k.file) + ".lock"); err == nil {
		_ = writeNew(k.file, private, 0o600) // it is there: only the rest goes
	}
}

// hidden returns the stem of the names that a file has around it while it is made.
func hidden(file string) string { return filepath.Join(filepath.Dir(file), "."+filepath.Base(file)) }

func openWithPassphrase(file string, data []byte, passphrase func() ([]byte, error)) (ssh.Signer, error) {
	if passphrase == nil {
		return nil, &PassphraseError{File: file}
	}
	phrase, err := passphrase()
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKeyWithPassphrase(data, phrase)
	if err != nil {
		return nil, &PassphraseError{File: file, Wrong: true}
	}
	return signer, nil
}

// readComment takes over "Name <email>"; any other comment is left alone.
func (k *Key) readComment(comment string) {
	name, rest, ok := strings.Cut(comment, " <")
	email, tail, closed := strings.Cut(rest, ">")
	if !ok || !closed || tail != "" {
		return
	}
	cleanedName, err := cleanName(name)
	if err != nil {
		return
	}
	if cleanedEmail, err := cleanEmail(email); err == nil {
		k.name, k.email = cleanedName, cleanedEmail
	}
}

func (k *Key) comment() string { return k.name + " <" + k.email + ">" }

// Sign returns the armored SSHSIG over message: SHA-512, namespace "git".
func (k *Key) Sign(message io.Reader) ([]byte, error) {
	data, err := io.ReadAll(message)
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", k.Fingerprint(), err)
	}
	return k.SignIn(Namespace, data)
}

// SignIn returns the armored SSHSIG over message in a namespace.
func (k *Key) SignIn(namespace string, message []byte) (armor []byte, err error) {
	if k.program != nil {
		armor, err = k.program.sign(k.signer.PublicKey(), k.file, namespace, message)
	} else {
		var sig *sshsig.Signature
		if sig, err = sshsig.Sign(bytes.NewReader(message), k.signer, sshsig.HashSHA512, namespace); err == nil {
			armor = sshsig.Armor(sig)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", k.Fingerprint(), err)
	}
	return armor, nil
}

// Person returns the name and e-mail under which the key signs.
func (k *Key) Person() (name, email string) { return k.name, k.email }

// PublicKey returns the public half as "type base64".
func (k *Key) PublicKey() string { return authorizedKey(k.signer.PublicKey()) }

// Fingerprint returns the form that ssh-keygen -l prints: SHA256:….
func (k *Key) Fingerprint() string { return Fingerprint(k.signer.PublicKey()) }

// Public returns the public half, which may be an *ssh.Certificate.
func (k *Key) Public() ssh.PublicKey { return k.signer.PublicKey() }

// Type returns the key's algorithm, such as ssh-ed25519.
func (k *Key) Type() string { return k.signer.PublicKey().Type() }

// File returns the file the key was read from, "" for a key of an agent.
func (k *Key) File() string { return k.file }

func authorizedKey(key ssh.PublicKey) string {
	return strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(key)), "\n")
}

func sameKey(a, b ssh.PublicKey) bool { return string(a.Marshal()) == string(b.Marshal()) }

// ReadPublic reads a .pub file. The key it returns cannot sign.
func ReadPublic(file string) (*Key, error) {
	public, comment, err := readPublic(file)
	if err != nil {
		return nil, fmt.Errorf("reading public key %s: %w", file, err)
	}
	key := &Key{signer: publicOnly{key: public}, file: strings.TrimSuffix(file, ".pub")}
	key.name, key.email = anonymous(public)
	key.readComment(comment)
	return key, nil
}

// publicOnly stands in for a signer whose private half was not read.
type publicOnly struct{ key ssh.PublicKey }

func (p publicOnly) PublicKey() ssh.PublicKey { return p.key }

func (p publicOnly) Sign(io.Reader, []byte) (*ssh.Signature, error) {
	return nil, errors.New("only the public half of the key was read")
}

func readPublic(file string) (ssh.PublicKey, string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, "", err
	}
	key, comment, _, _, err := ssh.ParseAuthorizedKey(data)
	return key, comment, err
}

var notAlphanumeric = pattern.New(`[^A-Za-z0-9]`)

func anonymous(key ssh.PublicKey) (name, email string) {
	fingerprint := strings.TrimPrefix(Fingerprint(key), "SHA256:")
	return "walkback", notAlphanumeric().ReplaceAllString(fingerprint, "")[:8] + "@walkback.invalid"
}

// cleanName refuses what would break a commit's author line.
func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsAny(name, "<>\"\\") || hasControl(name) {
		return "", fmt.Errorf("the name %q cannot stand in a commit: it must not be empty or hold < > \" \\ or control characters", name)
	}
	return name, nil
}

// cleanEmail refuses what could not be a principal of allowed_signers, where
// blanks, commas and wildcards have a meaning of their own.
func cleanEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || strings.ContainsAny(email, " \t,*?!\"#") || hasControl(email) {
		return "", fmt.Errorf("the e-mail %q cannot name a signer: want something like name@example.org", email)
	}
	return email, nil
}

// Holders checks the name and the e-mail of the holder of a key that is about to
// be let in, or for an authority the patterns of those whom it certifies, and
// returns them as a line of allowed_signers has them.
func Holders(name, email string, patterns bool) (principals []string, comment string, err error) {
	if name != "" {
		if name, err = cleanName(name); err != nil {
			return nil, "", err
		}
	}
	if !patterns {
		email, err = cleanEmail(email)
		return []string{email}, name, err
	}
	for _, pattern := range strings.Split(email, ",") {
		if _, err := cleanEmail(strings.NewReplacer("*", "x", "?", "x").Replace(pattern)); err != nil {
			return nil, "", fmt.Errorf("%q is no pattern of e-mails: want something like *@example.org", pattern)
		}
		principals = append(principals, pattern)
	}
	return principals, name, nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

// writeNew makes a file that appears whole or not at all: half a key would have
// to be removed by hand before there can be another. It never replaces a file.
// Until it is whole it has a name that is always the same, so that what a killed
// process left goes with the next; the lock keeps two from writing at once.
func writeNew(file string, data []byte, mode fs.FileMode) (err error) {
	lock, err := lockNew(hidden(file) + ".lock")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(lock.Path()), lock.Close()) }()
	next := hidden(file) + ".new"
	// Not written over: it may be another name of a key that is in use.
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(next)
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Link(next, file); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(file); err == nil { // a file system without links
		return &fs.PathError{Op: "create", Path: file, Err: fs.ErrExist}
	}
	return os.Rename(next, file)
}

// lockNew waits for a lock whose file its holder removes, so that it counts only
// while the file has its name.
func lockNew(file string) (*flock.Flock, error) {
	for {
		lock := flock.New(file, flock.SetPermissions(0o600))
		if err := lock.Lock(); err != nil {
			return nil, err
		}
		held, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		if named, err := os.Stat(file); err == nil && os.SameFile(held, named) {
			return lock, nil
		}
		if err := lock.Close(); err != nil {
			return nil, err
		}
	}
}
