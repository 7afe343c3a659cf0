package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

// repair repairs the archive in dir from another copy: an archive's folder, an
// evidence bundle, a file of git bundle, or what git can clone.
func (p *program) repair(ctx context.Context, dir, from string) (seen *schemas.RepairSeen, err error) {
	other, release, err := p.objectsOf(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("opening the other copy: %w", err)
	}
	defer func() { err = errors.Join(err, release()) }()
	progress := p.progress()
	defer progress.clear()
	return provenance.Repair(ctx, dir, provenance.RepairOptions{
		From: other, Name: from, Command: "walkback verify --repair", Progress: progress.show,
	})
}

// objectsOf opens what an archive is repaired from.
func (p *program) objectsOf(ctx context.Context, from string) (gitstore.Source, func() error, error) {
	if isBundle(from) {
		objects, err := provenance.OpenBundledObjects(from)
		if err != nil {
			return nil, nil, err
		}
		return objects.Open, objects.Close, nil
	}
	store, release, err := p.otherCopy(ctx, from)
	if err != nil {
		return nil, nil, err
	}
	return store.Open, release, nil
}

// otherCopy opens another copy of an archive. What is not a folder is cloned by
// git into a temporary one.
func (p *program) otherCopy(ctx context.Context, from string) (*gitstore.Store, func() error, error) {
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		store, err := gitstore.Open(from)
		if err != nil {
			return nil, nil, err
		}
		return store, store.Close, nil
	}
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, nil, errors.New("only git can fetch from there, and it is not installed")
	}
	folder, err := os.MkdirTemp("", "walkback-copy-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(folder) }
	clone := filepath.Join(folder, "copy.git")
	cmd := exec.CommandContext(ctx, git, "-c", "core.hooksPath="+os.DevNull, "-c", "protocol.ext.allow=never",
		"clone", "--quiet", "--mirror", "--template=", "--", from, clone)
	cmd.Env = p.gitEnvironment()
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return nil, nil, errors.Join(ctx.Err(), remove())
		}
		said := strings.TrimSpace(string(out))
		return nil, nil, errors.Join(fmt.Errorf("git clone %s: %w: %s", from, err, said[max(0, len(said)-500):]), remove())
	}
	store, err := gitstore.Open(clone)
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return store, func() error { return errors.Join(store.Close(), remove()) }, nil
}

// gitEnvironment is that of a git which takes nothing from the configuration of
// this machine but how to reach a remote.
func (p *program) gitEnvironment() []string {
	env := []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}
	for _, name := range []string{"PATH", "HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "TMPDIR"} {
		if value := p.getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (p *program) printRepair(dir string, seen *schemas.RepairSeen) {
	if seen.Repaired == 0 && len(seen.Aside) == 0 && len(seen.Lost) == 0 {
		p.printf("nothing to repair\n")
		return
	}
	p.printf("repaired: %s taken from %s\n", count(int(seen.Repaired), "object"), seen.From)
	if len(seen.Aside) > 0 {
		p.printf("moved aside: %s, to %s\n", count(len(seen.Aside), "damaged file"), filepath.Join(dir, filepath.Dir(seen.Aside[0])))
	}
	for _, lost := range seen.Lost {
		p.printf("not repaired: object %s: %s\n", lost.Object, lost.Detail)
	}
	if seen.More > 0 {
		p.printf("and %d more\n", seen.More)
	}
}
