package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

var waitFlag = &cli.DurationFlag{Name: "wait", Category: groupWriting, Value: 30 * time.Second, Usage: "wait this `TIME` for another process that writes to the archive"}

// fetchFlags are those of every command that goes out to the network.
func fetchFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "allow-private", Category: groupManners, Usage: "allow loopback and private addresses", EnvVars: []string{"WALKBACK_ALLOW_PRIVATE"}},
		&cli.DurationFlag{Name: "timeout", Category: groupManners, Value: time.Minute, Usage: "give up on a page after this `TIME`"},
		&cli.StringFlag{Name: "max-bytes", Category: groupKept, Value: "64M", Usage: "keep at most this `SIZE` of a page (k, M, G)"},
		&cli.BoolFlag{Name: "no-resources", Category: groupKept, Usage: "leave out images, style sheets, fonts and media"},
		&cli.StringFlag{Name: "max-resource-bytes", Category: groupKept, Usage: "leave out an image or the like of more than this `SIZE` (default: 16M)"},
		&cli.BoolFlag{Name: "no-probe", Category: groupManners, Usage: "do not ask a host for a made-up address to learn how it says \"not found\""},
		noAPIFlag,
		&cli.StringFlag{Name: "user-agent", Category: groupVantage, Usage: "call ourselves `NAME`"},
		&cli.DurationFlag{
			Name: secondLookName, Category: groupManners, Value: 20 * time.Second, EnvVars: []string{"WALKBACK_SECOND_LOOK"},
			Usage: "look again after this `TIME` at a known page that is suddenly not served, or has lost much of its text or a passage that is quoted: it may be a passing fault (0: do not)",
		},
	}, mannerFlags()...)
}

const secondLookName = "second-look"

// secondLooks says when pages are looked at again: by the flag or the environment,
// else by the settings.
func (p *program) secondLooks(c *cli.Context) (provenance.SecondLooks, error) {
	looks := provenance.SecondLooks{After: c.Duration(secondLookName), Hurry: p.stop.Done()}
	if set := p.settings().SecondLook; set != "" && !c.IsSet(secondLookName) {
		after, err := time.ParseDuration(set)
		if err != nil {
			return looks, fmt.Errorf("reading settings: second_look: %q is not a time, such as \"20s\" or \"0\"", set)
		}
		looks.After = after
	}
	if looks.After < 0 {
		return looks, &usage{message: "--second-look must not be less than nothing", hint: "for example --second-look 20s, or 0 for none"}
	}
	return looks, nil
}

// runOptions are those of a run that the flags and the settings describe. The
// caller releases what they hold.
func (p *program) runOptions(c *cli.Context) (o archive.RunOptions, release func(), err error) {
	o = archive.RunOptions{Tool: tool(), Now: p.now, Probe: !c.Bool("no-probe")}
	client, err := p.fetcher(c)
	if err != nil {
		return o, nil, err
	}
	defer func() {
		if err != nil {
			client.Close()
		}
	}()
	o.Fetch = client
	if o.Resources, err = p.resourceOptions(c); err != nil {
		return o, nil, err
	}
	if o.Services, err = p.services(c); err != nil {
		return o, nil, err
	}
	if err := p.beMannered(c, &o); err != nil {
		return o, nil, err
	}
	render, closeBrowser, err := p.renderOptions(c)
	o.Render = render
	return o, func() { closeBrowser(); client.Close() }, err
}

// fetcher makes the client that the flags describe. The caller closes it.
func (p *program) fetcher(c *cli.Context) (*fetch.Client, error) {
	options, err := p.fetchOptions(c)
	if err != nil {
		return nil, err
	}
	limit, err := parseSize(c.String("max-bytes"))
	if err != nil {
		return nil, &usage{message: "--max-bytes: " + err.Error(), hint: "for example --max-bytes 100M"}
	}
	if limit > gitstore.MaxObjectSize {
		return nil, &usage{message: fmt.Sprintf("--max-bytes: git keeps no file of more than %s here", size(gitstore.MaxObjectSize)), hint: "for example --max-bytes 2G"}
	}
	options.MaxBytes = limit
	client := fetch.New(options)
	if err := client.ReachVia(c.Context); err != nil { // no page is at fault for it
		client.Close()
		return nil, err
	}
	return client, nil
}

// resourceOptions says how much is kept of what pages are made of; nil: nothing.
func (p *program) resourceOptions(c *cli.Context) (*archive.ResourceOptions, error) {
	settings := p.settings()
	if c.Bool("no-resources") || settings.Resources != nil && !*settings.Resources {
		return nil, nil
	}
	text, where := c.String("max-resource-bytes"), "--max-resource-bytes"
	if text == "" {
		text, where = settings.MaxResourceBytes, "max_resource_bytes in "+p.settingsFile()
	}
	options := &archive.ResourceOptions{}
	if timeout := c.Duration("timeout"); timeout > leastResourceTime {
		options.Timeout = timeout
	}
	if text == "" {
		return options, nil
	}
	limit, err := parseSize(text)
	if err == nil && limit > gitstore.MaxObjectSize {
		err = fmt.Errorf("git keeps no file of more than %s here", size(gitstore.MaxObjectSize))
	}
	if err != nil {
		return nil, &usage{message: where + ": " + err.Error(), hint: "for example --max-resource-bytes 5M"}
	}
	options.MaxBytes, options.MaxPageBytes = limit, max(limit, defaultPageResources)
	return options, nil
}

const (
	// defaultPageResources is the most bytes of all resources of one page together.
	defaultPageResources = 64 << 20
	// leastResourceTime is how long all resources of one page may take at least.
	leastResourceTime = 2 * time.Minute
)

func parseSize(s string) (int64, error) {
	number, unit := s, int64(1)
	for suffix, factor := range map[string]int64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = rest, factor
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return n * unit, nil
}

// recorder opens the archive and the key for writing. With create, it makes
// what does not exist.
func (p *program) recorder(c *cli.Context, create bool) (*provenance.Recorder, func(), error) {
	return p.recorderBy(c, create, func(a *archive.Archive) (*trust.Key, func(), error) { return p.signingKey(c.Context, c, a) })
}

// recorderBy does so with the key that open returns.
func (p *program) recorderBy(c *cli.Context, create bool, open func(*archive.Archive) (*trust.Key, func(), error)) (*provenance.Recorder, func(), error) {
	a, err := p.open(c)
	var none *noArchive
	missing := errors.As(err, &none)
	if verdict, damaged := damage(err); damaged {
		problem := schemas.Problem{Verdict: verdict, Subject: "the archive", Detail: err.Error()}
		return nil, nil, &provenance.UnverifiedHeadError{Verdict: verdict, Problems: []schemas.Problem{problem}, Cause: err}
	}
	if err != nil && !(create && (missing || errors.Is(err, archive.ErrUnborn))) {
		return nil, nil, err
	}
	if missing {
		if err := holds(none.dir); err != nil {
			return nil, nil, err
		}
	}
	key, release, err := open(a)
	if err != nil {
		if a != nil {
			err = errors.Join(err, a.Close())
		}
		return nil, nil, err
	}
	if a == nil {
		dir, err := p.place(c)
		if err == nil {
			a, err = p.makeArchive(c, dir, key)
		}
		if err != nil {
			release()
			return nil, nil, err
		}
	}
	p.useIndex(a)
	started, err := a.Store().Head()
	if err != nil {
		release()
		return nil, nil, errors.Join(err, a.Close())
	}
	close := func() {
		release()
		p.updateIndex(c.Context, a, started)
		if err := a.Close(); err != nil {
			p.warn(err)
		}
	}
	recorder := &provenance.Recorder{
		Archive: a, Key: key, Memory: p.memory(), Command: c.Command.HelpName, Wait: c.Duration(waitFlag.Name), Now: p.now, Warn: p.warn,
	}
	recorder.Reread = p.noteReread
	if err := recorder.Ready(c.Context); err != nil {
		close()
		return nil, nil, err
	}
	return recorder, close, nil
}

// noteReread says that texts were read anew before they were compared.
func (p *program) noteReread(s *archive.Snapshot, pages int) {
	p.say("note", "the text of %s was read anew by %s first, so that no upgrade looks like an edit (snapshot %d)",
		count(pages, "page"), extract.Name, s.Message.Sequence)
}

// unsound is damage that a writing command came upon after the newest commit was
// found good.
type unsound struct{ error }

func (e unsound) Unwrap() error { return e.error }

// writing gives damage the exit code that it has in a command which writes:
// nothing is built on an archive that does not verify.
func writing(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		err := action(c)
		if _, damaged := damage(err); damaged {
			return unsound{err}
		}
		return err
	}
}
