package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) cosignCommand() *cli.Command {
	return &cli.Command{
		Name: "cosign", Usage: "vouch for snapshots with a second key",
		UsageText: "walkback cosign [SNAPSHOT...]",
		Description: `Signs the raw commit of each SNAPSHOT (default: the newest that holds more than
evidence), its first signature included, in the namespace cosign@walkback, and keeps
that in the archive as evidence/…/cosign-<key>.sig. The archive must allow the key, see
walkback key trust. The snapshot that keeps it is signed by --commit-key, else by the
same key, if it may sign snapshots, else by your default key.

Who cannot write to the archive makes a file with --out; whoever can adds it with
--add. Stock ssh-keygen checks such a file, see VERIFY.md.

Exit codes: 0 done; 1 could not run, such as when the archive does not allow the
key; 2 usage; 11 the archive does not verify.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "all snapshots that the key has not co-signed, but those that hold evidence"},
			&cli.StringFlag{Name: "out", Usage: "write the co-signature to `FILE` and leave the archive as it is"},
			&cli.StringSliceFlag{Name: "add", Usage: "add the co-signature that somebody else made in `FILE`"},
			&cli.StringFlag{Name: "commit-key", Category: groupWriting, Usage: "sign the snapshot that keeps it with the key in `FILE`"},
			waitFlag,
			keyFlag,
			signerFlag,
		},
		Action: writing(p.cosign),
	}
}

func (p *program) cosign(c *cli.Context) error {
	out, added := c.String("out"), c.StringSlice("add")
	switch {
	case out != "" && len(added) > 0, c.Bool("all") && (out != "" || len(added) > 0 || c.Args().Present()):
		return &usage{message: "--all, --out and --add exclude each other", hint: "walkback cosign --help"}
	case out != "" && c.Args().Len() > 1:
		return &usage{message: "--out takes one co-signature", hint: "walkback cosign SNAPSHOT --out FILE"}
	case len(added) > 0 && c.Args().Present():
		return &usage{message: "--add finds the snapshot by itself", hint: "walkback cosign --add FILE"}
	case out != "":
		return p.cosignOut(c, out)
	case len(added) > 0:
		return p.cosignAdd(c, added)
	}
	return p.cosignHere(c)
}

// cosignOut makes a co-signature for somebody else to add.
func (p *program) cosignOut(c *cli.Context, file string) error {
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	of, err := p.snapshots(c, a)
	if err != nil {
		return err
	}
	key, release, err := p.signingKey(c.Context, c, a)
	if err != nil {
		return err
	}
	defer release()
	armor, err := provenance.Cosignature(key, of[0])
	if err != nil {
		return err
	}
	if _, _, err := provenance.CosignedBy(a, of[0], armor, trust.Moment{Claimed: p.now()}); err != nil {
		p.say("warning", "%v", err)
		p.say("hint", "the operator lets the key in with: walkback key trust KEY.pub --namespace %s", trust.CosignNamespace)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the co-signature: %w", err)
	}
	_, err = f.Write(armor)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing the co-signature: %w", err), os.Remove(file))
	}
	p.printf("snapshot %d co-signed by %s: %s\n", of[0].Message.Sequence, key.Fingerprint(), file)
	return nil
}

// snapshots returns those that the arguments name, else the newest that does not
// only hold evidence.
func (p *program) snapshots(c *cli.Context, a *archive.Archive) ([]*archive.Snapshot, error) {
	if !c.Args().Present() {
		snapshot, err := a.Head()
		for err == nil && snapshot.Message.Kind == schemas.KindEvidence {
			snapshot, err = a.At(c.Context, snapshot.Message.Sequence-1)
		}
		return []*archive.Snapshot{snapshot}, err
	}
	var all []*archive.Snapshot
	for _, word := range c.Args().Slice() {
		sequence, err := strconv.ParseInt(word, 10, 64)
		if err != nil || sequence < 0 {
			return nil, &usage{message: fmt.Sprintf("%q is no number of a snapshot", word), hint: "walkback log lists the snapshots"}
		}
		snapshot, err := a.At(c.Context, sequence)
		if err != nil {
			return nil, err
		}
		all = append(all, snapshot)
	}
	return all, nil
}

// cosignHere co-signs with a key of this user and keeps that.
func (p *program) cosignHere(c *cli.Context) error {
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	key, release, err := p.signingKey(c.Context, c, a)
	if err != nil {
		return err
	}
	defer release()
	recorder, done, err := p.recorderBy(c, false, func(a *archive.Archive) (*trust.Key, func(), error) { return p.commitKey(c, a, key) })
	if err != nil {
		return err
	}
	defer done()
	var of []*archive.Snapshot
	if c.Bool("all") {
		of, err = provenance.Uncosigned(c.Context, recorder.Archive, key, 0)
	} else {
		of, err = p.snapshots(c, recorder.Archive)
	}
	if err != nil {
		return err
	}
	kept, err := recorder.Cosign(c.Context, key, of...)
	if err != nil {
		return err
	}
	if kept == nil {
		p.say("note", "%s has co-signed that already", key.Fingerprint())
		return nil
	}
	p.printf("%s co-signed by %s\n", count(len(of), "snapshot"), key.Fingerprint())
	p.printSnapshot(kept)
	return nil
}

// commitKey returns the key for the snapshot that keeps a co-signature of key.
func (p *program) commitKey(c *cli.Context, a *archive.Archive, key *trust.Key) (*trust.Key, func(), error) {
	if file := c.String("commit-key"); file != "" {
		return p.openKey(c.Context, file, "", a)
	}
	state, err := provenance.TrustState(a)
	if err != nil {
		return nil, nil, err
	}
	_, email := key.Person()
	if _, err := state.Allow(trust.Namespace, email, key.Public(), trust.Moment{Claimed: p.now()}); err == nil {
		return key, func() {}, nil
	}
	return p.openKey(c.Context, "", "", a)
}

// cosignAdd keeps co-signatures that were made elsewhere.
func (p *program) cosignAdd(c *cli.Context, files []string) error {
	recorder, release, err := p.recorderBy(c, false, func(a *archive.Archive) (*trust.Key, func(), error) {
		if file := c.String("commit-key"); file != "" {
			return p.openKey(c.Context, file, "", a)
		}
		return p.signingKey(c.Context, c, a)
	})
	if err != nil {
		return err
	}
	defer release()
	var of []*archive.Snapshot
	var armors [][]byte
	for _, file := range files {
		armor, err := readFile(file, 64<<10)
		if err != nil {
			return fmt.Errorf("reading the co-signature: %w", err)
		}
		snapshot, err := provenance.CosignedWhich(c.Context, recorder.Archive, armor)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		of, armors = append(of, snapshot), append(armors, armor)
	}
	kept, err := recorder.AddCosignatures(c.Context, of, armors)
	if err != nil {
		return err
	}
	if kept == nil {
		p.say("note", "the archive has that already")
		return nil
	}
	for i, snapshot := range of {
		p.printf("added %s to snapshot %d\n", files[i], snapshot.Message.Sequence)
	}
	p.printSnapshot(kept)
	return nil
}
