package provenance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// clockTolerance is by how much a clock of the operator may differ from those of
// the sources before it is a conflict.
const clockTolerance = 10 * time.Minute

// captureDelay is how long a capture may wait for the commit that records it: a
// post with many slow sources is committed when the last of them has come, and
// another process may have stamped the archive in between.
const captureDelay = 24 * time.Hour

// checkAllEvidence checks every file of evidence that proves a time. It comes before
// the commits are checked one by one, because who may sign depends on when.
func (v *verifier) checkAllEvidence(ctx context.Context) {
	var (
		next    atomic.Int64
		workers sync.WaitGroup
		mu      sync.Mutex
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			worker := *v
			worker.report = newReport()
			for i := next.Add(1) - 1; i < int64(len(v.evidence)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				worker.checkEvidence(v.evidence[i])
				if i%256 == 255 {
					v.progress("checked timestamps", i, int64(len(v.evidence)))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			v.report.merge(worker.report)
		})
	}
	workers.Wait()
	v.checkHeaders(ctx)
	v.checkRevocations()
	v.times.settle()
	v.report.at = -1
	v.checkRenewals()
}

// checkEvidence checks the proofs that the commit at a place adds.
func (v *verifier) checkEvidence(place int) {
	if place == 0 && v.resumed {
		return // verified before
	}
	v.report.at = place
	l := v.linkAt(place)
	var parent *link
	if place > 0 {
		parent = v.linkAt(place - 1)
	}
	if l == nil || parent == nil {
		return // told, or the oldest commit that there is: what it adds is not known
	}
	before, errBefore := v.store.Lookup(parent.tree, archive.EvidenceRoot)
	after, errAfter := v.store.Lookup(l.tree, archive.EvidenceRoot)
	for _, err := range []error{errBefore, errAfter} {
		if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
			v.report.unreadable("commit "+l.id.String(), err)
			return
		}
	}
	for change, err := range v.store.Changes(before.ID, after.ID) {
		if err != nil {
			v.report.unreadable("commit "+l.id.String(), err)
			return
		}
		file, ok := archive.EvidencePath(archive.EvidenceRoot + "/" + change.Path)
		if !ok || change.New.ID.IsZero() || strings.HasPrefix(file.Name, archive.CosignPrefix) {
			continue
		}
		file.Blob = change.New.ID
		v.checkTimeFile(l, place, file)
	}
}

// checkTimeFile checks one file of evidence that commit l adds.
func (v *verifier) checkTimeFile(l *link, by int, file archive.EvidenceFile) {
	kind, authority, height := file.Kind()
	subject := file.Path()
	if kind == archive.OtherEvidence {
		if !archive.EvidenceName(file.Name) {
			v.report.warn(checkTimestamps, "evidence/ holds files that are not known here, such as "+file.Name)
		}
		return
	}
	data, err := readShort(v.store, file.Blob)
	if err != nil {
		v.report.unreadable(subject, err)
		return
	}
	of, commit, err := v.vouchedFor(file)
	switch {
	case err != nil:
		v.report.unreadable(subject, err)
		return
	case commit == nil && !v.whole:
		return // of a commit that was verified before, or is absent
	case commit == nil || of >= by:
		v.report.looked(checkTimestamps, 1)
		v.report.problem(checkTimestamps, schemas.Tampered, subject, "it is of no snapshot before the one that adds it")
		return
	}
	v.report.looked(checkTimestamps, 1)
	switch kind {
	case archive.TokenEvidence:
		err = v.checkToken(l, by, of, commit, file, authority, data)
	case archive.PendingProof, archive.BlockProof:
		err = v.checkProof(by, of, commit, file, height, data)
	case archive.BlockHeader:
		if len(data) != timestamp.HeaderSize {
			err = fmt.Errorf("it has %d bytes, and a block header %d", len(data), timestamp.HeaderSize)
		} else {
			err = v.options.Network.CheckWork((*timestamp.Header)(data), height)
		}
	case archive.RevocationList:
		var list *timestamp.CRL
		if list, err = timestamp.ParseCRL(data); err == nil {
			v.times.mu.Lock()
			v.times.lists = append(v.times.lists, list)
			v.times.mu.Unlock()
		}
	}
	if err != nil {
		v.badTime(subject, err)
	}
}

func (v *verifier) badTime(subject string, err error) {
	if objectError(err) {
		v.report.unreadable(subject, err)
		return
	}
	v.report.problem(checkTimestamps, timeVerdict(err), subject, "%v", err)
}

// checkToken holds a token to the commit that it is of and to the authority that
// its name says.
func (v *verifier) checkToken(l *link, by, of int, commit *link, file archive.EvidenceFile, name string, data []byte) error {
	token, err := timestamp.ParseResponse(data)
	if err != nil {
		return err
	}
	if want := archive.TokenFile(name, token.Time); want != file.Name {
		return fmt.Errorf("by its time it would be called %s", want)
	}
	trusted, err := v.authorities.of(v.store, l.tree)
	if err != nil {
		return err
	}
	authority := trusted[name]
	if authority == nil {
		return &timestamp.Error{Kind: timestamp.Untrusted, Reason: fmt.Sprintf("the archive does not say who %q is: %s/%s has no such authority", name, archive.TrustFolder, authoritiesFile)}
	}
	proven, err := v.tokens.Verify(token, commit.commit.Raw, authority)
	if err != nil {
		return err
	}
	v.keep(l, commit, proof{
		of: of, by: by, notAfter: proven.Time.Add(proven.Accuracy), notBefore: proven.Time.Add(-proven.Accuracy),
		kind: schemas.AuthoritySource, source: authority.Name, chain: proven.Chain, authority: authority,
	})
	return nil
}

// checkProof reads an OpenTimestamps proof. What a block attests is proven when
// its header is in the same folder.
func (v *verifier) checkProof(by, of int, commit *link, file archive.EvidenceFile, height int64, data []byte) error {
	p, err := timestamp.ParseProof(data)
	if err != nil {
		return err
	}
	if p.Digest != [32]byte(commit.sha256) {
		return errors.New("it is a proof for other bytes")
	}
	if lowest, ok := p.Height(); lowest != height || ok != (height > 0) {
		return fmt.Errorf("its name does not say which block it leads to, which is %d", lowest)
	}
	waits := promise{of: of}
	for _, a := range p.Attestations() {
		switch a.Kind {
		case timestamp.PendingAttestation:
			waits.calendars = append(waits.calendars, calendarName(a.URI))
		case timestamp.BitcoinAttestation:
			if err := v.checkBlock(by, of, commit, file, a); err != nil {
				return err
			}
		}
	}
	if height == 0 && len(waits.calendars) > 0 {
		v.times.mu.Lock()
		v.times.promises = append(v.times.promises, waits)
		v.times.mu.Unlock()
	}
	return nil
}

func (v *verifier) checkBlock(by, of int, commit *link, file archive.EvidenceFile, a *timestamp.Attestation) error {
	entry, err := v.store.Lookup(v.head.tree, archive.EvidenceFolder(file.Low, file.Of)+"/"+archive.HeaderFile(a.Height))
	if errors.Is(err, gitstore.ErrNotFound) {
		v.times.mu.Lock()
		defer v.times.mu.Unlock()
		v.times.unchecked = append(v.times.unchecked, attestation{of: of, by: by, Attestation: a, subject: file.Path()})
		return nil
	}
	if err != nil {
		return err
	}
	raw, err := readShort(v.store, entry.ID)
	if err != nil || len(raw) != timestamp.HeaderSize {
		return err // of another size: told where it is added
	}
	return v.proveByBlock((*timestamp.Header)(raw), by, of, a, file.Path())
}

func (v *verifier) proveByBlock(h *timestamp.Header, by, of int, a *timestamp.Attestation, subject string) error {
	if err := v.options.Network.Proves(h, a); err != nil {
		return err
	}
	l, commit := v.linkAt(by), v.linkAt(of)
	if l == nil || commit == nil {
		return nil // told
	}
	v.keep(l, commit, proof{
		of: of, by: by, notAfter: h.Time().Add(timestamp.BlockTolerance), notBefore: h.Time().Add(-timestamp.BlockTolerance),
		kind: schemas.BitcoinSource, source: nameOfBlock(a.Height), subject: subject,
	})
	return nil
}

// keep keeps a good proof and holds the times of the two commits to it: the one
// that it is of and the one that adds it. The times of commits never go back along
// the chain, so that a conflict with any other shows here, too.
func (v *verifier) keep(l, commit *link, p proof) {
	v.times.add(p)
	v.report.looked(checkTimes, 1)
	if late := commit.time.Sub(p.notAfter); late > clockTolerance {
		v.timeConflict(commit, "it says %s, but %s proves that it existed at %s", commit.time, p.source, p.notAfter)
	}
	if early := p.notBefore.Sub(l.time); early > clockTolerance {
		v.timeConflict(l, "it says %s, but holds what %s stamped at %s", l.time, p.source, p.notBefore)
	}
}

func (v *verifier) timeConflict(l *link, format string, said time.Time, source string, proven time.Time) {
	v.report.problem(checkTimes, schemas.Unproven, "commit "+l.id.String(), "TIME-CONFLICT: "+format,
		said.UTC().Format(time.RFC3339), source, proven.UTC().Format(time.RFC3339))
}

// checkCaptureTime holds the time of a capture that the commit at hand recorded to
// what is proven of the commit.
func (v *verifier) checkCaptureTime(subject, folder string, captured schemas.Time) {
	at, place := captured.Time(), v.report.at
	v.report.looked(checkTimes, 1)
	if p := v.times.existed(place); p != nil && at.Sub(p.notAfter) > clockTolerance {
		v.report.problem(checkTimes, schemas.Unproven, subject, "TIME-CONFLICT: %s says it was captured at %s, but %s proves that it was recorded by %s",
			folder, captured, p.source, p.notAfter.UTC().Format(time.RFC3339))
	}
	if p := v.times.followed(place); p != nil && p.notBefore.Sub(at) > captureDelay {
		v.report.problem(checkTimes, schemas.Unproven, subject, "TIME-CONFLICT: %s says it was captured at %s, but was recorded after %s stamped at %s",
			folder, captured, p.source, p.notBefore.UTC().Format(time.RFC3339))
	}
}

// checkHeaders looks up what waits for a header in the headers that were handed
// over: 80 bytes each, in any order.
func (v *verifier) checkHeaders(ctx context.Context) {
	if v.options.Headers == "" || len(v.times.unchecked) == 0 {
		return
	}
	found, err := FindHeaders(ctx, v.options.Headers, v.times.roots())
	if err != nil {
		v.report.problem(checkTimestamps, schemas.Incomplete, "block headers", "%v", err)
	}
	var left []attestation
	for _, a := range v.times.unchecked {
		h, ok := found[string(a.Message)]
		if !ok {
			left = append(left, a)
			continue
		}
		v.report.at = a.by
		if err := v.proveByBlock(h, a.by, a.of, a.Attestation, a.subject); err != nil {
			v.badTime(a.subject, err)
		}
	}
	v.times.unchecked = left
}

func (t *times) roots() map[string]bool {
	roots := map[string]bool{}
	for _, a := range t.unchecked {
		roots[string(a.Message)] = true
	}
	return roots
}

// FindHeaders reads a file of raw block headers, 80 bytes each in any order, and
// returns those with one of the Merkle roots.
func FindHeaders(ctx context.Context, file string, roots map[string]bool) (map[string]*timestamp.Header, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading block headers: %w", err)
	}
	defer f.Close()
	found := map[string]*timestamp.Header{}
	for r := bufio.NewReaderSize(f, 1<<16); ; {
		var h timestamp.Header
		switch _, err := io.ReadFull(r, h[:]); {
		case errors.Is(err, io.EOF):
			return found, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return found, fmt.Errorf("reading block headers: %s is not a file of raw headers of %d bytes each", file, timestamp.HeaderSize)
		case err != nil:
			return found, fmt.Errorf("reading block headers: %w", err)
		case ctx.Err() != nil:
			return found, ctx.Err()
		}
		if roots[string(h.MerkleRoot())] {
			found[string(h.MerkleRoot())] = &h
		}
	}
}

// checkRevocations drops the tokens whose certificates were taken back.
func (v *verifier) checkRevocations() {
	v.times.dropRevoked(func(p proof, err error) {
		v.report.at = p.by
		v.badTime(v.tokenFile(&p), err)
	})
}

// tokenFile is the path of a token: that of each would fill the memory.
func (v *verifier) tokenFile(p *proof) string {
	l := v.linkAt(p.of)
	if l == nil {
		return "a token of " + p.source // told
	}
	at := p.notBefore.Add(p.notAfter.Sub(p.notBefore) / 2)
	return archive.EvidenceFolder(l.sequence, l.sha256) + "/" + archive.TokenFile(p.source, at)
}
