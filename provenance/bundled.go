package provenance

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/bundle"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// maxChain is how many commits a bundle holds to show the whole history. Of a
// longer one it holds the root, and the commits from the oldest snapshot that it
// is of on.
const maxChain = 5000

// BundleOptions say what goes into an evidence bundle.
type BundleOptions struct {
	Versions []*archive.Page // of one page: one, or two that are compared
	Sources  bool            // the sources that a post pins, too
	Signer   *trust.Key      // who may sign the archive
	Tool     schemas.Tool
	Change   *schemas.Change // verdict on two versions
	Diff     []byte          // diff.txt: their words side by side
	Network  timestamp.Network
	// HTML makes report.html.
	HTML func(*schemas.BundleReport) ([]byte, error)
}

// The folders of a bundle's payload.
const (
	bundledCommits   = "data/commits"
	bundledTrust     = "data/trust"
	bundledSnapshots = "data/snapshots"
	bundledEvidence  = "data/evidence"
	bundledLog       = "data/log"
	bundledPin       = "data/introduction.json"
)

// bundling is the making of one bundle.
type bundling struct {
	ctx     context.Context // of the one making
	archive *archive.Archive
	store   *gitstore.Store
	options BundleOptions
	head    *archive.Snapshot
	report  *schemas.BundleReport
	chain   []*gitstore.Commit // oldest first
	first   int64              // the sequence of chain[0]
	root    *gitstore.Commit   // when it is not in chain
	targets map[int64]bool     // snapshots whose files are in
	payload []bundle.Entry
	names   map[string]bool

	brackets *Brackets
	withheld *withheldFiles // by the records of the archive
	left     int            // files that are left out because of them
}

// WriteBundle writes an evidence bundle, see package bundle. What it writes depends
// on nothing but the archive, the options and the key. The signer has to be allowed
// to sign the archive now: the error is a *[SignerError] otherwise.
func WriteBundle(ctx context.Context, a *archive.Archive, o BundleOptions, w io.Writer) (*schemas.BundleReport, error) {
	if len(o.Versions) == 0 {
		return nil, ErrNoVersions
	}
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	if err := allowedSigner(a.Store(), head, o.Signer); err != nil {
		return nil, err
	}
	brackets, err := NewBrackets(a, o.Network)
	if err != nil {
		return nil, err
	}
	records, err := head.Withheld()
	if err != nil {
		return nil, err
	}
	b := &bundling{
		brackets: brackets, withheld: newWithheldFiles(records),
		ctx: ctx, archive: a, store: a.Store(), options: o, head: head, targets: map[int64]bool{}, names: map[string]bool{},
		report: &schemas.BundleReport{Schema: schemas.BundleReportSchema, ArchiveID: a.ID(), Tool: o.Tool, Change: o.Change, Unsigned: []string{}},
	}
	for _, step := range []func() error{b.addPages, b.readChain, b.addCommits, b.addTrust, b.addEvidence, b.addLog, b.addPin} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("making a bundle: %w", err)
		}
	}
	b.finishReport()
	tags, err := b.tags()
	if err != nil {
		return nil, fmt.Errorf("making a bundle: %w", err)
	}
	name, email := o.Signer.Person()
	contents := bundle.Contents{
		Folder: b.folder(), Payload: b.payload, Tags: tags,
		Info: [][2]string{
			{"Source-Organization", oneLine(name + " <" + email + ">")},
			{"External-Description", oneLine("Captures of " + b.report.Pages[0].URL)},
			{"External-Identifier", fmt.Sprintf("%s %s", a.ID(), b.report.Head.SHA256)},
			{"Bagging-Date", b.chain[len(b.chain)-1].Time.Format("2006-01-02")},
			{"Bag-Software-Agent", oneLine(o.Tool.Name + " " + o.Tool.Version)},
		},
	}
	err = bundle.Write(w, contents, func(manifest []byte) ([]byte, error) { return o.Signer.SignIn(bundle.Namespace, manifest) })
	return b.report, err
}

// allowedSigner refuses a key that may not sign on top of the head.
func allowedSigner(store *gitstore.Store, head *archive.Snapshot, key *trust.Key) error {
	now := readTrust(store, head.Commit.Tree)
	if now.err != nil {
		return now.err
	}
	_, err := now.state.Principal(trust.Namespace, key.Public(), trust.Moment{Claimed: head.Commit.Time})
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// folder names the bundle after its page.
func (b *bundling) folder() string {
	page := b.report.Pages[0]
	name := strings.TrimSuffix(path.Base(page.Folder), "~"+page.Page.String())
	return "evidence-" + strings.Trim(strings.ReplaceAll(name, "~", "-"), "-") + "-" + strconv.FormatInt(page.Versions[len(page.Versions)-1].Commit.Sequence, 10)
}

func (b *bundling) add(e bundle.Entry) {
	if !b.names[e.Name] {
		b.names[e.Name] = true
		b.payload = append(b.payload, e)
	}
}

// addBlob adds a stored file.
func (b *bundling) addBlob(name string, id gitstore.ID) error {
	r, err := b.store.Open(id)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	size := r.Size()
	b.add(bundle.Entry{Name: name, Size: size, Open: func() (io.ReadCloser, error) { return b.store.Open(id) }})
	return r.Close()
}

// addPages adds the files of the versions, and of the sources that they pin.
func (b *bundling) addPages() error {
	main := schemas.BundlePage{}
	var pinned []schemas.Source
	for _, version := range b.options.Versions {
		if err := b.addVersion(&main, version); err != nil {
			return err
		}
		post, err := version.Post()
		if err != nil {
			return err
		}
		if post != nil && b.options.Sources {
			pinned = append(pinned, post.Sources...)
		}
	}
	b.report.Pages = append(b.report.Pages, main)
	for _, source := range pinned {
		if err := b.addSource(source); err != nil {
			return err
		}
	}
	return nil
}

// addSource adds a source as it is pinned.
func (b *bundling) addSource(source schemas.Source) error {
	ref, err := archive.PageNamed(source.URL)
	if err != nil {
		return err
	}
	snapshot, err := b.archive.At(b.ctx, source.Sequence)
	if err != nil {
		return err
	}
	page, err := snapshot.Page(ref)
	if err != nil {
		return fmt.Errorf("reading source %s: %w", ref.Name, err)
	}
	for i := range b.report.Pages {
		if known := &b.report.Pages[i]; known.Page == ref.ID {
			return b.addVersion(known, page)
		}
	}
	entry := schemas.BundlePage{}
	if err := b.addVersion(&entry, page); err != nil {
		return err
	}
	b.report.Pages = append(b.report.Pages, entry)
	return nil
}

// addVersion adds the files of a capture, as of the snapshot that recorded it.
func (b *bundling) addVersion(to *schemas.BundlePage, page *archive.Page) error {
	c := page.Capture
	if slices.ContainsFunc(to.Versions, func(v schemas.BundleVersion) bool { return v.Commit.Sequence == c.Sequence }) {
		return nil
	}
	snapshot, err := b.archive.At(b.ctx, c.Sequence)
	if err != nil {
		return err
	}
	at := path.Join(bundledSnapshots, strconv.FormatInt(c.Sequence, 10))
	manifest, err := b.store.Lookup(snapshot.Commit.Tree, archive.ManifestFile)
	if err == nil {
		err = b.addBlob(path.Join(at, archive.ManifestFile), manifest.ID)
	}
	if err != nil {
		return err
	}
	for file, err := range b.store.Files(snapshot.Commit.Tree, page.Folder) {
		if err != nil {
			return err
		}
		if record := b.withheld.after(file.ID, c.Sequence); record > 0 {
			b.left++
			if err := b.addRecord(record); err != nil {
				return err
			}
			continue
		}
		if err := b.addBlob(path.Join(at, file.Path), file.ID); err != nil {
			return err
		}
	}
	b.targets[c.Sequence] = true
	to.Page, to.URL, to.Folder = page.ID, page.Name, page.Folder
	version := schemas.BundleVersion{
		Commit: snapshot.Ref(), CapturedAt: c.CapturedAt, Method: c.Method, Outcome: c.Access.Outcome, FinalURL: c.FinalURL, Status: c.Status,
	}
	if c.Body != nil {
		version.Payload = c.Body.SHA256
	}
	if c.Text != nil && c.Text.Sequence == c.Sequence {
		version.Text = c.Text.SHA256
		to.Title = c.Text.Title
	}
	if version.Bracket, err = b.brackets.Of(b.ctx, snapshot); err != nil {
		return err
	}
	to.Versions = append(to.Versions, version)
	slices.SortFunc(to.Versions, func(x, y schemas.BundleVersion) int { return int(x.Commit.Sequence - y.Commit.Sequence) })
	return nil
}

// addRecord adds the record that a commit made of what it withheld.
func (b *bundling) addRecord(sequence int64) error {
	if b.targets[sequence] {
		return nil
	}
	b.targets[sequence] = true
	snapshot, err := b.archive.At(b.ctx, sequence)
	if err != nil {
		return err
	}
	for _, name := range []string{archive.ManifestFile, archive.WithheldFile(sequence)} {
		file, err := b.store.Lookup(snapshot.Commit.Tree, name)
		if err != nil {
			return err
		}
		if err := b.addBlob(path.Join(bundledSnapshots, strconv.FormatInt(sequence, 10), name), file.ID); err != nil {
			return err
		}
	}
	return nil
}

// readChain reads the commits that lead from the root, or from the first snapshot
// of the bundle, to the head.
func (b *bundling) readChain() error {
	oldest := b.head.Message.Sequence
	for sequence := range b.targets {
		oldest = min(oldest, sequence)
	}
	if b.head.Message.Sequence < maxChain {
		oldest = 0
	}
	at := b.head.Message.Sequence
	for commit, err := range b.store.History(b.head.Commit.ID) {
		if err == nil {
			err = b.ctx.Err()
		}
		if err != nil {
			return err
		}
		switch {
		case at >= oldest:
			b.chain = append(b.chain, commit)
		case commit.Parent.IsZero():
			b.root = commit
		}
		at--
	}
	slices.Reverse(b.chain)
	b.first = oldest
	return nil
}

func (b *bundling) addCommits() error {
	if b.root != nil {
		b.add(bundle.Held(path.Join(bundledCommits, "0.commit"), b.root.Raw))
	}
	for i, commit := range b.chain {
		sequence := b.first + int64(i)
		name := path.Join(bundledCommits, strconv.FormatInt(sequence, 10))
		b.add(bundle.Held(name+".commit", commit.Raw))
		if b.targets[sequence] {
			b.add(bundle.Held(name+".payload", commit.Payload))
			b.add(bundle.Held(name+".sig", []byte(commit.Signature)))
		}
	}
	return nil
}

// addTrust adds what each commit says of who may sign. Where the chain does not
// begin with the root, its first commit's whole trust folder is as the last of
// those before it left it, and these are added from the history.
func (b *bundling) addTrust() error {
	for commit, err := range b.store.History(b.head.Commit.ID) {
		if err == nil {
			err = b.ctx.Err()
		}
		if err != nil {
			return err
		}
		message, err := schemas.ParseMessage(commit.Message)
		if err != nil {
			return err
		}
		if message.Kind != schemas.KindTrust && message.Kind != schemas.KindInit {
			continue
		}
		if err := b.addTrustOf(commit, message); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundling) addTrustOf(commit *gitstore.Commit, message *schemas.Message) error {
	sequence := strconv.FormatInt(message.Sequence, 10)
	b.add(bundle.Held(path.Join(bundledCommits, sequence+".commit"), commit.Raw))
	at := path.Join(bundledTrust, sequence)
	entry, err := b.store.Lookup(commit.Tree, archive.ManifestFile)
	if err != nil {
		return err
	}
	_, data, err := b.store.Object(entry.ID)
	if err != nil {
		return err
	}
	manifest, err := schemas.ParseManifest(data)
	if err != nil {
		return err
	}
	b.add(bundle.Held(path.Join(at, archive.ManifestFile), data))
	for _, line := range manifest {
		if !strings.HasPrefix(line.Path, archive.TrustFolder+"/") {
			continue
		}
		file, err := b.store.Lookup(commit.Tree, line.Path)
		if err != nil {
			return err
		}
		if err := b.addBlob(path.Join(at, line.Path), file.ID); err != nil {
			return err
		}
	}
	return nil
}

// addEvidence adds what vouches for the commits of the chain from the first
// snapshot of the bundle on: time that is proven for a commit is proven for all
// before it.
func (b *bundling) addEvidence() error {
	from := b.head.Message.Sequence
	for sequence := range b.targets {
		from = min(from, sequence)
	}
	of := map[schemas.Digest]bool{}
	for i, commit := range b.chain {
		if b.first+int64(i) >= from {
			of[schemas.Digest(commit.SHA256)] = true
		}
	}
	for file, err := range b.head.Evidence(b.ctx) {
		if err != nil {
			return err
		}
		if of[file.Of] {
			if err := b.addBlob(path.Join(bundledEvidence, file.Of.Hex(), file.Name), file.Blob); err != nil {
				return err
			}
		}
	}
	return nil
}

// addLog adds the newest checkpoint, and the proofs that the snapshots are in its
// log.
func (b *bundling) addLog() error {
	keys, err := logKeys(b.head.Trust(checkpointKeys))
	if err != nil || len(keys) == 0 {
		return err
	}
	newest, err := newestCheckpoint(b.head, keys, nil)
	if err != nil || newest == nil {
		return err
	}
	b.add(bundle.Held(path.Join(bundledLog, checkpointPrefix+strconv.FormatInt(newest.signed.Size, 10)), newest.note))
	tree, err := logOf(b.ctx, b.archive, b.head)
	if err != nil {
		return err
	}
	for sequence := range b.targets {
		if sequence >= newest.signed.Size {
			continue
		}
		audit, err := tree.Inclusion(sequence, newest.signed.Size)
		if err != nil {
			return err
		}
		proof := &checkpoint.Proof{Index: sequence, Path: audit, Note: newest.note}
		b.add(bundle.Held(path.Join(bundledLog, strconv.FormatInt(sequence, 10)+".tlog-proof"), proof.Encode()))
	}
	return nil
}

// addPin adds the introduction of the archive, by the word of who exports it.
func (b *bundling) addPin() error {
	root := b.root
	if root == nil {
		root = b.chain[0]
	}
	key, err := trust.Verify(root.Payload, []byte(root.Signature))
	if err != nil {
		return fmt.Errorf("reading the root commit: %w", err)
	}
	data, err := schemas.Encode(&schemas.Introduction{
		Schema: schemas.IntroductionSchema, ArchiveID: b.archive.ID(), RootSHA256: schemas.Digest(root.SHA256),
		RootKey: trust.Fingerprint(key), At: schemas.TimeOf(root.Time),
	})
	if err == nil {
		b.add(bundle.Held(bundledPin, data))
	}
	return err
}
