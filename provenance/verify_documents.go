package provenance

import (
	"errors"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// checkDocuments reads the documents of a touched page folder and holds what
// they say of its files to the manifest. A document of a newer version is
// unsupported; its bytes were still checked.
func (v *verifier) checkDocuments(l *link, subject, folder string, listed map[string]*entry) {
	v.report.looked(checkDocuments, 1)
	entry, err := v.store.Lookup(l.tree, folder)
	if err != nil {
		if !errors.Is(err, gitstore.ErrNotFound) {
			v.report.unreadable(subject, err)
			return
		}
		v.report.problem(checkRules, schemas.Tampered, subject, "the page folder %s is gone", folder)
		return
	}
	capture, err := archive.ReadFolder(v.store, folder, entry.ID)
	if err != nil {
		v.badDocument(folder+" ("+subject+")", err)
		return
	}
	if capture.Sequence == l.sequence {
		v.checkCaptureTime(subject, folder, capture.CapturedAt)
	}
	for _, file := range capture.Files() {
		e, ok := listed[folder+"/"+file.File]
		if !ok && v.withheld.lacks(folder, file, l.sequence) {
			continue
		}
		if !ok {
			v.report.problem(checkDocuments, schemas.Tampered, subject, "%s/capture.json names %s, which is not there", folder, file.File)
		} else if e.sum != file.SHA256 {
			v.report.problem(checkDocuments, schemas.Tampered, subject, "%s/capture.json says that %s has %s, but it has %s", folder, file.File, file.SHA256, e.sum)
		}
	}
}

// badDocument files an error of reading a document: what is absent, damaged or
// of a newer version is not the same as what is wrong.
func (v *verifier) badDocument(subject string, err error) {
	var newer *schemas.UnsupportedError
	if objectError(err) || errors.As(err, &newer) {
		v.report.unreadable(subject, err)
		return
	}
	v.report.problem(checkDocuments, schemas.Tampered, subject, "%v", err)
}

func objectError(err error) bool {
	var (
		missing   *gitstore.MissingError
		truncated *gitstore.TruncatedError
		corrupt   *gitstore.CorruptError
	)
	return errors.As(err, &missing) || errors.As(err, &truncated) || errors.As(err, &corrupt)
}
