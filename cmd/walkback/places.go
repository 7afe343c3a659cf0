package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
)

// archiveName is the folder that commands look for.
const archiveName = "walkback.git"

// place returns the archive's folder: as told, else the nearest walkback.git in
// this folder or a parent, else ./walkback.git.
func (p *program) place(c *cli.Context) (string, error) {
	if dir := c.String(archiveFlag.Name); dir != "" {
		return dir, nil
	}
	if configured := p.settings().Archive; configured != "" {
		return configured, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the archive: %w", err)
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		candidate := filepath.Join(dir, archiveName)
		if info, err := os.Stat(candidate); err == nil && info.IsDir() {
			if dir == here {
				return archiveName, nil
			}
			return candidate, nil
		}
		if dir == filepath.Dir(dir) {
			return archiveName, nil
		}
	}
}

// open opens the archive that the command is about. The caller closes it.
func (p *program) open(c *cli.Context) (*archive.Archive, error) {
	dir, err := p.place(c)
	if err != nil {
		return nil, err
	}
	// A making that is killed at once leaves an empty folder.
	if entries, err := os.ReadDir(dir); errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, &noArchive{dir: dir}
	}
	return archive.Open(dir)
}

// configFolder holds keys and settings, stateFolder receipts.
func (p *program) configFolder() string {
	if dir := p.getenv("WALKBACK_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(xdg.ConfigHome, "walkback")
}

func (p *program) stateFolder() string {
	if dir := p.getenv("WALKBACK_STATE"); dir != "" {
		return dir
	}
	return filepath.Join(xdg.StateHome, "walkback")
}

func (p *program) memory() *trust.Memory { return trust.NewMemory(p.stateFolder()) }

// defaultKey is the key that first use makes.
func (p *program) defaultKey() string { return filepath.Join(p.keyFolder(), "default") }

func (p *program) keyFolder() string { return filepath.Join(p.configFolder(), "keys") }

var keyFlag = &cli.StringFlag{
	Name: "key", Category: groupWriting, Usage: "sign with this private key `FILE`, or with the ssh-agent's key for a .pub FILE", EnvVars: []string{"WALKBACK_KEY"},
}

var signerFlag = &cli.StringFlag{
	Name: "signer", Category: groupWriting, Usage: "sign by way of `PROGRAM`, called as git calls ssh-keygen -Y sign, with the key that --key names", EnvVars: []string{"WALKBACK_SIGNER"},
}

// noKey is returned when the key that an archive is signed with is not here.
type noKey struct {
	file    string
	allowed trust.AllowedSigners
}

func (e *noKey) Error() string { return "there is no signing key at " + e.file }

// signingKey returns the key to sign with and a function that releases it. When
// none is named and none was ever made, it makes one and says so; not for an
// archive that exists, since that does not allow a new key.
func (p *program) signingKey(ctx context.Context, c *cli.Context, a *archive.Archive) (*trust.Key, func(), error) {
	return p.openKey(ctx, c.String(keyFlag.Name), c.String(signerFlag.Name), a)
}

// openKey does so for a key and a program that are named, or are "".
func (p *program) openKey(ctx context.Context, file, program string, a *archive.Archive) (*trust.Key, func(), error) {
	if file == "" {
		file = p.settings().Key
	}
	if program == "" {
		program = p.settings().Signer
	}
	if program != "" {
		key, err := p.programKey(program, file)
		return key, func() {}, err
	}
	if strings.HasSuffix(file, ".pub") {
		return p.agentKey(file)
	}
	if file == "" {
		file = p.defaultKey()
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			if a != nil {
				allowed, err := provenance.Allowed(a, p.now())
				return nil, nil, errors.Join(err, &noKey{file: file, allowed: allowed})
			}
			key, err := p.firstKey(file)
			return key, func() {}, err
		}
	}
	key, err := trust.OpenKey(file, func() ([]byte, error) { return p.askPassphrase(ctx, "Passphrase for "+file+": ", file) })
	return key, func() {}, err
}

// programKey returns a key that a program signs with.
func (p *program) programKey(program, file string) (*trust.Key, error) {
	if file == "" {
		file = p.defaultKey()
	}
	return trust.OpenProgramKey(trust.Program{Path: program, Stderr: &programLines{program: p}}, file)
}

// programLines shows what a signing program says, such as that a key is to be
// touched, but not what it says each time.
type programLines struct {
	program *program
	rest    string
}

func (l *programLines) Write(b []byte) (int, error) {
	lines := strings.Split(l.rest+string(b), "\n")
	l.rest = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Signing file ") && !strings.HasPrefix(line, "Write signature to ") {
			l.program.say("signer", "%s", line)
		}
	}
	return len(b), nil
}

func (p *program) agentKey(file string) (*trust.Key, func(), error) {
	agent, err := trust.DialAgent(p.getenv("SSH_AUTH_SOCK"))
	if err != nil {
		return nil, nil, err
	}
	key, err := agent.KeyForPublic(file)
	if err != nil {
		return nil, nil, errors.Join(err, agent.Close())
	}
	return key, func() { _ = agent.Close() }, nil // nothing is lost with the connection
}

// askPassphrase asks on the terminal, or through the program in SSH_ASKPASS.
func (p *program) askPassphrase(ctx context.Context, prompt, file string) ([]byte, error) {
	if fd, ok := terminalOf(p.stdin); ok {
		fmt.Fprint(p.stderr, prompt)
		phrase, err := term.ReadPassword(fd)
		fmt.Fprintln(p.stderr)
		return phrase, err
	}
	if asker := p.getenv("SSH_ASKPASS"); asker != "" {
		return runAskpass(ctx, asker, prompt)
	}
	return nil, &trust.PassphraseError{File: file}
}
