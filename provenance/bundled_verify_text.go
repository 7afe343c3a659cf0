package provenance

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// verifyText is the bundle's VERIFY.md: commands of stock tools alone, for just
// this bundle. The tests run them as they stand there.
func (b *bundling) verifyText() []byte {
	var w bytes.Buffer
	say := func(format string, args ...any) { fmt.Fprintf(&w, format, args...) }
	say(`# How to verify this bundle

You need nothing but sha256sum, sed, grep, ssh-keygen (OpenSSH 8.2 or newer) and, for
time stamps, openssl. Type the commands in the folder of this file. Each must
succeed; none may print FAILED.

## 1. The files are those that were listed

    sha256sum -c --strict --quiet manifest-sha256.txt
    sha256sum -c --strict --quiet tagmanifest-sha256.txt

## 2. The list is signed by who exported the bundle

    ssh-keygen -Y check-novalidate -n bundle@walkback -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt

The key that this prints must be %s, and one of those that
step 4 accepts. Nothing else vouches for these files, which only explain the others:
%s.

## 3. The snapshots are what was signed, and hold these files
`, b.report.Exporter.Key, strings.Join(b.report.Unsigned, ", "))
	for _, sequence := range b.sequences() {
		b.sayStart(say, sequence)
	}
	say(`
## 4. The keys were allowed to sign

Each commit names the SHA-256 of the one before, and no commit in between is missing%s:

    previous=; after=
    for n in $(ls data/commits | sed -n 's/\.commit$//p' | sort -n); do
      if [ "$n" = "$after" ]; then
        grep -q "^Parent-SHA256: $previous$" data/commits/$n.commit || echo "FAILED $n"
      fi
      previous=$(sha256sum < data/commits/$n.commit | cut -c1-64); after=$((n + 1))
    done

Who may sign is said by the commits of kind init and trust, which are among them:
`, b.gap())
	for _, sequence := range b.trusts() {
		say(`
    grep -q "^Manifest-SHA256: $(sha256sum < data/trust/%[1]d/manifest-sha256.txt | cut -c1-64)$" data/commits/%[1]d.commit
    (cd data/trust/%[1]d && sha256sum -c --strict --quiet --ignore-missing manifest-sha256.txt)
`, sequence)
	}
	say(`
The first of them is the root of the archive. Compare its SHA-256 with what the
operator of the archive, or somebody you trust, told you another way than by this
bundle; without that you know only that one key signed all of it:

    sha256sum data/commits/0.commit
`)
	b.sayTimes(say)
	b.sayCosignatures(say)
	say(`
## What this does not prove
`)
	for _, limit := range b.report.Limits {
		say("\n- %s", limit)
	}
	say("\n")
	return w.Bytes()
}

func (b *bundling) gap() string {
	if b.root == nil {
		return ""
	}
	return fmt.Sprintf(" but for those between the root and %d", b.first)
}

// sayStart tells how to check one snapshot.
func (b *bundling) sayStart(say func(string, ...any), sequence int64) {
	say(`
Snapshot %[1]d, signed as %[2]s:

    sed '/^gpgsig /,/^ -----END SSH SIGNATURE-----$/d' data/commits/%[1]d.commit | cmp - data/commits/%[1]d.payload
    ssh-keygen -Y verify -n git -f %[3]s -I %[2]s -s data/commits/%[1]d.sig < data/commits/%[1]d.payload
    grep -q "^Manifest-SHA256: $(sha256sum < data/snapshots/%[1]d/manifest-sha256.txt | cut -c1-64)$" data/commits/%[1]d.commit
    (cd data/snapshots/%[1]d && sha256sum -c --strict --quiet --ignore-missing manifest-sha256.txt)
`, sequence, b.chain[sequence-b.first].Committer.Email, b.trustFileBefore(archive.SignersFile, sequence))
}

// sequences are those of the snapshots whose files are in the bundle.
func (b *bundling) sequences() []int64 {
	var list []int64
	for sequence := range b.targets {
		list = append(list, sequence)
	}
	slices.Sort(list)
	return list
}

// trusts are the sequences of the commits that say who may sign.
func (b *bundling) trusts() []int64 {
	var list []int64
	for name := range b.names {
		rest, ok := strings.CutPrefix(name, bundledTrust+"/")
		if digits, file, _ := strings.Cut(rest, "/"); ok && file == archive.ManifestFile {
			if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return list
}

// trustFileBefore returns where the bundle has a file of the trust folder as it
// was before a commit.
func (b *bundling) trustFileBefore(name string, sequence int64) string {
	found := ""
	for _, at := range b.trusts() {
		file := path.Join(bundledTrust, strconv.FormatInt(at, 10), archive.TrustFolder, name)
		if b.names[file] && (at < sequence || at == 0) {
			found = file
		}
	}
	return found
}

// evidenceFile is a file of evidence in the bundle.
type evidenceFile struct {
	name string // its whole path
	of   int64  // sequence of the commit
	kind archive.EvidenceKind
	by   string // the authority of a token
}

func (b *bundling) evidence() []evidenceFile {
	sequences := map[string]int64{}
	for i, commit := range b.chain {
		sequences[schemas.Digest(commit.SHA256).Hex()] = b.first + int64(i)
	}
	var files []evidenceFile
	for name := range b.names {
		rest, ok := strings.CutPrefix(name, bundledEvidence+"/")
		sum, file, _ := strings.Cut(rest, "/")
		if of, known := sequences[sum]; ok && known {
			kind, by, _ := archive.EvidenceFile{Name: file}.Kind()
			files = append(files, evidenceFile{name, of, kind, by})
		}
	}
	slices.SortFunc(files, func(x, y evidenceFile) int { return strings.Compare(x.name, y.name) })
	return files
}

func (b *bundling) sayTimes(say func(string, ...any)) {
	head := false
	for _, file := range b.evidence() {
		if file.kind != archive.TokenEvidence {
			continue
		}
		roots := b.trustFileBefore("tsa/"+file.by+".pem", b.head.Message.Sequence+1)
		stamp := strings.TrimSuffix(file.name[strings.LastIndexByte(file.name, '-')+1:], ".tsr")
		at, err := time.Parse("20060102T150405Z", stamp)
		if err != nil || roots == "" {
			continue
		}
		if !head {
			head = true
			say(`
## 5. The snapshots existed at these times

A token of a time stamping authority is over a commit, and so over all before it.
The roots are those that the archive has kept: compare them with the authority's own.
`)
		}
		say(`
%s, %s, of snapshot %d:

    openssl ts -verify -attime %d -in %s -data data/commits/%d.commit -CAfile %s
`, file.by, at.Format("2006-01-02 15:04:05 UTC"), file.of, at.Unix(), file.name, file.of, roots)
	}
	for _, file := range b.evidence() {
		if file.kind == archive.BlockProof {
			say("\nBitcoin, by OpenTimestamps, of snapshot %d (needs the ots client and a node): ots verify -f data/commits/%d.commit %s\n", file.of, file.of, file.name)
		}
	}
}

func (b *bundling) sayCosignatures(say func(string, ...any)) {
	head := false
	for _, file := range b.evidence() {
		if !strings.HasPrefix(path.Base(file.name), archive.CosignPrefix) {
			continue
		}
		if !head {
			head = true
			say("\n## 6. Others have signed, too\n\nThe key that each prints is one of trust/allowed_signers:\n")
		}
		say("\n    ssh-keygen -Y check-novalidate -n %s -s %s < data/commits/%d.commit\n", trust.CosignNamespace, file.name, file.of)
	}
}
