package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "prove that nothing in an archive was altered",
		UsageText: "walkback verify [ARCHIVE|PAGE|BUNDLE]",
		Description: `Reads the raw objects and checks every signature, every link of the chain and
the SHA-256 of every file that was ever committed. For a PAGE or a --range, every
signature and link, and the files of the snapshots concerned. VERIFY.md in the
archive tells how to do the same without this program. --repair puts back what is
damaged before: each object that another copy gives is held to its name and its
SHA-256 first, and damaged files are moved aside, never deleted.

Exit codes: 0 verified; 1 could not run; 2 usage; 10 tampered; 14 rolled back or
forked; 11 untrusted signer; 12 incomplete; 13 time unproven; 16 policy;
15 unsupported format; the worst decides, in this order.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "range", Category: groupHashed, Usage: "hash only the files of snapshots `A..B`"},
			&cli.Int64Flag{Name: "since", Category: groupHashed, Usage: "hash only the files of snapshots that came after `SNAPSHOT`"},
			&cli.StringFlag{Name: "sample", Category: groupHashed, Usage: "hash only the files of a `SHARE` of the snapshots, such as 5%, drawn by chance"},
			&cli.Uint64Flag{Name: "seed", Category: groupHashed, Usage: "draw the sample that this `NUMBER` draws"},
			&cli.StringFlag{Name: "repair", Usage: "before, take what is damaged or missing from another `COPY`: an archive, an evidence bundle, a git bundle or remote"},
			&cli.BoolFlag{Name: "new", Category: groupHashed, Usage: "hash only the files of snapshots that came after the last whole verification"},
			&cli.StringFlag{Name: "introduction", Category: groupDemanded, Usage: "pin the archive to the introduction/1 document in `FILE`, and remember it when the archive verifies"},
			&cli.StringFlag{Name: "policy", Category: groupDemanded, Usage: "demand the co-signatures that the policy/1 document in `FILE` demands (16)"},
			&cli.BoolFlag{Name: "strict", Category: groupDemanded, Usage: "an archive that is not pinned by an introduction is untrusted (11); a key's window that no timestamp proves is unproven (13)"},
			&cli.BoolFlag{Name: "require-time", Category: groupDemanded, Usage: "a snapshot whose time no timestamp proves is unproven (13)"},
			headersFlag,
			&cli.StringSliceFlag{Name: "checkpoint", Category: groupDemanded, Usage: "hold the history against the checkpoint in `FILE`, got another way than the archive"},
			&cli.StringSliceFlag{Name: "witness", Category: groupDemanded, Usage: "trust the witness with this verifier `KEY`, beside those of config.toml"},
			&cli.IntFlag{Name: "witnesses", Category: groupDemanded, Usage: "at least `N` trusted witnesses must have signed the newest checkpoint (16)"},
			&cli.BoolFlag{Name: "json", Usage: "print a verify-report/1 document"},
		},
		Action: p.verify,
	}
}

func (p *program) verify(c *cli.Context) error {
	if c.Args().Len() > 1 {
		return &usage{message: "verify takes one ARCHIVE, PAGE or BUNDLE", hint: "walkback verify --help"}
	}
	if name := c.Args().First(); isBundle(name) {
		return p.verifyBundle(c, name)
	}
	dir, options, err := p.verifyTarget(c)
	if err != nil {
		return err
	}
	if err := p.verifyPart(c, dir, &options); err != nil {
		return err
	}
	if err := p.verifyAgainst(c, &options); err != nil {
		return err
	}
	var repaired *schemas.RepairSeen
	if from := c.String("repair"); from != "" {
		if repaired, err = p.repair(c.Context, dir, from); err != nil {
			return err
		}
	}
	progress := p.progress()
	options.Progress = progress.show
	report, err := provenance.Verify(c.Context, dir, options)
	progress.clear()
	if err != nil {
		return err
	}
	report.Repair = repaired
	return p.reportVerify(c, dir, report)
}

// verifyAgainst reads what the verification is held against: what this user knows
// and demands.
func (p *program) verifyAgainst(c *cli.Context, options *provenance.VerifyOptions) (err error) {
	if file := c.String("introduction"); file != "" {
		if options.Introduction, err = readIntroduction(file); err != nil {
			return err
		}
	}
	options.RequireTime = c.Bool("require-time") || p.settings().RequireTime
	if err := checkHeaders(c.String(headersFlag.Name)); err != nil {
		return err
	}
	options.Headers, options.Roots = c.String(headersFlag.Name), p.knownRoots()
	if options.Policy, err = readPolicy(c.String("policy")); err != nil {
		return err
	}
	options.Checkpoints, err = p.checkpointPolicy(c)
	return err
}

// reportVerify prints a report and returns its exit code.
func (p *program) reportVerify(c *cli.Context, name string, report *schemas.VerifyReport) error {
	if c.Bool("json") {
		if err := p.printJSON(report); err != nil {
			return err
		}
	} else {
		p.printVerify(name, report)
	}
	if report.ExitCode != exitDone {
		return exit(report.ExitCode)
	}
	return nil
}

// verifyTarget tells an archive from a page: a folder is an archive.
func (p *program) verifyTarget(c *cli.Context) (string, provenance.VerifyOptions, error) {
	options := provenance.VerifyOptions{Memory: p.memory(), Strict: c.Bool("strict"), Now: p.now}
	target := c.Args().First()
	if info, err := os.Stat(target); target != "" && err == nil && info.IsDir() {
		return target, options, nil
	}
	dir, err := p.place(c)
	if err != nil {
		return "", options, err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if namesBundle(target) {
			return "", options, noBundle(target)
		}
		return "", options, &noArchive{dir: dir}
	}
	if target == "" {
		return dir, options, nil
	}
	a, err := archive.Open(dir)
	if _, broken := damage(err); broken {
		p.say("warning", "the archive is damaged, so all of it is verified: %v", err)
		return dir, options, nil
	}
	if err != nil {
		return "", options, err
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return "", options, err
	}
	ref, err := head.Find(c.Context, target)
	if _, broken := damage(err); broken {
		p.say("warning", "the page cannot be found in a damaged archive, so all of it is verified: %v", err)
		return dir, options, nil
	}
	if errors.As(err, new(*archive.UnknownPageError)) {
		info, errFile := os.Stat(target)
		switch {
		case errFile == nil && info.Mode().IsRegular():
			err = &usage{message: target + " is neither an archive nor an evidence bundle, and the archive has no such page", hint: "walkback export PAGE --to bundle makes bundles"}
		case namesBundle(target):
			err = noBundle(target)
		}
	}
	options.Page = &ref
	return dir, options, err
}

// noBundle says that the bundle somebody names is not there.
func noBundle(name string) error {
	return &usage{message: "there is no file " + name, hint: "name the evidence bundle with the folder it is in, or a PAGE of an archive (walkback list)"}
}

// verifyPart reads which part of the archive is to be hashed.
func (p *program) verifyPart(c *cli.Context, dir string, options *provenance.VerifyOptions) (err error) {
	if options.Range, err = parseRange(c.String("range")); err != nil {
		return err
	}
	parts := 0
	for _, name := range []string{"range", "since", "sample", "new"} {
		if c.IsSet(name) {
			parts++
		}
	}
	if options.New = c.Bool("new"); parts > 1 || parts == 1 && options.Page != nil {
		return &usage{message: "a PAGE, --range, --since, --sample and --new each choose a part of the archive", hint: "give one of them"}
	}
	if c.IsSet("since") {
		if c.Int64("since") < 0 {
			return &usage{message: "--since is not the number of a snapshot", hint: "walkback log lists the snapshots"}
		}
		options.Range = &provenance.Range{From: c.Int64("since") + 1, To: math.MaxInt64}
	}
	if err := within(dir, options.Range, c.IsSet("since")); err != nil {
		return err
	}
	options.Sample, err = parseSample(c)
	return err
}

func parseSample(c *cli.Context) (*provenance.Sample, error) {
	share := c.String("sample")
	if share == "" {
		if c.IsSet("seed") {
			return nil, &usage{message: "--seed is for a sample", hint: "for example --sample 5% --seed 7"}
		}
		return nil, nil
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(share, "%"), 64)
	if err != nil || !strings.HasSuffix(share, "%") || !(percent > 0 && percent <= 100) {
		return nil, &usage{message: fmt.Sprintf("--sample %q is not a share", share), hint: "for example --sample 5%"}
	}
	sample := &provenance.Sample{Share: percent / 100, Seed: c.Uint64("seed")}
	if !c.IsSet("seed") {
		var random [8]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, err
		}
		sample.Seed = binary.BigEndian.Uint64(random[:])
	}
	return sample, nil
}

func parseRange(s string) (*provenance.Range, error) {
	if s == "" {
		return nil, nil
	}
	from, to, ok := strings.Cut(s, "..")
	a, errA := strconv.ParseInt(from, 10, 64)
	b, errB := strconv.ParseInt(to, 10, 64)
	if !ok || errA != nil || errB != nil || a < 0 || b < a {
		return nil, &usage{message: fmt.Sprintf("--range %q is not a range of snapshots", s), hint: "for example --range 10..20"}
	}
	return &provenance.Range{From: a, To: b}, nil
}

// within ends a range at the newest snapshot and refuses one that begins behind
// it: nothing would be hashed, and "verified" would be said of nothing. Only what
// came since the newest (--since) may be nothing. What is wrong with the archive
// itself is for the verification to tell.
func within(dir string, r *provenance.Range, since bool) error {
	if r == nil {
		return nil
	}
	a, err := archive.Open(dir)
	if err != nil {
		return nil
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return nil
	}
	newest := head.Message.Sequence
	switch {
	case since && newest < r.From-1:
		return &usage{message: fmt.Sprintf("--since names snapshot %d, but the newest is %d", r.From-1, newest), hint: "walkback log lists the snapshots"}
	case !since && newest < r.From:
		return &usage{message: fmt.Sprintf("--range begins with snapshot %d, but the newest is %d", r.From, newest), hint: "walkback log lists the snapshots"}
	}
	if since {
		r.To = max(newest, r.From)
	}
	return nil
}

func readIntroduction(file string) (*schemas.Introduction, error) {
	data, err := readFile(file, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("reading introduction: %w", err)
	}
	introduction, err := schemas.Decode[schemas.Introduction](data)
	if err != nil {
		return nil, fmt.Errorf("reading introduction %s: %w", file, err)
	}
	return introduction, nil
}

func readPolicy(file string) (*schemas.TrustPolicy, error) {
	if file == "" {
		return nil, nil
	}
	data, err := readFile(file, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	policy, err := trust.ParsePolicy(data)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", file, err)
	}
	return policy, nil
}

func (p *program) printVerify(dir string, report *schemas.VerifyReport) {
	if report.Repair != nil {
		p.printRepair(dir, report.Repair)
	}
	var rows [][]string
	for _, check := range report.Checks {
		rows = append(rows, []string{string(check.Status), check.ID, strconv.FormatInt(check.Count, 10), check.Detail})
	}
	p.columns(rows)
	for _, check := range report.Checks {
		for _, problem := range check.Problems {
			p.printf("%s: %s: %s\n", problem.Verdict, problem.Subject, problem.Detail)
		}
		if check.More > 0 {
			p.printf("and %d more of %s\n", check.More, check.ID)
		}
	}
	for _, seen := range report.Withheld {
		p.printf("withheld: %s: %s, %s, since %s by snapshot %d: %s%s\n", archive.SpokenName(seen.URL), count(int(seen.Files), "file"), size(seen.Bytes),
			minute(seen.At), seen.Sequence, seen.Reason, presentWords(seen))
	}
	for _, signer := range report.Signers {
		p.printf("%s signed by %s (%s)\n", count(int(signer.Commits), "commit"), signer.Principal, signer.Key)
	}
	for _, signer := range report.Cosigners {
		p.printf("%s co-signed by %s (%s)\n", count(int(signer.Commits), "commit"), signer.Principal, signer.Key)
	}
	p.printTimes(report)
	if seen := report.Checkpoints; seen != nil {
		p.printf("%s, the newest of %s with the root %s\n", count(int(seen.Count), "checkpoint"), count(int(seen.Size), "snapshot"), seen.Root)
		for _, w := range seen.Witnesses {
			p.printf("witnessed by %s on %s: %s\n", w.Witness, minute(w.At), count(int(w.Size), "snapshot"))
		}
	}
	for _, limit := range report.Limits {
		p.printf("not proven: %s\n", limit)
	}
	p.printf("%s: %s %s, %s, %s", strings.ToUpper(string(report.Verdict)), dir, aside(report.Subject),
		count(int(report.Commits), "snapshot"), count(int(report.Files), "file"))
	if head := report.Head; head != nil {
		p.printf(", newest %d with %s", head.Sequence, head.SHA256)
	}
	p.printf("\n")
	if report.Conflict != nil {
		p.say("hint", "keep walkback verify --json: it holds both signed heads, the one seen before and the one found now, as evidence")
	}
	if !report.Pinned {
		p.say("warning", "UNPINNED: nothing outside the archive says who made it; ask its operator for the introduction and verify with --introduction FILE")
	}
}

// presentWords says what is there though it is withheld.
func presentWords(seen schemas.WithheldSeen) string {
	words := ""
	if seen.Authority != "" {
		words = " (" + seen.Authority + ")"
	}
	if seen.Present > 0 {
		words += fmt.Sprintf("; here all the same: %d (not removed yet, or captured again)", seen.Present)
	}
	return words
}

func aside(subject string) string {
	if subject == "archive" {
		return "(whole archive)"
	}
	return "(" + subject + ")"
}

// printTimes says who proves times, and of what.
func (p *program) printTimes(report *schemas.VerifyReport) {
	times, of := report.Times, report.Subject
	if of == "archive" {
		of = "newest snapshot"
	}
	if times == nil {
		return
	}
	for _, s := range times.Sources {
		name, what := s.Name, "timestamp"
		if s.Kind == schemas.BitcoinSource {
			what = "block"
		}
		if s.Qualified {
			name += " (qualified, says the archive)"
		}
		p.printf("%s by %s, from %s to %s\n", count(int(s.Tokens), what), name, minute(s.First), minute(s.Last))
	}
	if words := bracketWords(times.Bracket); words != "" {
		p.printf("%s: %s\n", of, words)
	}
}
