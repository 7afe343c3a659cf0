package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
)

func (p *program) initCommand() *cli.Command {
	return &cli.Command{
		Name: "init", Usage: "make an archive",
		UsageText: "walkback init [DIR]",
		Description: `Makes an archive in DIR (else --archive, else ./walkback.git). Its first commit
is signed and says who may sign the next ones. capture does the same by itself
when there is no archive yet.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags:  []cli.Flag{keyFlag, signerFlag},
		Action: p.init,
	}
}

func (p *program) init(c *cli.Context) error {
	if _, err := p.loadSettings(); err != nil {
		return err
	}
	if c.Args().Len() > 1 {
		return &usage{message: "init makes one archive", hint: "walkback init DIR"}
	}
	dir := c.Args().First()
	if dir == "" {
		dir = c.String(archiveFlag.Name)
	}
	if dir == "" {
		dir = archiveName
	}
	switch a, err := archive.Open(dir); {
	case err == nil:
		return errors.Join(fmt.Errorf("%s: %w", dir, archive.ErrExists), a.Close())
	case errors.Is(err, archive.ErrUnborn):
	default:
		if err := holds(dir); err != nil {
			return err
		}
	}
	key, release, err := p.signingKey(c.Context, c, nil)
	if err != nil {
		return err
	}
	defer release()
	a, err := p.makeArchive(c, dir, key)
	if err != nil {
		return err
	}
	return a.Close()
}

// holds returns nil when an archive can be made in dir. It is asked before a key
// is made for the archive, so that a failure leaves nothing behind. What it
// tries is the first step of the making, which a killed process may leave.
func holds(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case len(entries) > 0:
		return fmt.Errorf("making archive %s: %w", dir, gitstore.ErrNotEmpty)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("making archive: %w", err)
	}
	probe := filepath.Clean(dir)
	if err == nil {
		probe = filepath.Join(dir, "walkback")
	}
	for {
		parent := filepath.Dir(probe)
		if _, err := os.Stat(parent); parent == probe || !errors.Is(err, fs.ErrNotExist) {
			break
		}
		probe = parent
	}
	err = os.Mkdir(probe, 0o777)
	switch {
	case err == nil:
		_ = os.Remove(probe) // another process may be at work in it by now
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("making archive %s: %w", dir, err)
	}
	return nil
}

func (p *program) makeArchive(c *cli.Context, dir string, key *trust.Key) (*archive.Archive, error) {
	a, err := provenance.Init(c.Context, dir, key, p.memory(), p.now)
	if err != nil {
		return nil, err
	}
	p.say("note", "made the archive %s (%s), signed by %s", dir, a.ID(), key.Fingerprint())
	return a, nil
}
