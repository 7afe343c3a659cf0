package provenance

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/bundle"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// bundleVerifier holds the state of verifying one bundle.
type bundleVerifier struct {
	ctx     context.Context // of the one verification
	options VerifyOptions
	bundle  *bundle.Bundle
	report  *report
	links   map[int64]*link // by sequence
	order   []int64         // of links
	trusts  []trustChange   // in order
	tokens  timestamp.Verifier
	times   *times // places are sequences
	targets []int64
	files   int64
	bytes   int64

	withheld *withheldFiles // by the records in the bundle
}

// trustChange is what a commit brought to the trust folder.
type trustChange struct {
	sequence int64
	files    map[string][]byte // by name below trust/
}

// VerifyBundle verifies an evidence bundle, a ZIP file or the folder that it was
// unpacked to, and needs nothing else. All checks run, the worst problem decides.
// Of the options, it knows Memory, Introduction, Strict, RequireTime, Headers,
// Network, Roots, Checkpoints and Now. It writes nothing down. The error is for
// what is no bundle at all.
func VerifyBundle(ctx context.Context, name string, options VerifyOptions) (*schemas.VerifyReport, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	v := &bundleVerifier{ctx: ctx, options: options, report: newReport(), links: map[int64]*link{}, times: &times{}}
	v.report.checks[checkBag] = &schemas.Check{ID: checkBag, Status: schemas.Pass}
	v.report.Subject = "bundle " + path.Base(name)
	b, err := bundle.Open(name)
	var bad *bundle.BagError
	switch {
	case errors.As(err, &bad):
		v.report.problem(checkBag, schemas.Tampered, bad.File, "%s", bad.Reason)
		return v.finish(), nil
	case err != nil:
		return nil, fmt.Errorf("opening bundle: %w", err)
	}
	defer b.Close()
	v.bundle = b
	if v.checkBag() {
		v.run()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return v.finish(), nil
}

// checkBag holds the file to its form. What is wrong there is wrong with all.
func (v *bundleVerifier) checkBag() bool {
	v.report.looked(checkBag, 1)
	err := v.bundle.Check()
	var (
		bad         *bundle.BagError
		unsupported *bundle.UnsupportedBagError
	)
	switch {
	case errors.As(err, &unsupported):
		v.report.problem(checkBag, schemas.Unsupported, "bundle", "%v", err)
	case errors.As(err, &bad) && bad.Absent:
		v.report.problem(checkBag, schemas.Incomplete, bad.File, "%s", bad.Reason)
	case errors.As(err, &bad):
		v.report.problem(checkBag, schemas.Tampered, bad.File, "%s", bad.Reason)
	case err != nil:
		v.report.problem(checkBag, schemas.Tampered, "bundle", "%v", err)
	default:
		return true
	}
	return false
}

func (v *bundleVerifier) run() {
	for _, id := range []string{checkRepository, checkRules} {
		v.report.skip(id, "a bundle holds single snapshots, not the archive")
	}
	if !v.readCommits() {
		return
	}
	v.readTrust()
	v.checkPin()
	for _, sequence := range v.order {
		v.checkCommit(sequence)
	}
	v.checkExporter()
	v.checkSnapshots()
	v.checkEvidence()
	v.checkLog()
	v.checkSeen()
	v.say()
}

// bad files an error of reading the bundle.
func (v *bundleVerifier) bad(check, subject string, err error) {
	verdict := schemas.Tampered
	var (
		bag   *bundle.BagError
		newer *schemas.UnsupportedError
	)
	switch {
	case errors.As(err, &bag) && bag.Absent:
		verdict = schemas.Incomplete
	case errors.As(err, &newer):
		verdict = schemas.Unsupported
	}
	v.report.problem(check, verdict, subject, "%v", err)
}

// readCommits reads the chain.
func (v *bundleVerifier) readCommits() bool {
	names, err := v.bundle.List(bundledCommits)
	if err != nil {
		v.bad(checkObjects, bundledCommits, err)
		return false
	}
	for _, name := range names {
		digits, ok := strings.CutSuffix(path.Base(name), ".commit")
		if !ok {
			continue // .payload and .sig are held against the commit
		}
		raw, err := v.bundle.Read(name)
		if err != nil {
			v.bad(checkObjects, name, err)
			continue
		}
		v.files, v.bytes = v.files+1, v.bytes+int64(len(raw))
		commit, err := gitstore.ParseCommit(raw)
		if err != nil {
			v.bad(checkCommits, name, err)
			continue
		}
		l, err := newLink(commit)
		if err != nil {
			v.bad(checkCommits, name, err)
			continue
		}
		if strconv.FormatInt(l.sequence, 10) != digits {
			v.report.problem(checkCommits, schemas.Tampered, name, "it is snapshot %d", l.sequence)
			continue
		}
		v.links[l.sequence] = l
		v.order = append(v.order, l.sequence)
	}
	slices.Sort(v.order)
	v.report.looked(checkCommits, int64(len(v.order)))
	if len(v.order) == 0 {
		v.report.problem(checkCommits, schemas.Incomplete, bundledCommits, "there is no commit")
		return false
	}
	v.report.ArchiveID = v.links[v.order[0]].message.ArchiveID
	return true
}

func (v *bundleVerifier) head() *link { return v.links[v.order[len(v.order)-1]] }

// readTrust reads what the commits of kind init and trust brought, and holds it to
// their manifests.
func (v *bundleVerifier) readTrust() {
	for _, sequence := range v.order {
		l := v.links[sequence]
		if l.message.Kind != schemas.KindInit && l.message.Kind != schemas.KindTrust {
			continue
		}
		at := path.Join(bundledTrust, strconv.FormatInt(sequence, 10))
		manifest, ok := v.manifest(l, at)
		if !ok {
			continue
		}
		change := trustChange{sequence: sequence, files: map[string][]byte{}}
		for _, line := range manifest {
			name, ok := strings.CutPrefix(line.Path, archive.TrustFolder+"/")
			if !ok {
				continue
			}
			if data := v.listed(at, line); data != nil {
				change.files[name] = data
			}
		}
		v.trusts = append(v.trusts, change)
	}
	if len(v.trusts) == 0 {
		v.report.problem(checkSigners, schemas.Incomplete, bundledTrust, "nothing says who may sign")
	}
}

// manifest reads a commit's manifest in a folder of the bundle.
func (v *bundleVerifier) manifest(l *link, at string) (schemas.Manifest, bool) {
	name := path.Join(at, archive.ManifestFile)
	data, err := v.bundle.Read(name)
	if err != nil {
		v.bad(checkManifests, name, err)
		return nil, false
	}
	v.report.looked(checkManifests, 1)
	v.files, v.bytes = v.files+1, v.bytes+int64(len(data))
	if got := schemas.DigestOf(data); got != l.message.Manifest {
		v.report.problem(checkManifests, schemas.Tampered, name, "it has %s, commit %d says %s", got, l.sequence, l.message.Manifest)
		return nil, false
	}
	manifest, err := schemas.ParseManifest(data)
	if err != nil {
		v.bad(checkManifests, name, err)
	}
	return manifest, err == nil
}

// listed reads a file that a manifest lists and that is small; nil when it is not
// what it says.
func (v *bundleVerifier) listed(at string, line schemas.ManifestEntry) []byte {
	name := path.Join(at, line.Path)
	data, err := v.bundle.Read(name)
	if err != nil {
		v.bad(checkManifests, name, err)
		return nil
	}
	v.files, v.bytes = v.files+1, v.bytes+int64(len(data))
	if got := schemas.DigestOf(data); got != line.SHA256 {
		v.report.problem(checkManifests, schemas.Tampered, name, "it has %s, the manifest says %s", got, line.SHA256)
		return nil
	}
	return data
}

// trustBefore reads files of the trust folder as it was when a commit was made on
// top of it; the root stands for itself.
func (v *bundleVerifier) trustBefore(sequence int64) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		for _, change := range slices.Backward(v.trusts) {
			if change.sequence < sequence || change.sequence == 0 {
				if data, ok := change.files[name]; ok {
					return data, nil
				}
			}
		}
		return nil, nil
	}
}

// checkPin holds the root to what this user was told of the archive. What the
// bundle itself says of it is worth nothing.
func (v *bundleVerifier) checkPin() {
	root := v.links[0]
	if root == nil {
		v.report.problem(checkIntroduction, schemas.Incomplete, path.Join(bundledCommits, "0.commit"), "the root commit is missing")
		return
	}
	known := v.options.Introduction
	if known == nil && v.options.Memory != nil {
		var err error
		if known, err = v.options.Memory.Introduction(v.report.ArchiveID); err != nil {
			v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "%v", err)
			return
		}
	}
	v.report.looked(checkIntroduction, 1)
	key, err := trust.Verify(root.commit.Payload, []byte(root.commit.Signature))
	switch {
	case known == nil && v.options.Strict:
		v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "%s", unpinnedBundle)
	case known == nil:
		v.report.warn(checkIntroduction, unpinnedBundle)
	case known.ArchiveID != v.report.ArchiveID || known.RootSHA256 != root.sha256:
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit 0",
			"the archive is %s with the root %s, but you were introduced to %s with %s", v.report.ArchiveID, root.sha256, known.ArchiveID, known.RootSHA256)
	case err == nil && trust.Fingerprint(key) != known.RootKey:
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit 0", "it is signed by %s, the introduction says %s", trust.Fingerprint(key), known.RootKey)
	default:
		v.report.Pinned = true
	}
}

const unpinnedBundle = "UNPINNED: nothing outside this bundle says who made the archive; ask its operator for the introduction"

// checkCommit checks one commit of the chain: its link, its signature, its signer.
func (v *bundleVerifier) checkCommit(sequence int64) {
	l := v.links[sequence]
	subject := fmt.Sprintf("commit %d", sequence)
	v.report.looked(checkChain, 1)
	if l.message.ArchiveID != v.report.ArchiveID {
		v.report.problem(checkCommits, schemas.Tampered, subject, "it belongs to archive %s, not %s", l.message.ArchiveID, v.report.ArchiveID)
	}
	if parent := v.links[sequence-1]; parent != nil {
		if l.message.Parent != parent.sha256 || l.commit.Parent != parent.id {
			v.report.problem(checkChain, schemas.Tampered, subject, "it was made on a parent with %s, but commit %d has %s", l.message.Parent, sequence-1, parent.sha256)
		}
		if l.time.Before(parent.time) {
			v.report.problem(checkChain, schemas.Tampered, subject, "its time lies before its parent's")
		}
	}
	v.report.looked(checkSignatures, 1)
	key, err := trust.Verify(l.commit.Payload, []byte(l.commit.Signature))
	if err != nil {
		v.report.problem(checkSignatures, signatureVerdict(err), subject, "%v", err)
		return
	}
	before := trustFrom(v.trustBefore(sequence))
	if before.err != nil {
		v.badTrust(checkSigners, subject, before.err)
		return
	}
	v.report.looked(checkSigners, 1)
	windowed, err := before.state.Allow(trust.Namespace, l.commit.Committer.Email, key, trust.Moment{Claimed: l.time})
	if err != nil {
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%v", err)
		return
	}
	if windowed {
		v.report.warn(checkSigners, "a key that may sign for a time only did so by its own clock")
	}
	v.report.signed(l.commit.Committer.Email, trust.Fingerprint(key))
}

// checkExporter checks the signature of the tag manifest: by a key that may sign
// the archive on top of the newest commit.
func (v *bundleVerifier) checkExporter() {
	tags, armor, err := v.bundle.Signed()
	if err != nil {
		v.bad(checkBag, bundle.SignatureFile, err)
		return
	}
	if armor == nil {
		v.report.problem(checkBag, schemas.Untrusted, bundle.SignatureFile, "nobody has signed the bundle, so nothing vouches for its report and its instructions")
		return
	}
	key, err := trust.VerifyIn(bundle.Namespace, tags, armor)
	if err == nil && !plainArmor(armor) {
		err = errors.New("the signature has another encoding than it should")
	}
	if err != nil {
		v.report.problem(checkBag, signatureVerdict(err), bundle.SignatureFile, "%v", err)
		return
	}
	head := v.head()
	now := trustFrom(v.trustBefore(head.sequence + 1))
	if now.err != nil {
		v.badTrust(checkBag, bundle.SignatureFile, now.err)
		return
	}
	if _, err := now.state.Principal(trust.Namespace, key, trust.Moment{Claimed: head.time}); err != nil {
		v.report.problem(checkBag, schemas.Untrusted, bundle.SignatureFile, "the bundle was signed by who may not sign the archive: %v", err)
	}
}

// badTrust files why it is not known who may sign: what is absent was left out.
func (v *bundleVerifier) badTrust(check, subject string, err error) {
	verdict := schemas.Untrusted
	if errors.Is(err, gitstore.ErrNotFound) {
		verdict = schemas.Incomplete
	}
	v.report.problem(check, verdict, subject, "%v", err)
}

// plainArmor reports whether base64 stands in the armor in the one way that it can
// be written: decoders take others, which differ in bits that mean nothing.
func plainArmor(armor []byte) bool {
	lines := strings.Split(strings.TrimSuffix(string(armor), "\n"), "\n")
	if len(lines) < 3 {
		return false
	}
	_, err := base64.StdEncoding.Strict().DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	return err == nil
}

// checkSnapshots holds the files of each snapshot to its manifest, and what its
// documents say to the files.
func (v *bundleVerifier) checkSnapshots() {
	names, err := v.bundle.List(bundledSnapshots)
	if err != nil {
		v.bad(checkObjects, bundledSnapshots, err)
		return
	}
	files := map[int64][]string{}
	for _, name := range names {
		digits, file, _ := strings.Cut(strings.TrimPrefix(name, bundledSnapshots+"/"), "/")
		sequence, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || strconv.FormatInt(sequence, 10) != digits || v.links[sequence] == nil {
			v.report.problem(checkManifests, schemas.Tampered, name, "the bundle has no commit %.20q", digits)
			continue
		}
		files[sequence] = append(files[sequence], file)
	}
	if len(files) == 0 {
		v.report.problem(checkManifests, schemas.Incomplete, bundledSnapshots, "there is no snapshot in the bundle")
	}
	v.readRecords(files)
	for sequence, list := range files {
		v.targets = append(v.targets, sequence)
		v.checkSnapshot(v.links[sequence], list)
	}
	slices.Sort(v.targets)
}

// readRecords reads what the commits of kind withhold say is withheld. They are held
// to their manifests like any other file.
func (v *bundleVerifier) readRecords(files map[int64][]string) {
	var records []archive.WithheldRecord
	for sequence, list := range files {
		file := archive.WithheldFile(sequence)
		if v.links[sequence].message.Kind != schemas.KindWithhold || !slices.Contains(list, file) {
			continue
		}
		name := path.Join(bundledSnapshots, strconv.FormatInt(sequence, 10), file)
		data, err := v.bundle.Read(name)
		if err != nil {
			v.bad(checkDocuments, name, err)
			continue
		}
		record, err := schemas.Decode[schemas.Withheld](data)
		if err != nil {
			v.bad(checkDocuments, name, err)
			continue
		}
		records = append(records, archive.WithheldRecord{Sequence: sequence, Withheld: record})
	}
	slices.SortFunc(records, func(a, b archive.WithheldRecord) int { return int(a.Sequence - b.Sequence) })
	v.withheld = newWithheldFiles(records)
	for _, record := range records {
		v.report.Withheld = append(v.report.Withheld, seenOf(record, func(schemas.WithheldFile) bool { return false }))
	}
}

func (v *bundleVerifier) checkSnapshot(l *link, files []string) {
	at := path.Join(bundledSnapshots, strconv.FormatInt(l.sequence, 10))
	v.checkSplit(l)
	manifest, ok := v.manifest(l, at)
	if !ok {
		return
	}
	sums := map[string]schemas.Digest{}
	for _, line := range manifest {
		sums[line.Path] = line.SHA256
	}
	folders := map[string]bool{}
	for _, file := range files {
		if file == archive.ManifestFile {
			continue
		}
		name := path.Join(at, file)
		want, ok := sums[file]
		if !ok {
			v.report.problem(checkManifests, schemas.Tampered, name, "the manifest of commit %d does not list it", l.sequence)
			continue
		}
		got, size, err := v.bundle.Digest(name)
		if err != nil {
			v.bad(checkManifests, name, err)
			continue
		}
		v.files, v.bytes = v.files+1, v.bytes+size
		if schemas.Digest(got) != want {
			v.report.problem(checkManifests, schemas.Tampered, name, "it has %s, the manifest says %s", schemas.Digest(got), want)
		}
		if folder, _, ok := archive.PageFolder(file); ok {
			folders[folder] = true
		}
	}
	for folder := range folders {
		v.checkPage(l, at, folder, files)
	}
}

// checkSplit holds the two halves of a commit, which stock tools need apart, to it.
func (v *bundleVerifier) checkSplit(l *link) {
	name := path.Join(bundledCommits, strconv.FormatInt(l.sequence, 10))
	for _, half := range []struct{ extension, want string }{{".payload", string(l.commit.Payload)}, {".sig", string(l.commit.Signature)}} {
		data, err := v.bundle.Read(name + half.extension)
		if err != nil {
			v.bad(checkCommits, name+half.extension, err)
		} else if string(data) != half.want {
			v.report.problem(checkCommits, schemas.Tampered, name+half.extension, "it is not that part of the commit")
		}
	}
}

// checkPage holds a page's folder to its capture.json: all that this names is
// there.
func (v *bundleVerifier) checkPage(l *link, at, folder string, files []string) {
	v.report.looked(checkDocuments, 1)
	name := path.Join(at, folder, "capture.json")
	data, err := v.bundle.Read(name)
	if err != nil {
		v.bad(checkDocuments, name, err)
		return
	}
	capture, err := schemas.Decode[schemas.Capture](data)
	if err != nil {
		v.bad(checkDocuments, name, err)
		return
	}
	if ref, err := archive.PageNamed(capture.URL); err != nil || ref.Folder != folder {
		v.report.problem(checkDocuments, schemas.Tampered, name, "it is of another page, %.200q", capture.URL)
	}
	for _, file := range capture.Files() {
		inside := path.Join(folder, file.File)
		if !slices.Contains(files, inside) && v.withheld.lacks(folder, file, v.head().sequence) {
			continue
		}
		if !slices.Contains(files, inside) {
			v.report.problem(checkDocuments, schemas.Incomplete, name, "it names %s, which is not in the bundle", file.File)
			continue
		}
		if got, _, err := v.bundle.Digest(path.Join(at, inside)); err == nil && schemas.Digest(got) != file.SHA256 {
			v.report.problem(checkDocuments, schemas.Tampered, name, "it says that %s has %s, but it has %s", file.File, file.SHA256, schemas.Digest(got))
		}
	}
}

// checkEvidence checks tokens, proofs and co-signatures.
func (v *bundleVerifier) checkEvidence() {
	names, err := v.bundle.List(bundledEvidence)
	if err != nil {
		v.bad(checkObjects, bundledEvidence, err)
		return
	}
	bySum := map[string]*link{}
	for _, l := range v.links {
		bySum[l.sha256.Hex()] = l
	}
	now, authErr := authoritiesFrom(v.trustBefore(v.head().sequence + 1))
	if authErr != nil {
		v.bad(checkTimestamps, "data/trust", authErr)
	}
	for _, name := range names {
		sum, base, _ := strings.Cut(strings.TrimPrefix(name, bundledEvidence+"/"), "/")
		of := bySum[sum]
		data, err := v.bundle.Read(name)
		switch {
		case err != nil:
			v.bad(checkTimestamps, name, err)
		case of == nil:
			v.report.problem(checkTimestamps, schemas.Tampered, name, "it is of no commit in the bundle")
		case strings.HasPrefix(base, archive.CosignPrefix):
			v.checkCosigned(of, name, data)
		default:
			if err := v.checkTime(of, name, base, data, now); err != nil {
				v.report.problem(checkTimestamps, timeVerdict(err), name, "%v", err)
			}
		}
	}
	v.checkTimes()
}

func (v *bundleVerifier) checkCosigned(of *link, name string, armor []byte) {
	v.report.looked(checkCosignatures, 1)
	key, err := trust.VerifyIn(trust.CosignNamespace, of.commit.Raw, armor)
	if err != nil {
		v.report.problem(checkCosignatures, signatureVerdict(err), name, "%v", err)
		return
	}
	head := v.head()
	now := trustFrom(v.trustBefore(head.sequence + 1))
	if now.err != nil {
		return // told
	}
	principal, err := now.state.Principal(trust.CosignNamespace, key, trust.Moment{Claimed: head.time})
	if err != nil {
		v.report.problem(checkCosignatures, schemas.Untrusted, name, "%v", err)
		return
	}
	i := slices.IndexFunc(v.report.Cosigners, func(u schemas.SignerUse) bool { return u.Key == trust.Fingerprint(key) })
	if i < 0 {
		v.report.Cosigners = append(v.report.Cosigners, schemas.SignerUse{Principal: principal, Key: trust.Fingerprint(key)})
		i = len(v.report.Cosigners) - 1
	}
	v.report.Cosigners[i].Commits++
}

// checkTime checks a file that proves a time of a commit.
func (v *bundleVerifier) checkTime(of *link, name, base string, data []byte, authorities map[string]*timestamp.Authority) error {
	v.report.looked(checkTimestamps, 1)
	kind, by, height := archive.EvidenceFile{Name: base}.Kind()
	switch kind {
	case archive.TokenEvidence:
		token, err := timestamp.ParseResponse(data)
		if err != nil {
			return err
		}
		authority := authorities[by]
		if authority == nil {
			return &timestamp.Error{Kind: timestamp.Untrusted, Reason: fmt.Sprintf("the archive does not say who %q is", by)}
		}
		proven, err := v.tokens.Verify(token, of.commit.Raw, authority)
		if err != nil {
			return err
		}
		v.times.add(proof{
			of: int(of.sequence), by: int(of.sequence), notAfter: proven.Time.Add(proven.Accuracy), notBefore: proven.Time.Add(-proven.Accuracy),
			kind: schemas.AuthoritySource, source: by, chain: proven.Chain, subject: name, authority: authority,
		})
	case archive.PendingProof, archive.BlockProof:
		p, err := timestamp.ParseProof(data)
		if err != nil {
			return err
		}
		if p.Digest != [32]byte(of.sha256) {
			return errors.New("it is a proof for other bytes")
		}
		return v.checkBlocks(of, name, p)
	case archive.BlockHeader:
		if len(data) != timestamp.HeaderSize {
			return fmt.Errorf("it has %d bytes, and a block header %d", len(data), timestamp.HeaderSize)
		}
		return v.options.Network.CheckWork((*timestamp.Header)(data), height)
	case archive.RevocationList:
		list, err := timestamp.ParseCRL(data)
		if err != nil {
			return err
		}
		v.times.lists = append(v.times.lists, list)
	default:
		if !strings.HasPrefix(base, "chain") {
			return fmt.Errorf("it is no evidence that is known here")
		}
	}
	return nil
}

func (v *bundleVerifier) checkBlocks(of *link, name string, p *timestamp.Proof) error {
	for _, a := range p.Attestations() {
		switch a.Kind {
		case timestamp.PendingAttestation:
			v.times.promises = append(v.times.promises, promise{of: int(of.sequence)})
		case timestamp.BitcoinAttestation:
			raw, err := v.bundle.Read(path.Join(path.Dir(name), archive.HeaderFile(a.Height)))
			if err != nil || len(raw) != timestamp.HeaderSize {
				v.times.unchecked = append(v.times.unchecked, attestation{of: int(of.sequence), Attestation: a, subject: name})
				continue
			}
			h := (*timestamp.Header)(raw)
			if err := v.options.Network.Proves(h, a); err != nil {
				return err
			}
			v.provenBy(of, a, h, name)
		}
	}
	return nil
}

func (v *bundleVerifier) provenBy(of *link, a *timestamp.Attestation, h *timestamp.Header, name string) {
	v.times.add(proof{
		of: int(of.sequence), by: int(of.sequence), notAfter: h.Time().Add(timestamp.BlockTolerance), notBefore: h.Time().Add(-timestamp.BlockTolerance),
		kind: schemas.BitcoinSource, source: nameOfBlock(a.Height), subject: name,
	})
}

// checkTimes holds the clocks of the snapshots to what is proven.
func (v *bundleVerifier) checkTimes() {
	if v.options.Headers != "" && len(v.times.unchecked) > 0 {
		v.lookUpHeaders()
	}
	v.times.dropRevoked(func(p proof, err error) {
		v.report.problem(checkTimestamps, timeVerdict(err), p.subject, "%v", err)
	})
	v.times.settle()
	for _, sequence := range v.targets {
		l := v.links[sequence]
		v.report.looked(checkTimes, 1)
		p := v.times.existed(int(sequence))
		switch {
		case p == nil && v.options.RequireTime:
			v.report.problem(checkTimes, schemas.Unproven, fmt.Sprintf("commit %d", sequence), "TIME-UNPROVEN: no timestamp proves when it existed")
		case p != nil && l.time.Sub(p.notAfter) > clockTolerance:
			v.report.problem(checkTimes, schemas.Unproven, fmt.Sprintf("commit %d", sequence), "TIME-CONFLICT: it says %s, but %s proves that it existed at %s",
				l.time.UTC().Format(time.RFC3339), p.source, p.notAfter.UTC().Format(time.RFC3339))
		}
	}
}

func (v *bundleVerifier) lookUpHeaders() {
	found, err := FindHeaders(v.ctx, v.options.Headers, v.times.roots())
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
		if err := v.options.Network.Proves(h, a.Attestation); err != nil {
			v.report.problem(checkTimestamps, timeVerdict(err), a.subject, "%v", err)
			continue
		}
		v.provenBy(v.links[int64(a.of)], a.Attestation, h, a.subject)
	}
	v.times.unchecked = left
}

// checkLog checks the checkpoint, and that the snapshots are in its log.
func (v *bundleVerifier) checkLog() {
	names, err := v.bundle.List(bundledLog)
	if err != nil {
		v.bad(checkCheckpoints, bundledLog, err)
		return
	}
	keys, err := logKeys(v.trustBefore(v.head().sequence + 1)(checkpointKeys))
	if err != nil {
		v.bad(checkCheckpoints, checkpointKeys, err)
		return
	}
	policy := v.options.Checkpoints
	var known []sizedCheckpoint
	for _, name := range names {
		v.report.looked(checkCheckpoints, 1)
		data, err := v.bundle.Read(name)
		if err != nil {
			v.bad(checkCheckpoints, name, err)
			continue
		}
		if digits, ok := strings.CutSuffix(path.Base(name), ".tlog-proof"); ok {
			v.checkProof(name, digits, data, keys)
			continue
		}
		signed, err := checkpoint.Open(data, keys, policy.Witnesses)
		switch size, ok := checkpointSize(path.Base(name)); {
		case err != nil:
			v.report.problem(checkCheckpoints, schemas.Tampered, name, "%v", err)
		case !ok || signed.Size != size || signed.Origin != v.report.ArchiveID:
			v.report.problem(checkCheckpoints, schemas.Tampered, name, "it is of %d commits of %.100q", signed.Size, signed.Origin)
		default:
			known = append(known, sizedCheckpoint{signed, name})
		}
	}
	outer := &verifier{options: v.options, report: v.report}
	outer.checkQuorum(known)
}

func (v *bundleVerifier) checkProof(name, digits string, data []byte, keys []string) {
	proof, err := checkpoint.ParseProof(data)
	if err != nil {
		v.report.problem(checkCheckpoints, schemas.Tampered, name, "%v", err)
		return
	}
	l := v.links[proof.Index]
	if l == nil || strconv.FormatInt(proof.Index, 10) != digits {
		v.report.problem(checkCheckpoints, schemas.Tampered, name, "it is of snapshot %d", proof.Index)
		return
	}
	if _, err := proof.Verify(l.commit.Raw, keys, v.options.Checkpoints.Witnesses); err != nil {
		v.report.problem(checkCheckpoints, schemas.Rollback, name, "%v", err)
	}
}

// checkSeen looks for a contradiction to what this user saw of the archive.
func (v *bundleVerifier) checkSeen() {
	if v.options.Memory == nil {
		return
	}
	receipt, err := v.options.Memory.Receipt(v.report.ArchiveID)
	if err != nil || receipt == nil || v.links[receipt.Sequence] == nil {
		v.report.skip(checkReceipt, "the bundle holds nothing that this user saw before")
		return
	}
	v.report.looked(checkReceipt, 1)
	if l := v.links[receipt.Sequence]; l.sha256 != receipt.HeadSHA256 {
		v.report.problem(checkReceipt, schemas.Rollback, fmt.Sprintf("commit %d", l.sequence), "it has %s, but on %s it was seen with %s", l.sha256, receipt.SeenAt, receipt.HeadSHA256)
		v.report.Conflict = &schemas.Conflict{Seen: receipt.Head, Found: string(l.commit.Raw)}
		if receipt.Head == "" {
			v.report.Conflict = nil
		}
	}
}

// say puts into the report what is proven, and what is not.
func (v *bundleVerifier) say() {
	outer := &verifier{options: v.options, report: v.report, times: v.times}
	said := &schemas.VerifyTimes{Pending: int64(len(v.times.promises)), Unchecked: int64(len(v.times.unchecked)), Sources: outer.timeSources()}
	if n := len(v.targets); n > 0 {
		said.Bracket = v.times.bracket(int(v.targets[n-1]), 0)
		for _, sequence := range v.order {
			if v.times.existed(int(sequence)) != nil {
				said.Proven++
			}
		}
	}
	v.report.Times = said
	var limits []string
	for _, sequence := range v.targets {
		if v.times.existed(int(sequence)) == nil {
			limits = append(limits, fmt.Sprintf("when snapshot %d existed: its time is the operator's own", sequence))
		}
	}
	for _, s := range said.Sources {
		if s.Kind == schemas.AuthoritySource && !s.Known {
			limits = append(limits, fmt.Sprintf("that %q is the authority it is called: its root certificate %s came with the bundle; compare it with the authority's", s.Name, s.Root))
		}
	}
	if v.links[0] != nil && len(v.order) > 1 && v.order[len(v.order)-1] != int64(len(v.order)-1) {
		limits = append(limits, "that nothing in the snapshots that are left out changed who may sign, but for the commits in data/trust")
	}
	if note := outer.notWitnessed(); note != "" {
		limits = append(limits, note)
	}
	limits = append(limits, withheldLimits(v.report.Withheld)...)
	v.report.Limits = append(limits,
		"that the report, the instructions and the introduction in the bundle are right, beyond the word of who signed it",
		"that the pages were true, complete, or the same for other visitors",
	)
}

func (v *bundleVerifier) finish() *schemas.VerifyReport {
	r := v.report
	if len(v.order) > 0 {
		head := v.head().ref()
		r.Head = &head
	}
	r.Commits, r.Files, r.Bytes = int64(len(v.order)), v.files, v.bytes
	r.checks[checkObjects].Count = v.files
	return r.sum(v.options.Now(), append([]string{checkBag}, checkOrder...))
}
