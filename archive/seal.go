package archive

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// seal writes the manifest of what is staged and commits it. It returns nil
// when nothing is staged.
func seal(batch *gitstore.Batch, message schemas.Message, now time.Time, signer Signer) (*gitstore.Commit, error) {
	manifest, err := manifestOf(batch)
	if err != nil || len(manifest) == 0 {
		return nil, err
	}
	encoded, err := manifest.Encode()
	if err != nil {
		return nil, err
	}
	if err := batch.Put(ManifestFile, gitstore.NewBlob(encoded)); err != nil {
		return nil, err
	}
	message.Manifest = schemas.DigestOf(encoded)
	text, err := message.Encode()
	if err != nil {
		return nil, err
	}
	name, email := signer.Person()
	return batch.Commit(gitstore.Person{Name: name, Email: email}, now, text, signer)
}

// manifestOf lists every file of every page folder that is touched, and every
// other file that is added or changed.
func manifestOf(batch *gitstore.Batch) (schemas.Manifest, error) {
	var listed []gitstore.File
	folders := map[string]bool{}
	for change, err := range batch.Changes() {
		if err != nil {
			return nil, err
		}
		switch folder, _, ok := PageFolder(change.Path); {
		case ok:
			folders[folder] = true
		case change.New.ID.IsZero():
			return nil, fmt.Errorf("%s would be deleted: an archive only grows", change.Path)
		default:
			listed = append(listed, gitstore.File{Path: change.Path, ID: change.New.ID})
		}
	}
	for folder := range folders {
		for file, err := range batch.Files(folder) {
			if err != nil {
				return nil, err
			}
			listed = append(listed, file)
		}
	}
	slices.SortFunc(listed, func(a, b gitstore.File) int { return strings.Compare(a.Path, b.Path) })
	manifest := make(schemas.Manifest, 0, len(listed))
	for _, file := range listed {
		sum, err := batch.SHA256(file.ID)
		if err != nil {
			return nil, err
		}
		manifest = append(manifest, schemas.ManifestEntry{SHA256: schemas.Digest(sum), Path: path.Clean(file.Path)})
	}
	return manifest, nil
}
