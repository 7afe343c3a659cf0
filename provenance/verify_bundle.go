package provenance

import (
	"context"
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
	"github.com/walkback-dev/walkback/provenance/timestamp"
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
		v.lookedAtNothing()
		return v.finish(), nil
	case err != nil:
		return nil, fmt.Errorf("opening bundle: %w", err)
	}
	defer b.Close()
	v.bundle = b
	if v.checkBag() {
		v.run()
	} else {
		v.lookedAtNothing()
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

// lookedAtNothing says of all further checks that they were not done: none of
// them may read as passed.
func (v *bundleVerifier) lookedAtNothing() {
	for _, id := range checkOrder {
		v.report.skip(id, "the bag is not good, so what it holds was not looked at")
	}
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
