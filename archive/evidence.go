package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// Evidence is a file that vouches for a commit that is in the archive already:
// a timestamp, a proof, a co-signature. It is stored by a later commit of kind
// evidence, in the folder that [EvidenceFolder] names, and never changed again.
type Evidence struct {
	Of      schemas.CommitRef
	Name    string // see [EvidenceName]
	Content []byte
}

// LogFile is a new file of the log folder, written by a commit of kind evidence.
type LogFile struct {
	Name    string // such as checkpoint-42
	Content []byte
}

// TrustFile is a file of the trust folder, written by a commit of kind trust. It
// replaces the file of this name, if there is one.
type TrustFile struct {
	Path    string // below trust/, such as tsa/example.pem
	Content []byte
}

// EvidenceLimit bounds a file of evidence, in bytes: real ones have a few
// thousand.
const EvidenceLimit = 1 << 20

// evidenceName is what the files of evidence are called:
//
//	tsa-<authority>-<YYYYMMDDThhmmssZ>.tsr   RFC 3161 response
//	ots-pending-<n>.ots                      OpenTimestamps proof, not in a block yet
//	ots-btc-<height>.ots                     OpenTimestamps proof, in this block
//	btc-<height>.hdr                         the 80 bytes of its header
//	cosign-<fingerprint>.sig                 SSHSIG over the raw commit
//	chain.pem, chain-<authority>.pem         certificates
//	crl-<YYYYMMDDThhmmssZ>.der               revocation list of an authority's issuer
//	crl-<authority>-<YYYYMMDDThhmmssZ>.der
var evidenceName = pattern.New(`^(?:tsa-[a-z0-9][a-z0-9-]{0,39}-\d{8}T\d{6}Z\.tsr|ots-pending-[1-9]\d{0,5}\.ots|ots-btc-\d{1,9}\.ots|btc-\d{1,9}\.hdr|cosign-[A-Za-z0-9_-]{1,86}\.sig|chain(?:-[a-z0-9-]{1,40})?\.pem|crl-(?:[a-z0-9][a-z0-9-]{0,39}-)?\d{8}T\d{6}Z\.der)$`)

// EvidenceName reports whether a file of evidence may have this name.
func EvidenceName(name string) bool { return evidenceName().MatchString(name) }

var (
	logName   = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	trustPath = pattern.New(`^[a-z0-9][a-z0-9_.-]{0,63}(?:/[a-z0-9][a-z0-9_.-]{0,63})?$`)
)

// EvidenceKind says what a file of evidence is.
type EvidenceKind int

// The kinds, but for co-signatures and certificates.
const (
	OtherEvidence  EvidenceKind = iota
	TokenEvidence               // tsa-<authority>-<time>.tsr
	PendingProof                // ots-pending-<n>.ots
	BlockProof                  // ots-btc-<height>.ots
	BlockHeader                 // btc-<height>.hdr
	RevocationList              // crl-<authority>-<time>.der
)

const evidenceTime = "20060102T150405Z"

// TokenFile names the token that an authority made at this time.
func TokenFile(authority string, at time.Time) string {
	return "tsa-" + authority + "-" + at.UTC().Format(evidenceTime) + ".tsr"
}

// CRLFile names the revocation list that was issued at this time.
func CRLFile(authority string, at time.Time) string {
	return "crl-" + authority + "-" + at.UTC().Format(evidenceTime) + ".der"
}

// PendingFile names the n-th proof, from 1, that is in no block yet.
func PendingFile(n int) string { return fmt.Sprintf("ots-pending-%d.ots", n) }

// BlockProofFile names the proof that leads into this block.
func BlockProofFile(height int64) string { return fmt.Sprintf("ots-btc-%d.ots", height) }

// HeaderFile names the header of this block.
func HeaderFile(height int64) string { return fmt.Sprintf("btc-%d.hdr", height) }

// Kind says what the file is by its name: for a token, whose; for a block's proof
// or header, the height.
func (f EvidenceFile) Kind() (kind EvidenceKind, authority string, height int64) {
	base, ext, _ := strings.Cut(f.Name, ".")
	number := func(prefix string) int64 {
		n, err := strconv.ParseInt(strings.TrimPrefix(base, prefix), 10, 64)
		if err != nil {
			return 0 // the name was checked
		}
		return n
	}
	const times = len("-") + len(evidenceTime)
	switch {
	case !EvidenceName(f.Name):
	case ext == "tsr":
		return TokenEvidence, base[len("tsa-") : len(base)-times], 0
	case ext == "der" && len(base) > len("crl")+times:
		return RevocationList, base[len("crl-") : len(base)-times], 0
	case ext == "hdr":
		return BlockHeader, "", number("btc-")
	case strings.HasPrefix(base, "ots-btc-"):
		return BlockProof, "", number("ots-btc-")
	case ext == "ots":
		return PendingProof, "", 0
	}
	return OtherEvidence, "", 0
}

// EvidenceFile is a file of evidence in a tree.
type EvidenceFile struct {
	Of   schemas.Digest // SHA-256 of the raw commit that it vouches for
	Low  int64          // the last 24 bits of that commit's sequence
	Name string
	Blob gitstore.ID
}

// Path returns where the file is in the tree.
func (f EvidenceFile) Path() string { return path.Join(EvidenceFolder(f.Low, f.Of), f.Name) }

// Evidence yields all evidence that the archive holds as of this snapshot, in
// the order of the commits that it is of.
func (s *Snapshot) Evidence(ctx context.Context) iter.Seq2[EvidenceFile, error] {
	return s.evidence(ctx, EvidenceRoot)
}

// EvidenceOf returns what vouches for a commit as of this snapshot, in the order
// of the names.
func (s *Snapshot) EvidenceOf(ctx context.Context, of schemas.CommitRef) ([]EvidenceFile, error) {
	var files []EvidenceFile
	for file, err := range s.evidence(ctx, EvidenceFolder(of.Sequence, of.SHA256)) {
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

func (s *Snapshot) evidence(ctx context.Context, folder string) iter.Seq2[EvidenceFile, error] {
	return func(yield func(EvidenceFile, error) bool) {
		for file, err := range s.archive.store.Files(s.Commit.Tree, folder) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(EvidenceFile{}, err)
				return
			}
			found, ok := EvidencePath(file.Path)
			if !ok {
				continue // verify tells what does not belong here
			}
			found.Blob = file.ID
			if !yield(found, nil) {
				return
			}
		}
	}
}

// ReadEvidence returns the content of a file of evidence.
func (s *Snapshot) ReadEvidence(file EvidenceFile) ([]byte, error) {
	return s.archive.readBounded(file.Blob, file.Path())
}

// Trust returns a file of the trust folder as of this snapshot, or
// gitstore.ErrNotFound. The path is below trust/.
func (s *Snapshot) Trust(file string) ([]byte, error) {
	entry, err := s.archive.store.Lookup(s.Commit.Tree, path.Join(TrustFolder, file))
	if err != nil {
		return nil, err
	}
	return s.archive.readBounded(entry.ID, path.Join(TrustFolder, file))
}

// readBounded reads a file that is small when it is what it should be.
func (a *Archive) readBounded(id gitstore.ID, name string) ([]byte, error) {
	file, err := a.store.Open(id)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, EvidenceLimit+1))
	if err == nil && len(data) > EvidenceLimit {
		err = fmt.Errorf("%s has more than %d bytes", name, EvidenceLimit)
	}
	return data, err
}

// stageVouching writes the evidence, the log files and the trust files of a
// draft.
func (w *writer) stageVouching(draft *Draft) error {
	for _, e := range draft.Evidence {
		if !EvidenceName(e.Name) {
			return fmt.Errorf("%q is not a name of evidence", e.Name)
		}
		if err := w.add(path.Join(EvidenceFolder(e.Of.Sequence, e.Of.SHA256), e.Name), e.Content); err != nil {
			return err
		}
	}
	for _, f := range draft.Log {
		if !logName().MatchString(f.Name) {
			return fmt.Errorf("%q is not a name of a log file", f.Name)
		}
		if err := w.add(path.Join(LogFolder, f.Name), f.Content); err != nil {
			return err
		}
	}
	for _, f := range draft.Trust {
		if !trustPath().MatchString(f.Path) {
			return fmt.Errorf("%q is not a path below %s/", f.Path, TrustFolder)
		}
		if err := w.batch.Put(path.Join(TrustFolder, f.Path), gitstore.NewBlob(f.Content)); err != nil {
			return err
		}
	}
	return nil
}

// add writes a new file. The same file again is as before; another one under its
// name is refused, because evidence is only ever added.
func (w *writer) add(file string, content []byte) error {
	if len(content) == 0 || len(content) > EvidenceLimit {
		return fmt.Errorf("%s would have %d bytes, not 1 to %d", file, len(content), EvidenceLimit)
	}
	blob := gitstore.NewBlob(content)
	entry, err := w.batch.Lookup(file)
	switch {
	case errors.Is(err, gitstore.ErrNotFound):
		return w.batch.Put(file, blob)
	case err != nil:
		return err
	case entry.ID != blob.ID():
		return fmt.Errorf("there is another %s already, and evidence is never changed", file)
	}
	return nil
}

// LogNames returns the names of the files of the log folder as of this snapshot.
func (s *Snapshot) LogNames() ([]string, error) {
	var names []string
	for file, err := range s.archive.store.Files(s.Commit.Tree, LogFolder) {
		if err != nil {
			return nil, err
		}
		names = append(names, strings.TrimPrefix(file.Path, LogFolder+"/"))
	}
	return names, nil
}

// Log returns a file of the log folder as of this snapshot, or
// gitstore.ErrNotFound.
func (s *Snapshot) Log(name string) ([]byte, error) {
	file := path.Join(LogFolder, name)
	entry, err := s.archive.store.Lookup(s.Commit.Tree, file)
	if err != nil {
		return nil, err
	}
	return s.archive.readBounded(entry.ID, file)
}
