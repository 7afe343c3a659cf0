package provenance

import (
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// hashes gives the SHA-256 of files, each hashed once. Equal names of one store
// mean equal bytes, so remembering by name is sound.
type hashes struct {
	store        *gitstore.Store
	digests      *gitstore.Digests // nil when files are read as they are needed
	files, bytes atomic.Int64
	mu           sync.Mutex
	known        map[gitstore.ID]schemas.Digest // of those that are not in digests
}

// maxKnown bounds the memory: 52 bytes each.
const maxKnown = 500_000

func newHashes(store *gitstore.Store) *hashes {
	return &hashes{store: store, known: map[gitstore.ID]schemas.Digest{}}
}

// close lets go of the digests. What could go wrong does not concern the archive.
func (h *hashes) close() {
	if h.digests != nil {
		_ = h.digests.Close()
		h.digests = nil
	}
}

func (h *hashes) of(id gitstore.ID) (schemas.Digest, error) {
	if h.digests != nil {
		if sum, size, first, ok := h.digests.Take(id); ok {
			if first {
				h.count(size)
			}
			return sum, nil
		}
	}
	h.mu.Lock()
	sum, ok := h.known[id]
	h.mu.Unlock()
	if ok {
		return sum, nil
	}
	sum, size, err := h.read(id)
	if err != nil {
		return schemas.Digest{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.known[id]; ok {
		return sum, nil // another goroutine was faster
	}
	h.count(size)
	if len(h.known) >= maxKnown {
		clear(h.known)
	}
	h.known[id] = sum
	return sum, nil
}

func (h *hashes) count(size int64) {
	h.files.Add(1)
	h.bytes.Add(size)
}

// read hashes a file as it comes: it may be larger than memory.
func (h *hashes) read(id gitstore.ID) (sum schemas.Digest, size int64, err error) {
	file, err := h.store.Open(id)
	if err != nil {
		return sum, 0, err
	}
	defer file.Close()
	if file.Kind() != gitstore.KindBlob {
		return sum, 0, &gitstore.CorruptError{ID: id, Reason: "it is no file"}
	}
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	hash.Sum(sum[:0])
	return sum, size, err
}

// checkFiles holds the difference between a commit's tree and its parent's to
// the commit's manifest and to the rules of its kind.
func (v *verifier) checkFiles(l, parent *link, subject string) {
	tree, message := l.tree, l.message
	var before gitstore.ID
	if parent != nil {
		before = parent.tree
	} else if !v.whole {
		v.report.skip(checkManifests, "the parent of the oldest commit is absent, so what it changed is not known")
		return
	}
	listed, ok := v.readManifest(tree, subject, message)
	if !ok {
		return
	}
	touched, ok := v.checkChanges(l, before, subject, listed)
	if !ok {
		return
	}
	for folder := range touched {
		v.checkFolder(l, subject, folder, listed)
	}
	v.checkListed(tree, subject, listed, touched)
	if message.Kind == schemas.KindWithhold {
		v.checkRecord(l, subject)
	}
}

// entry is one line of a manifest and whether its file was found.
type entry struct {
	sum  schemas.Digest
	seen bool
}

func (v *verifier) readManifest(tree gitstore.ID, subject string, message *schemas.Message) (map[string]*entry, bool) {
	found, err := v.store.Lookup(tree, archive.ManifestFile)
	if err != nil {
		if errors.Is(err, gitstore.ErrNotFound) {
			v.report.problem(checkManifests, schemas.Tampered, subject, "it has no %s", archive.ManifestFile)
		} else {
			v.report.unreadable(subject, err)
		}
		return nil, false
	}
	_, data, err := v.store.Object(found.ID)
	if err != nil {
		v.report.unreadable(subject+" "+archive.ManifestFile, err)
		return nil, false
	}
	if got := schemas.DigestOf(data); got != message.Manifest {
		v.report.problem(checkManifests, schemas.Tampered, subject, "%s has %s, the commit says %s", archive.ManifestFile, got, message.Manifest)
		return nil, false
	}
	manifest, err := schemas.ParseManifest(data)
	if err != nil {
		v.report.problem(checkManifests, schemas.Tampered, subject, "%v", err)
		return nil, false
	}
	listed := make(map[string]*entry, len(manifest))
	for _, e := range manifest {
		listed[e.Path] = &entry{sum: e.SHA256}
	}
	v.report.looked(checkManifests, 1)
	return listed, true
}

// checkChanges holds each changed file to the rules and the manifest, and
// returns the page folders that are touched.
func (v *verifier) checkChanges(l *link, parent gitstore.ID, subject string, listed map[string]*entry) (map[string]bool, bool) {
	touched := map[string]bool{}
	for change, err := range v.store.Changes(parent, l.tree) {
		if err != nil {
			v.report.unreadable(subject, err)
			return nil, false
		}
		v.report.looked(checkRules, 1)
		folder, _, inPage := archive.PageFolder(change.Path)
		if inPage {
			touched[folder] = true
		}
		if why, err := v.forbidden(l, parent, change); err != nil {
			v.badDocument(change.Path+" ("+subject+")", err)
		} else if why != "" {
			v.report.problem(checkRules, schemas.Tampered, subject, "%s: %s", change.Path, why)
		}
		if change.New.ID.IsZero() || change.Path == archive.ManifestFile {
			continue
		}
		if change.New.Mode != gitstore.ModeFile {
			v.report.problem(checkRules, schemas.Tampered, subject, "%s has mode %s, want 100644", change.Path, change.New.Mode)
			continue
		}
		if !inPage {
			v.checkFile(l, subject, change.Path, change.New.ID, listed)
		}
	}
	return touched, true
}

// checkFolder holds a touched page folder to its listing, both ways.
func (v *verifier) checkFolder(l *link, subject, folder string, listed map[string]*entry) {
	tree := l.tree
	for file, err := range v.store.Files(tree, folder) {
		if err != nil {
			v.report.unreadable(subject, err)
			return
		}
		if file.Mode != gitstore.ModeFile {
			v.report.problem(checkRules, schemas.Tampered, subject, "%s has mode %s, want 100644", file.Path, file.Mode)
			continue
		}
		v.checkFile(l, subject, file.Path, file.ID, listed)
	}
	v.checkDocuments(l, subject, folder, listed)
}

func (v *verifier) checkFile(l *link, subject, path string, id gitstore.ID, listed map[string]*entry) {
	e, ok := listed[path]
	if !ok {
		v.report.problem(checkManifests, schemas.Tampered, subject, "%s is not in the manifest", path)
		return
	}
	e.seen = true
	got, err := v.hashes.of(id)
	if err != nil && v.isWithheld(l, path, id, e.sum, err) {
		return
	}
	if err != nil {
		v.report.unreadable(path+" ("+subject+")", err)
		return
	}
	if got != e.sum {
		v.report.problem(checkManifests, schemas.Tampered, subject, "%s has %s, the manifest says %s", path, got, e.sum)
	}
}

// checkListed finds lines of the manifest whose file is not part of the commit.
func (v *verifier) checkListed(tree gitstore.ID, subject string, listed map[string]*entry, touched map[string]bool) {
	for path, e := range listed {
		if e.seen {
			continue
		}
		why := "the commit does not touch it"
		if _, err := v.store.Lookup(tree, path); errors.Is(err, gitstore.ErrNotFound) {
			why = "there is no such file"
		} else if folder, _, ok := archive.PageFolder(path); ok && touched[folder] {
			continue // a bad mode or an unreadable file: told already
		}
		v.report.problem(checkManifests, schemas.Tampered, subject, "the manifest lists %s, but %s", path, why)
	}
}

var (
	checksPath   = pattern.New(`^checks/\d{4}/\d\d/\d\d/\d\d/\d{8}T\d{6}Z-[0-9a-f]{8}-[1-9]\d*\.jsonl$`)
	evidencePath = pattern.New(`^(?:evidence/(?:[0-9a-f]/){6}[0-9a-f]{64}|log)/`)
)

// forbidden says why a commit of this kind, on a parent with this tree, may not
// make this change, or nothing. The manifest itself changes with every commit.
func (v *verifier) forbidden(l *link, parent gitstore.ID, change gitstore.Change) (why string, err error) {
	kind := l.message.Kind
	folder, rest, inPage := archive.PageFolder(change.Path)
	added, deleted := change.Old.ID.IsZero(), change.New.ID.IsZero()
	if deleted && !inPage {
		return "an archive only grows, but this file is deleted", nil
	}
	past := strings.HasPrefix(rest, archive.PastFolder+"/")
	var ok bool
	switch kind {
	case schemas.KindInit:
		_, record := archive.WithheldPath(change.Path)
		ok = added && !record
	case schemas.KindCapture, schemas.KindCheck:
		ok = inPage && !past || added && checksPath().MatchString(change.Path)
	case schemas.KindImport:
		ok = inPage && added
		if ok && !past {
			_, err = v.store.Lookup(parent, folder)
			ok = errors.Is(err, gitstore.ErrNotFound) // a new page
		}
	case schemas.KindRederive:
		if inPage {
			ok, err = archive.MayRederive(v.store, rest, change.Old.ID, change.New.ID)
		}
	case schemas.KindEvidence:
		ok = added && evidencePath().MatchString(change.Path)
	case schemas.KindTrust:
		ok = strings.HasPrefix(change.Path, archive.TrustFolder+"/")
	case schemas.KindWithhold:
		sequence, record := archive.WithheldPath(change.Path)
		ok = added && record && sequence == l.sequence || inPage && deleted && v.withheld.takes(change.Old.ID, l.sequence)
	}
	switch {
	case ok || change.Path == archive.ManifestFile:
		return "", nil
	case err != nil && !errors.Is(err, gitstore.ErrNotFound):
		return "", err
	}
	return "a commit of kind " + string(kind) + " may not write this", nil
}
