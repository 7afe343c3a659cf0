package provenance

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/bundle"
)

// BundledObjects are the commits and files of an evidence bundle by their names in
// git, for an archive to be repaired from.
type BundledObjects struct {
	bundle *bundle.Bundle
	files  map[gitstore.ID]string
}

// OpenBundledObjects reads all of a bundle once. What it holds need not be good:
// whoever takes an object from it holds it to its name. The caller closes it.
func OpenBundledObjects(name string) (*BundledObjects, error) {
	b, err := bundle.Open(name)
	if err != nil {
		return nil, err
	}
	o := &BundledObjects{bundle: b, files: map[gitstore.ID]string{}}
	if err := o.read(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return o, nil
}

func (o *BundledObjects) read() error {
	names, err := o.bundle.List("data")
	if err != nil {
		return err
	}
	for _, name := range names {
		id, err := o.name(name)
		if err != nil {
			return err
		}
		o.files[id] = name
	}
	return nil
}

func kindOf(name string) gitstore.Kind {
	if strings.HasPrefix(name, bundledCommits+"/") && strings.HasSuffix(name, ".commit") {
		return gitstore.KindCommit
	}
	return gitstore.KindBlob
}

// name returns the name that a file has in git.
func (o *BundledObjects) name(file string) (id gitstore.ID, err error) {
	f, err := o.bundle.FS.Open(file)
	if err != nil {
		return id, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return id, err
	}
	h := sha1.New() // who takes the object looks for collisions
	fmt.Fprintf(h, "%s %d\x00", kindOf(file), info.Size())
	if _, err := io.Copy(h, f); err != nil {
		return id, fmt.Errorf("reading %s: %w", file, err)
	}
	h.Sum(id[:0])
	return id, nil
}

// Open is a [gitstore.Source].
func (o *BundledObjects) Open(id gitstore.ID) (*gitstore.ObjectReader, error) {
	name, ok := o.files[id]
	if !ok {
		return nil, &gitstore.MissingError{ID: id}
	}
	f, err := o.bundle.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return gitstore.ReadAs(id, kindOf(name), info.Size(), f), nil
}

// Close lets go of the bundle.
func (o *BundledObjects) Close() error { return o.bundle.Close() }
