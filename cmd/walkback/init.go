package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
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
		CustomHelpTemplate: commandHelp,
		OnUsageError:       usageError,
		Flags:              []cli.Flag{keyFlag},
		Action:             p.init,
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
	if _, err := archive.Open(dir); err == nil {
		return fmt.Errorf("%s: %w", dir, archive.ErrExists)
	}
	key, release, err := p.signingKey(c.Context, c, nil)
	if err != nil {
		return err
	}
	defer release()
	a, err := p.makeArchiveIn(c, dir, key)
	if err != nil {
		return err
	}
	return a.Close()
}

// makeArchive makes the archive that a command was told to write to.
func (p *program) makeArchive(c *cli.Context, key *trust.Key) (*archive.Archive, error) {
	dir, err := p.place(c)
	if err != nil {
		return nil, err
	}
	return p.makeArchiveIn(c, dir, key)
}

func (p *program) makeArchiveIn(c *cli.Context, dir string, key *trust.Key) (*archive.Archive, error) {
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return nil, fmt.Errorf("making archive: %w", err)
	}
	a, err := provenance.Init(c.Context, dir, key, p.memory(), nil)
	if err != nil {
		return nil, err
	}
	p.say("note", "made the archive %s (%s), signed by %s", dir, a.ID(), key.Fingerprint())
	return a, nil
}
