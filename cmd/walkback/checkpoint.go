package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/schemas"
)

// witnessTime bounds the time a witness has for its answer.
const witnessTime = 30 * time.Second

func (p *program) checkpointCommand() *cli.Command {
	return &cli.Command{
		Name: "checkpoint", Usage: "sign the whole history, for others to hold it against",
		UsageText: "walkback checkpoint [--proof SNAPSHOT] [--check FILE]",
		Description: `A checkpoint is one small signed text (a C2SP signed note) that names the number
of snapshots and the root of a Merkle tree over all of them. Whoever has it can
tell later that nothing before it was removed or written anew: give it to people
who shall trust you. It is signed by a key of its own, made on first use, and by
the witnesses of config.toml, which sign no two histories of one archive:

    [[witness]]
    url = "https://witness.example/"
    key = "witness.example/w1+2f18d3a4+BE…"

--proof prints a file that shows, without the archive, that a SNAPSHOT is in the
newest checkpoint; --check verifies such a file against this archive.

Exit codes: 0 done; 1 could not run; 2 usage; 4 a witness has not signed;
10 the proof does not hold; 11 the archive does not verify; 14 a witness has
signed another history.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "proof", Usage: "print the inclusion proof (c2sp.org/tlog-proof) of `SNAPSHOT`, a number"},
			&cli.StringFlag{Name: "check", Usage: "verify the proof in `FILE`"},
			&cli.BoolFlag{Name: "no-witness", Usage: "ask no witness"},
			&cli.BoolFlag{Name: "allow-private", Usage: "also ask witnesses at private and loopback addresses", EnvVars: []string{"WALKBACK_ALLOW_PRIVATE"}},
			viaFlag("", ""),
			&cli.StringFlag{Name: "out", Usage: "write the checkpoint or the proof to `FILE` as well; it must not be there yet"},
			&cli.BoolFlag{Name: "json", Usage: "print a checkpoint-report/1 document"},
			waitFlag,
			keyFlag,
			signerFlag,
		},
		Action: writing(p.checkpoint),
	}
}

func (p *program) checkpoint(c *cli.Context) error {
	settings, err := p.loadSettings()
	if err != nil {
		return err
	}
	if c.Args().Present() {
		return &usage{message: "checkpoint takes no arguments", hint: "walkback checkpoint --help"}
	}
	witnesses, err := settings.witnesses()
	if err != nil {
		return err
	}
	if file := c.String("out"); file != "" {
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already, and no file is replaced", file)
		}
	}
	switch {
	case c.IsSet("proof") && c.IsSet("check"):
		return &usage{message: "--proof makes a file and --check reads one", hint: "give one of them"}
	case c.IsSet("proof"):
		return p.proveInclusion(c)
	case c.IsSet("check"):
		return p.checkProof(c, witnesses)
	}
	if c.Bool("no-witness") {
		witnesses = nil
	}
	return p.makeCheckpoint(c, witnesses)
}

func (p *program) makeCheckpoint(c *cli.Context, witnesses []checkpoint.Witness) error {
	via, err := viaOf(c, p.settings())
	if err != nil {
		return err
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	key, err := p.logKey(recorder.Archive.ID())
	if err != nil {
		return err
	}
	dial := fetch.GuardedDialer(fetch.Options{AllowPrivate: c.Bool("allow-private") || p.settings().AllowPrivate, Via: via})
	client := &http.Client{Timeout: witnessTime, Transport: &http.Transport{DialContext: dial, MaxResponseHeaderBytes: 64 << 10}}
	defer client.CloseIdleConnections()
	report, err := recorder.Checkpoint(c.Context, provenance.CheckpointOptions{Key: key, Witnesses: witnesses, Client: client})
	if err != nil {
		return err
	}
	if file := c.String("out"); file != "" {
		if err := writeNew(file, []byte(report.Note), 0o644); err != nil {
			return fmt.Errorf("writing the checkpoint: %w", err)
		}
	}
	if c.Bool("json") {
		err = p.printJSON(report)
	} else {
		p.printCheckpoint(report, len(witnesses))
	}
	return errors.Join(err, witnessed(report))
}

// witnessed returns the exit code that refusals make.
func witnessed(report *schemas.CheckpointReport) error {
	var err error
	for _, refusal := range report.Refused {
		if refusal.Fork {
			return exit(schemas.Rollback.ExitCode())
		}
		err = exit(exitPartly)
	}
	return err
}

func (p *program) printCheckpoint(report *schemas.CheckpointReport, asked int) {
	stored := "as it was"
	switch {
	case errors.Is(witnessed(report), exit(schemas.Rollback.ExitCode())):
		stored = "not stored"
	case report.Sequence > 0:
		stored = fmt.Sprintf("snapshot %d", report.Sequence)
	}
	for line := range strings.Lines(report.Note) {
		p.printf("%s\n", strings.TrimSuffix(line, "\n"))
	}
	p.printf("\n%s, %s\n", count(int(report.Size), "snapshot"), stored)
	for _, w := range report.Witnesses {
		p.printf("witnessed by %s on %s\n", w.Witness, minute(w.At))
	}
	for _, refusal := range report.Refused {
		p.say("warning", "%s", refusal.Detail)
	}
	if asked == 0 {
		p.say("note", "UNWITNESSED: no witness is named in %s; give the text above to whoever shall hold the archive against it", p.settingsFile())
	}
}

func (p *program) proveInclusion(c *cli.Context) error {
	sequence, err := strconv.ParseInt(strings.TrimPrefix(c.String("proof"), "#"), 10, 64)
	if err != nil || sequence < 0 {
		return &usage{message: fmt.Sprintf("--proof %q is not the number of a snapshot", c.String("proof")), hint: "walkback log lists the snapshots"}
	}
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	proof, err := provenance.ProveInclusion(c.Context, a, sequence)
	if err != nil {
		return err
	}
	if file := c.String("out"); file != "" {
		if err := writeNew(file, proof, 0o644); err != nil {
			return fmt.Errorf("writing the proof: %w", err)
		}
	}
	_, err = p.stdout.Write(proof)
	return err
}

func (p *program) checkProof(c *cli.Context, witnesses []checkpoint.Witness) error {
	data, err := readFile(c.String("check"), 1<<20)
	if err != nil {
		return fmt.Errorf("reading the proof: %w", err)
	}
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	var keys []string
	for _, w := range witnesses {
		keys = append(keys, w.Key)
	}
	sequence, signed, err := provenance.CheckInclusionProof(c.Context, a, data, keys)
	if errors.Is(err, provenance.ErrOtherCommit) {
		p.complain(err)
		return exit(schemas.Tampered.ExitCode())
	}
	if err != nil {
		return fmt.Errorf("checking the proof: %w", err)
	}
	p.printf("snapshot %d is in the log of %d snapshots with the root %s\n", sequence, signed.Size, signed.Root)
	for _, w := range signed.Witnessed {
		p.printf("witnessed by %s on %s\n", w.Witness, minute(schemas.TimeOf(time.Unix(w.Time, 0))))
	}
	return nil
}

// logKey reads the archive's log key, or makes it on first use.
func (p *program) logKey(archiveID string) (*checkpoint.Key, error) {
	name, ok := strings.CutPrefix(archiveID, "urn:uuid:")
	if !ok {
		return nil, fmt.Errorf("%q is not an archive id", archiveID)
	}
	file := filepath.Join(p.configFolder(), "log-keys", name)
	data, err := readFile(file, 1<<16)
	if err == nil {
		key, err := checkpoint.ParseKey(string(data))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the log key: %w", err)
	}
	text, key, err := checkpoint.NewKey(archiveID, rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("keeping the log key: %w", err)
	}
	if err := writeNew(file, []byte(text+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("keeping the log key: %w", err)
	}
	p.say("note", "made a key for the checkpoints of this archive in %s; witnesses need its public half: %s", file, key.Verifier())
	return key, nil
}

// writeNew writes a file that is not there yet, durably, or nothing.
func writeNew(file string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(file)
	}
	return err
}

// witnessSetting is a [[witness]] of config.toml.
type witnessSetting struct {
	URL string `toml:"url"`
	Key string `toml:"key"`
}

// witnesses returns the witnesses of the settings.
func (s settings) witnesses() ([]checkpoint.Witness, error) {
	var list []checkpoint.Witness
	for _, w := range s.Witnesses {
		if _, err := checkpoint.NewWitnessVerifier(w.Key); err != nil {
			return nil, fmt.Errorf("reading settings: [[witness]] %s: %w", w.URL, err)
		}
		if !strings.HasPrefix(w.URL, "https://") && !strings.HasPrefix(w.URL, "http://") {
			return nil, fmt.Errorf("reading settings: [[witness]] url %q is no web address", w.URL)
		}
		list = append(list, checkpoint.Witness{URL: w.URL, Key: w.Key})
	}
	return list, nil
}

// checkpointPolicy is what a verification is told of checkpoints.
func (p *program) checkpointPolicy(c *cli.Context) (provenance.CheckpointPolicy, error) {
	policy := provenance.CheckpointPolicy{Quorum: c.Int("witnesses"), Given: map[string][]byte{}}
	witnesses, err := p.settings().witnesses()
	if err != nil {
		return policy, err
	}
	for _, w := range witnesses {
		policy.Witnesses = append(policy.Witnesses, w.Key)
	}
	policy.Witnesses = append(policy.Witnesses, c.StringSlice("witness")...)
	for _, key := range c.StringSlice("witness") {
		if _, err := checkpoint.NewWitnessVerifier(key); err != nil {
			return policy, &usage{message: "--witness: " + err.Error(), hint: "a witness publishes its verifier key"}
		}
	}
	for _, file := range c.StringSlice("checkpoint") {
		if policy.Given[file], err = readFile(file, checkpoint.MaxNote); err != nil {
			return policy, fmt.Errorf("reading checkpoint: %w", err)
		}
		if _, err := checkpoint.ParseProof(policy.Given[file]); err == nil {
			return policy, &usage{message: file + " proves one snapshot, it is no checkpoint", hint: "walkback checkpoint --check " + shellWord(file)}
		}
	}
	return policy, nil
}
