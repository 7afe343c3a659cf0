package provenance

import (
	"crypto/x509"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// The files of the trust folder that say which time stamping authorities an
// archive trusts.
const (
	authoritiesFile   = "tsa.json"
	authoritiesFolder = "tsa"
)

func rootsFile(authority string) string { return path.Join(authoritiesFolder, authority+".pem") }

// authorities are those of trust folders that were read already.
type authorities struct {
	mu    sync.Mutex
	known map[gitstore.ID]map[string]*timestamp.Authority // by the tree of the trust folder
}

func newAuthorities() *authorities {
	return &authorities{known: map[gitstore.ID]map[string]*timestamp.Authority{}}
}

// of returns the authorities that the trust folder in a tree names. What they all
// share in memory, they share as one value, so that chains are found once.
func (a *authorities) of(store *gitstore.Store, tree gitstore.ID) (map[string]*timestamp.Authority, error) {
	folder, err := store.Lookup(tree, archive.TrustFolder)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.known[folder.ID]; ok {
		return known, nil
	}
	read, err := readAuthorities(store, tree)
	if err == nil {
		a.known[folder.ID] = read
	}
	return read, err
}

func readAuthorities(store *gitstore.Store, tree gitstore.ID) (map[string]*timestamp.Authority, error) {
	return authoritiesFrom(func(name string) ([]byte, error) { return trustFile(store, tree, name) })
}

// authoritiesFrom reads authorities with a reader of trust files, which gives nil
// for one that is not there.
func authoritiesFrom(read func(name string) ([]byte, error)) (map[string]*timestamp.Authority, error) {
	list, err := authorityList(read)
	if err != nil {
		return nil, err
	}
	found := map[string]*timestamp.Authority{}
	for _, a := range list.Authorities {
		data, err := read(rootsFile(a.Name))
		if err != nil {
			return nil, err
		}
		authority := &timestamp.Authority{Name: a.Name, Policies: a.Policies, Qualified: a.Qualified}
		if authority.Roots, authority.Others, err = timestamp.ParseRoots(data); err != nil {
			return nil, fmt.Errorf("reading %s/%s: %w", archive.TrustFolder, rootsFile(a.Name), err)
		}
		found[a.Name] = authority
	}
	return found, nil
}

// authorityList reads tsa.json with a reader of trust files, which gives nil for
// one that is not there.
func authorityList(read func(name string) ([]byte, error)) (*schemas.Authorities, error) {
	data, err := read(authoritiesFile)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return &schemas.Authorities{Schema: schemas.AuthoritiesSchema}, nil
	}
	list, err := schemas.Decode[schemas.Authorities](data)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", archive.TrustFolder, authoritiesFile, err)
	}
	return list, nil
}

// isKnown reports whether a reader's own settings have this certificate.
func isKnown(root *x509.Certificate, known []*x509.Certificate) bool {
	return slices.ContainsFunc(known, root.Equal)
}

// timeVerdict tells the kinds of what is wrong with a proof of time apart.
func timeVerdict(err error) schemas.Verdict {
	var e *timestamp.Error
	if errors.As(err, &e) {
		switch e.Kind {
		case timestamp.Untrusted:
			return schemas.Untrusted
		case timestamp.Unsupported:
			return schemas.Unsupported
		}
	}
	return schemas.Tampered
}

// nameOfBlock is how a block is called as a source of time.
func nameOfBlock(height int64) string { return fmt.Sprintf("block %d", height) }

// calendarName shortens the address of a calendar.
func calendarName(uri string) string {
	_, rest, found := strings.Cut(uri, "://")
	if !found {
		return uri
	}
	return strings.TrimSuffix(rest, "/")
}
