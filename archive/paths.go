package archive

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// Every path of an archive's tree is made in this file.

// The files that stand at the root of the tree.
const (
	archiveFile    = "archive.json"
	verifyFile     = "VERIFY.md"
	attributesFile = ".gitattributes"
	// ManifestFile lists what a commit vouches for.
	ManifestFile = "manifest-sha256.txt"
	// AllowedSignersFile says who may sign the next commit.
	AllowedSignersFile = TrustFolder + "/" + SignersFile
)

// The files of the trust folder, beside those of timestamp authorities.
const (
	SignersFile     = "allowed_signers"
	RevokedKeysFile = "revoked_keys"
	RevocationsFile = "revocations.jsonl"
	PolicyFile      = "policy.json"
)

// CosignPrefix begins the names of co-signatures among the files of evidence.
const CosignPrefix = "cosign-"

// CosignFile names the co-signature of the key with this fingerprint, in the
// alphabet of base64 that paths can have.
func CosignFile(fingerprint string) string {
	return CosignPrefix + strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimPrefix(fingerprint, "SHA256:")) + ".sig"
}

// The folders of the tree.
const (
	PagesFolder  = "pages"
	ChecksFolder = "checks"
	TrustFolder  = "trust"
	EvidenceRoot = "evidence" // see [EvidenceFolder]
	LogFolder    = "log"
	// WithheldFolder holds the records of what was taken out.
	WithheldFolder = "withheld"
)

// The files of a page's folder.
const (
	captureFile     = "capture.json"
	headFile        = "head.http"
	resourceHeads   = "resources.http"
	screenshotFile  = "screenshot.png"
	pdfFile         = "print.pdf"
	textFile        = "text.md"
	postFile        = "post.json"
	untrackedFile   = "untracked.json"
	retractionsFile = "retractions.json"
	resourcesFolder = "resources"
	tlsFolder       = "tls"
	// PastFolder holds imported older captures of a page.
	PastFolder = "past"
)

const (
	maxHost = 60 // bytes of <host> in a folder name
	maxSlug = 32 // bytes of <slug>
)

// newPageRef places a page. The short file names in a folder that ends in the
// id let stock git pair the versions of one page when it packs: it sorts by the
// last sixteen characters of a path.
func newPageRef(name, host, segment string) PageRef {
	id := schemas.PageIDOf(name)
	h := id.String()
	folder := path.Join(PagesFolder, h[0:1], h[1:2], h[2:3], h[3:4],
		folderHost(host)+"~"+folderSlug(segment)+"~"+h)
	return PageRef{Name: name, ID: id, Folder: folder}
}

// folderHost keeps [a-z0-9.-] of a host with port; all else becomes "_".
func folderHost(host string) string {
	mapped := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '_'
	}, strings.ToLower(host))
	return mapped[:min(len(mapped), maxHost)]
}

// folderSlug makes a path segment readable: runs of anything but [a-z0-9]
// become one "-", none at either end.
func folderSlug(segment string) string {
	words := strings.FieldsFunc(strings.ToLower(segment), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	slug := strings.Join(words, "-")
	return strings.TrimRight(slug[:min(len(slug), maxSlug)], "-")
}

// idFolder returns the folder that holds the folders of all pages whose id
// begins with the same four digits.
func idFolder(id schemas.PageID) string {
	h := id.String()
	return path.Join(PagesFolder, h[0:1], h[1:2], h[2:3], h[3:4])
}

// PageFolder splits the path of a file in a page's folder:
// "pages/a/b/c/d/host~slug~id/x/y" into the folder and "x/y". It reports false
// for any other path.
func PageFolder(file string) (folder, rest string, ok bool) {
	parts := strings.SplitN(file, "/", 7)
	if len(parts) != 7 || parts[0] != PagesFolder {
		return "", "", false
	}
	id, ok := folderID(parts[5])
	if !ok || strings.Join(parts[1:5], "") != id.String()[:4] {
		return "", "", false
	}
	return strings.Join(parts[:6], "/"), parts[6], true
}

// folderID reads the page id at the end of a page folder's base name.
func folderID(base string) (schemas.PageID, bool) {
	i := strings.LastIndexByte(base, '~')
	if i < 0 || strings.Count(base, "~") != 2 {
		return schemas.PageID{}, false
	}
	id, err := schemas.ParsePageID(base[i+1:])
	return id, err == nil
}

// bodyFile names the payload: body.<ext>, and the content-coding that is still
// on it.
func bodyFile(mediaType, contentEncoding string) string {
	name := "body." + extension(mediaType)
	switch strings.ToLower(contentEncoding) {
	case "gzip", "x-gzip":
		name += ".gz"
	case "br":
		name += ".br"
	case "zstd":
		name += ".zst"
	}
	return name
}

// extension is fixed by this table alone: the system's own table would make a
// path differ between machines.
func extension(mediaType string) string {
	switch mediaType {
	case "text/html":
		return "html"
	case "application/xhtml+xml":
		return "xhtml"
	case "text/plain":
		return "txt"
	case "text/markdown":
		return "md"
	case "multipart/related", "application/x-mimearchive":
		return "mhtml"
	case "message/rfc822":
		return "eml"
	case "application/pdf":
		return "pdf"
	case "application/json", "application/ld+json", "application/activity+json":
		return "json"
	case "application/xml", "text/xml", "application/rss+xml", "application/atom+xml":
		return "xml"
	case "text/css":
		return "css"
	case "text/csv":
		return "csv"
	case "text/javascript", "application/javascript":
		return "js"
	case "image/jpeg":
		return "jpg"
	case "image/png", "image/gif", "image/webp", "image/avif":
		return strings.TrimPrefix(mediaType, "image/")
	case "image/svg+xml":
		return "svg"
	case "video/mp4":
		return "mp4"
	case "audio/mpeg":
		return "mp3"
	case "font/woff2", "font/woff", "font/ttf", "font/otf":
		return strings.TrimPrefix(mediaType, "font/")
	case "image/x-icon", "image/vnd.microsoft.icon":
		return "ico"
	case "video/webm", "audio/webm":
		return "webm"
	case "audio/ogg", "video/ogg":
		return "ogg"
	}
	return "bin"
}

// resourceFile and chainFile name content by the first 16 hex digits of its
// SHA-256.
func resourceFile(sum schemas.Digest, mediaType string) string {
	return path.Join(resourcesFolder, sum.Hex()[:16]+"."+extension(mediaType))
}

func chainFile(sum schemas.Digest) string {
	return path.Join(tlsFolder, sum.Hex()[:16]+".pem")
}

// checksFile names the n-th checks file of a run that started at this time.
func checksFile(started time.Time, run string, n int) string {
	return path.Join(checksFolder(started), fmt.Sprintf("%s-%d.jsonl", run, n))
}

// checksFolder has the checks files of the runs that started in one hour: each commit
// that adds a file writes the folder anew.
func checksFolder(started time.Time) string {
	return path.Join(ChecksFolder, started.UTC().Format("2006/01/02/15"))
}

// WithheldFile names the record that the commit of kind withhold with this sequence
// makes.
func WithheldFile(sequence int64) string {
	return path.Join(WithheldFolder, strconv.FormatInt(sequence, 10)+".json")
}

// WithheldPath returns the sequence in the path of a record. It reports false for
// any other path.
func WithheldPath(file string) (sequence int64, ok bool) {
	digits, ok := strings.CutSuffix(strings.TrimPrefix(file, WithheldFolder+"/"), ".json")
	sequence, err := strconv.ParseInt(digits, 10, 64)
	return sequence, ok && err == nil && sequence > 0 && WithheldFile(sequence) == file
}

// evidenceDigits are the hex digits of a sequence that its folder is under. Of a
// sequence that has more, the last six count: the folder's own name tells such
// commits apart.
const evidenceDigits = 6

// EvidenceFolder returns the folder of what vouches for a commit:
// evidence/0/0/0/0/2/a/<SHA-256 of the raw commit> for sequence 42.
func EvidenceFolder(sequence int64, sum schemas.Digest) string {
	digits := fmt.Sprintf("%0*x", evidenceDigits, sequence)
	digits = digits[len(digits)-evidenceDigits:]
	return path.Join(EvidenceRoot, strings.Join(strings.Split(digits, ""), "/"), sum.Hex())
}

// EvidencePath takes the path of a file of evidence apart. It reports false for
// any other path.
func EvidencePath(file string) (EvidenceFile, bool) {
	parts := strings.Split(file, "/")
	if len(parts) != evidenceDigits+3 || parts[0] != EvidenceRoot {
		return EvidenceFile{}, false
	}
	sequence, err := strconv.ParseInt(strings.Join(parts[1:evidenceDigits+1], ""), 16, 64)
	if err != nil {
		return EvidenceFile{}, false
	}
	sum, err := schemas.ParseDigest("sha256:" + parts[evidenceDigits+1])
	if err != nil || EvidenceFolder(sequence, sum) != path.Dir(file) {
		return EvidenceFile{}, false
	}
	return EvidenceFile{Of: sum, Low: sequence, Name: parts[evidenceDigits+2]}, true
}
