package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

var headersFlag = &cli.StringFlag{Name: "bitcoin-headers", Usage: "look for the headers of blocks in `FILE`: raw headers of 80 bytes each, in any order"}

func (p *program) stampCommand() *cli.Command {
	return &cli.Command{
		Name: "stamp", Usage: "have others prove when snapshots existed",
		UsageText: "walkback stamp [--status|--upgrade|--renew]",
		Description: `Asks every time stamping authority (RFC 3161) and OpenTimestamps calendar in
config.toml for a proof that the newest snapshot exists now. The chain covers all
snapshots before it. The proofs are checked and kept in the archive, by a commit
of their own. Who does not answer is asked again by the next stamp, capture or
check. With stamp = "always" in config.toml, capture and check do this
themselves, and never fail because of it.

--status lists which snapshots exist since a proven time. --upgrade asks the
calendars whether their promises are in a Bitcoin block by now, and with
--bitcoin-headers keeps the headers that prove it. --renew stamps the newest
commit of all, timestamps too, and keeps current revocation lists: do so before
the certificate of an authority expires. --status and verify warn 90 days before.

Exit codes: 0 done; 1 could not run; 2 usage; 4 somebody gave no proof;
11 the archive does not verify.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "status", Usage: "list what is proven, promised and missing; ask nobody"},
			&cli.BoolFlag{Name: "upgrade", Usage: "ask calendars for what they promised"},
			&cli.BoolFlag{Name: "renew", Usage: "stamp the newest commit, timestamps too, and keep revocation lists"},
			headersFlag,
			&cli.BoolFlag{Name: "allow-private", Usage: "allow loopback and private addresses", EnvVars: []string{"WALKBACK_ALLOW_PRIVATE"}},
			viaFlag("", ""),
			&cli.DurationFlag{Name: "timeout", Value: 20 * time.Second, Usage: "wait this `TIME` for each answer"},
			&cli.BoolFlag{Name: "json", Usage: "print a stamp-report/1 document"},
			waitFlag,
			keyFlag,
			signerFlag,
		},
		Action: writing(p.stamp),
	}
}

func (p *program) stamp(c *cli.Context) error {
	if c.Args().Present() {
		return &usage{message: "stamp takes no arguments", hint: "it stamps the newest snapshot, which covers all before it"}
	}
	modes := 0
	for _, mode := range []string{"status", "upgrade", "renew"} {
		if c.Bool(mode) {
			modes++
		}
	}
	if modes > 1 {
		return &usage{message: "--status, --upgrade and --renew exclude each other", hint: "give one of them"}
	}
	if c.String(headersFlag.Name) != "" && !c.Bool("status") && !c.Bool("upgrade") {
		return &usage{message: "--bitcoin-headers goes with --upgrade or --status", hint: "walkback stamp --upgrade --bitcoin-headers FILE"}
	}
	if c.Duration("timeout") <= 0 {
		return &usage{message: "--timeout must be more than nothing", hint: "for example --timeout 30s"}
	}
	if err := checkHeaders(c.String(headersFlag.Name)); err != nil {
		return err
	}
	settings, err := p.loadSettings()
	if err != nil {
		return err
	}
	if c.Bool("status") {
		return p.stampStatus(c)
	}
	stamper, err := p.stamper(c, settings)
	if err != nil {
		return err
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	var report *schemas.StampReport
	if c.Bool("upgrade") {
		report, err = recorder.Upgrade(c.Context, stamper, c.String(headersFlag.Name))
	} else {
		report, err = recorder.Stamp(c.Context, stamper, c.Bool("renew"))
	}
	if err != nil {
		return err
	}
	return p.reportStamp(c, report)
}

func (p *program) reportStamp(c *cli.Context, report *schemas.StampReport) error {
	if c.Bool("json") {
		if err := p.printJSON(report); err != nil {
			return err
		}
	} else {
		p.printStamp(report)
	}
	for _, r := range report.Asked {
		if r.Outcome == schemas.StampFailed || r.Outcome == schemas.StampDelayed {
			return exit(exitPartly)
		}
	}
	return nil
}

func (p *program) printStamp(report *schemas.StampReport) {
	var rows [][]string
	for _, r := range report.Asked {
		said := r.Detail
		if said == "" {
			said = r.File
		}
		if r.Time != 0 {
			said = r.Time.Time().Format(time.RFC3339) + " " + said
		}
		rows = append(rows, []string{string(r.Outcome), r.Name, said})
	}
	p.columns(rows)
	switch {
	case report.Commit != nil && report.Of != nil:
		p.printf("snapshot %d is stamped, and all before it; kept by snapshot %d, commit %.12s\n", report.Of.Sequence, report.Commit.Sequence, report.Commit.Commit)
	case report.Commit != nil:
		p.printf("kept by snapshot %d, commit %.12s\n", report.Commit.Sequence, report.Commit.Commit)
	case len(report.Asked) == 0:
		p.say("note", "there is nothing to complete: no calendar's promise is open")
	default:
		p.say("note", "there is nothing new to keep")
	}
}

func (p *program) stampStatus(c *cli.Context) error {
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	progress := p.progress()
	report, err := provenance.StampStatus(c.Context, a, provenance.VerifyOptions{
		Now: p.now, Headers: c.String(headersFlag.Name), Progress: progress.show,
	})
	progress.clear()
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return p.printJSON(report)
	}
	var rows [][]string
	for _, r := range report.Ranges {
		which := fmt.Sprintf("snapshot %d", r.From)
		if r.To > r.From {
			which = fmt.Sprintf("snapshots %d to %d", r.From, r.To)
		}
		said := strings.Join(r.By, ", ")
		if r.NotAfter != 0 {
			said = "no later than " + r.NotAfter.Time().Format(time.RFC3339) + " by " + said
		}
		rows = append(rows, []string{which, string(r.State), said})
	}
	p.columns(rows)
	for _, r := range report.Renew {
		p.say("warning", "the certificates of %s end on %s, and nothing that lasts proves the same times: walkback stamp --renew, with a newer certificate, another authority or a calendar", r.Name, minute(r.Ends))
	}
	return nil
}

// noTimeSource is returned when the settings name nobody to ask.
type noTimeSource struct{ file string }

func (e *noTimeSource) Error() string {
	return "no time stamping authority and no calendar is set up"
}

func (e *noTimeSource) hint() string {
	return fmt.Sprintf(`put into %s one block for each, better two of different operators:
[[authority]]
name = "example"
url = "https://tsa.example/tsr"
roots = "/path/to/its-root-certificate.pem"
[[calendar]]
url = "https://calendar.example"`, e.file)
}

// authoritySetting and calendarSetting are blocks of config.toml.
type authoritySetting struct {
	Name        string `toml:"name"`
	URL         string `toml:"url"`
	Roots       string `toml:"roots"` // a file, from the config folder
	Policy      string `toml:"policy"`
	Qualified   bool   `toml:"qualified"`
	MinInterval string `toml:"min_interval"`
}

type calendarSetting struct {
	Name string `toml:"name"`
	URL  string `toml:"url"`
}

// askInterval is how often an authority is asked when its setting does not say: some
// refuse who asks more than twenty times in twenty minutes.
const askInterval = time.Minute

var stamperName = pattern.New(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// stamper makes what asks those whom the settings name.
func (p *program) stamper(c *cli.Context, s settings) (*provenance.Stamper, error) {
	if len(s.Authorities)+len(s.Calendars) == 0 {
		return nil, &noTimeSource{file: p.settingsFile()}
	}
	agent := s.UserAgent
	if agent == "" {
		agent = fetch.DefaultUserAgent
	}
	via, err := viaOf(c, s)
	if err != nil {
		return nil, err
	}
	timeout := c.Duration("timeout")
	stamper := &provenance.Stamper{
		Client: &timestamp.Client{
			HTTP: &http.Client{Transport: &http.Transport{
				DialContext:            fetch.GuardedDialer(fetch.Options{AllowPrivate: c.Bool("allow-private") || s.AllowPrivate, Via: via}),
				DisableKeepAlives:      true,
				MaxResponseHeaderBytes: 64 << 10,
			}},
			UserAgent: agent, Random: rand.Reader, Timeout: timeout,
		},
		Asked: provenance.NewAskTimes(filepath.Join(p.stateFolder(), "stamp.json")),
	}
	names := map[string]bool{}
	for i, a := range s.Authorities {
		authority, err := p.authority(a)
		if err == nil && names[a.Name] {
			err = fmt.Errorf("there are two of the name %q", a.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("reading settings %s: authority %d: %w", p.settingsFile(), i+1, err)
		}
		names[a.Name] = true
		stamper.Authorities = append(stamper.Authorities, *authority)
	}
	for i, calendar := range s.Calendars {
		if err := timestamp.CheckURL(calendar.URL); err != nil {
			return nil, fmt.Errorf("reading settings %s: calendar %d: %w", p.settingsFile(), i+1, err)
		}
		stamper.Calendars = append(stamper.Calendars, provenance.StampCalendar{Name: calendar.Name, URL: calendar.URL})
	}
	return stamper, nil
}

func (p *program) authority(a authoritySetting) (*provenance.StampAuthority, error) {
	if !stamperName().MatchString(a.Name) || len(a.Name) > 40 {
		return nil, fmt.Errorf("name = %q is not a word of a-z, 0-9 and -", a.Name)
	}
	if err := timestamp.CheckURL(a.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if a.Roots == "" {
		return nil, fmt.Errorf("%q has no roots = \"FILE\" with the root certificate that its tokens end in", a.Name)
	}
	roots, err := readFile(p.fromConfig(a.Roots), 1<<20)
	if err == nil {
		_, _, err = timestamp.ParseRoots(roots)
	}
	if err != nil {
		return nil, fmt.Errorf("roots: %w", err)
	}
	interval := askInterval
	if a.MinInterval != "" {
		if interval, err = time.ParseDuration(a.MinInterval); err != nil || interval < 0 {
			return nil, fmt.Errorf("min_interval = %q is not a time such as 1m", a.MinInterval)
		}
	}
	authority := &provenance.StampAuthority{Name: a.Name, URL: a.URL, Roots: roots, Qualified: a.Qualified, Interval: interval}
	if a.Policy != "" {
		authority.Policies = []string{a.Policy}
	}
	return authority, nil
}

func (p *program) fromConfig(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.configFolder(), file)
}

// knownRoots are the certificates of authorities that this user has settings for.
func (p *program) knownRoots() (known []*x509.Certificate) {
	for _, a := range p.settings().Authorities {
		data, err := readFile(p.fromConfig(a.Roots), 1<<20)
		if err != nil {
			continue // stamp will tell
		}
		if roots, _, err := timestamp.ParseRoots(data); err == nil {
			known = append(known, roots...)
		}
	}
	return known
}

// stampAlways is the setting with which capture and check stamp.
const stampAlways = "always"

// stampRun stamps at the end of a run, when the settings say so. It never fails
// the run: whoever gave no proof is asked again the next time.
func (p *program) stampRun(c *cli.Context, recorder *provenance.Recorder) {
	s := p.settings()
	if s.Stamp != stampAlways || p.stop.Err() != nil {
		return
	}
	stamper, err := p.stamper(c, s)
	var report *schemas.StampReport
	if err == nil {
		stamper.Client.Timeout = min(stamper.Client.Timeout, 20*time.Second)
		ctx, cancel := context.WithTimeout(c.Context, time.Minute)
		defer cancel()
		report, err = recorder.Stamp(ctx, stamper, false)
	}
	if err != nil {
		p.say("warning", "there are no timestamps for this run: %v", err)
		return
	}
	var by []string
	for _, r := range report.Asked {
		switch r.Outcome {
		case schemas.StampGiven, schemas.StampPromised:
			by = append(by, r.Name)
		case schemas.StampFailed, schemas.StampDelayed:
			p.say("warning", "%s gave no timestamp, and is asked again the next time: %s", r.Name, r.Detail)
		}
	}
	if len(by) > 0 {
		p.say("note", "snapshot %d is stamped by %s", report.Of.Sequence, strings.Join(by, ", "))
	}
}

// bracketWords says what timestamps prove of when a snapshot was made.
func bracketWords(b *schemas.Bracket) string {
	var parts []string
	if b == nil {
		return ""
	}
	if t := b.NotAfter; t != nil {
		parts = append(parts, "existed no later than "+minute(t.Time)+" by "+sourceWords(t))
	}
	if t := b.NotBefore; t != nil {
		parts = append(parts, "not before "+minute(t.Time)+" by "+sourceWords(t))
	}
	return strings.Join(parts, ", ")
}

func sourceWords(t *schemas.ProvenTime) string {
	if t.Kind == schemas.BitcoinSource {
		return "Bitcoin " + t.Source
	}
	return t.Source
}

// checkHeaders refuses a file that cannot hold block headers.
func checkHeaders(file string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fmt.Errorf("reading block headers: %w", err)
	case info.Mode().IsRegular() && info.Size()%timestamp.HeaderSize != 0:
		return fmt.Errorf("reading block headers: %s is not a file of raw block headers of %d bytes each", file, timestamp.HeaderSize)
	}
	return nil
}
