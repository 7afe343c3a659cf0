package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
)

// openIndexed opens the archive that the command is about, for reading. The
// caller closes it. Nothing that a reader has in flight must be finished, so the
// first interrupt ends what is done with c from here on.
func (p *program) openIndexed(c *cli.Context) (*archive.Archive, error) {
	c.Context = p.stop
	a, err := p.open(c)
	if err == nil {
		p.useIndex(a)
	}
	return a, err
}

// useIndex lets an archive answer from its index, and shows that it is made.
func (p *program) useIndex(a *archive.Archive) {
	line := p.progress()
	a.UseIndex(archive.IndexOptions{Key: p.indexKey, Progress: func(done, total int64) {
		if done < total {
			line.show("indexing snapshots for quick answers:", done, total)
		} else {
			line.clear()
		}
	}})
}

// updateIndex adds what this command has committed since head was the newest.
// What does not go in is added by the command that reads next.
func (p *program) updateIndex(ctx context.Context, a *archive.Archive, head gitstore.ID) {
	newest, err := a.Store().Head()
	if err == nil && newest != head {
		err = a.UpdateIndex(ctx)
	}
	if err != nil && ctx.Err() == nil {
		p.warn(fmt.Errorf("all snapshots are kept, but not indexed: %w", err))
	}
}

// indexKey returns this user's secret for indexes, and makes it on first use.
// Nothing is lost with it but the time to make the indexes anew.
func (p *program) indexKey() ([]byte, error) {
	const size = 32
	file := filepath.Join(p.stateFolder(), "index.key")
	if key, err := os.ReadFile(file); err == nil && len(key) == size {
		return key, nil
	}
	key := make([]byte, size)
	_, _ = rand.Read(key) // it never fails
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("making a key for indexes: %w", err)
	}
	err := os.WriteFile(file+".next", key, 0o600)
	if err == nil {
		err = os.Rename(file+".next", file)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key for indexes: %w", err)
	}
	return key, nil
}
