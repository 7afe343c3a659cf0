package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) demoCommand() *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: "a tour on a made-up web: capture, edit, check, diff, verify",
		UsageText: "walkback demo [DIR]",
		Description: `Plays a small web on this machine: a post and the three sources it quotes. It
captures them, has one source silently edited and another one withdrawn, checks,
shows the quote that is no longer true, the difference, and verifies. The archive stays in DIR (else in a new
temporary folder), with a key and receipts of its own.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Action: p.demo,
	}
}

//go:embed demo/*.html
var demoPages embed.FS

const (
	demoPost      = "http://quay-notebook.example/harbour-board"
	demoArticle   = "http://harbour-post.example/news/pier-four"
	demoStatement = "http://board.example/statements/2026-03-12"
	demoAccounts  = "http://ledger.example/2026/cranes"
)

func (p *program) demo(c *cli.Context) error {
	if c.Args().Len() > 1 {
		return &usage{message: "demo takes one folder", hint: "walkback demo DIR"}
	}
	dir, err := demoFolder(c.Args().First())
	if err != nil {
		return err
	}
	web, err := newDemoWeb()
	if err != nil {
		return err
	}
	defer web.close()
	d, err := p.newDemo(c.Context, dir, web)
	if err != nil {
		return err
	}
	defer d.archive.Close()
	if err := d.play(c); err != nil {
		return err
	}
	p.printf("\nThe archive is a plain git repository, %s. Look at it with stock tools:\n\n", d.archive.Dir())
	for _, command := range d.stockCommands() {
		p.printf("  %s\n", command)
	}
	p.printf("\nVERIFY.md in the archive (git -C %s show main:VERIFY.md) tells how to check it without walkback.\n", shellWord(d.archive.Dir()))
	return nil
}

func demoFolder(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "walkback-demo-")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the demo's folder: %w", err)
	}
	return filepath.Abs(dir)
}

// demo is one tour.
type demo struct {
	*program
	archive  *archive.Archive
	recorder *provenance.Recorder
	web      *demoWeb
	client   *fetch.Client
}

// newDemo makes the archive. Its key and receipts stay in the demo's folder, so
// that a tour leaves no trace among the user's own.
func (p *program) newDemo(ctx context.Context, dir string, web *demoWeb) (*demo, error) {
	own := *p
	own.getenv = func(name string) string {
		switch name {
		case "WALKBACK_CONFIG":
			return filepath.Join(dir, "config")
		case "WALKBACK_STATE":
			return filepath.Join(dir, "state")
		}
		return p.getenv(name)
	}
	key, err := own.firstKey(own.defaultKey())
	if err != nil {
		return nil, err
	}
	a, err := provenance.Init(ctx, filepath.Join(dir, archiveName), key, own.memory(), p.now)
	if err != nil {
		return nil, err
	}
	return &demo{
		program: &own, archive: a, web: web,
		recorder: &provenance.Recorder{Archive: a, Key: key, Memory: own.memory(), Command: "walkback demo", Now: p.now, Warn: p.warn},
		client:   fetch.New(fetch.Options{DialContext: web.dial, AllowPrivate: true, Now: p.now}),
	}, nil
}

func (d *demo) play(c *cli.Context) error {
	defer d.client.Close()
	d.printf("\n$ walkback capture %s\n", demoPost)
	if err := d.capture(c); err != nil {
		return err
	}
	d.printf("\n(The Harbour Post now changes two words and says nothing. The Ledger withdraws its article.)\n")
	d.web.edit(demoArticle, "Twelve of the forty piles", "Two of the forty piles")
	d.web.edit(demoArticle, "went to lunch", "asked for more")
	d.web.retract(demoAccounts)
	d.printf("\n$ walkback check\n")
	if err := d.check(c); err != nil {
		return err
	}
	d.printf("\n$ walkback quotes --broken %s\n", demoPost)
	if err := d.quotes(c); err != nil {
		return err
	}
	d.printf("\n$ walkback diff %s\n", demoArticle)
	if err := d.diff(c); err != nil {
		return err
	}
	d.printf("\n$ walkback verify\n")
	report, err := provenance.Verify(c.Context, d.archive.Dir(), provenance.VerifyOptions{Memory: d.memory(), Now: d.now})
	if err != nil {
		return err
	}
	d.printVerify(d.archive.Dir(), report)
	if report.Verdict != schemas.Verified {
		return exit(report.ExitCode)
	}
	return nil
}

func (d *demo) newRun() (*archive.Run, error) {
	return archive.NewRun(d.archive, archive.RunOptions{Fetch: d.client, Tool: tool(), Now: d.now})
}

func (d *demo) capture(c *cli.Context) error {
	run, err := d.newRun()
	if err != nil {
		return err
	}
	defer run.Close()
	post, err := archive.PageAt(demoPost)
	if err != nil {
		return err
	}
	report := &schemas.CaptureReport{}
	requests := slices.Values([]archive.PostRequest{{Page: post, MaxSources: defaultMaxSources}})
	err = d.recorder.Record(c.Context, run, requests, func(r provenance.Recorded) {
		report.Posts = append(report.Posts, *capturedPost(r.Draft, r.Snapshot))
	})
	d.printCapture(report)
	return err
}

func (d *demo) check(c *cli.Context) error {
	run, err := d.newRun()
	if err != nil {
		return err
	}
	defer run.Close()
	head, err := d.archive.Head()
	if err != nil {
		return err
	}
	pages, err := provenance.Tracked(c.Context, head)
	if err != nil {
		return err
	}
	report := &schemas.CheckReport{}
	err = d.recorder.Check(c.Context, run, slices.Values(pages), func(checked provenance.Checked) {
		report.Pages = append(report.Pages, capturedPage(checked.Page))
		for _, quote := range checked.Page.Quotes {
			report.Quotes = append(report.Quotes, *quote)
		}
	})
	slices.SortStableFunc(report.Pages, byUrgency)
	slices.SortStableFunc(report.Quotes, byBreach)
	d.printCheck(report, false)
	return err
}

func (d *demo) quotes(c *cli.Context) error {
	post, err := archive.PageAt(demoPost)
	if err != nil {
		return err
	}
	view := &quotesView{program: d.program}
	return view.read(view.standings(c.Context, d.archive, thesePosts(post), true))
}

func (d *demo) diff(c *cli.Context) error {
	ref, err := archive.PageAt(demoArticle)
	if err != nil {
		return err
	}
	versions, err := d.archive.Versions(c.Context, ref)
	if err != nil {
		return err
	}
	if len(versions) != 2 {
		return errors.New("the edit was not noticed")
	}
	before, err := versions[0].Page(c.Context)
	if err != nil {
		return err
	}
	after, err := versions[1].Page(c.Context)
	if err != nil {
		return err
	}
	diff, err := compareVersions(c, d.archive, before, after)
	if err != nil {
		return err
	}
	d.printDiff(diff, false)
	return nil
}

// stockCommands show the archive without this program.
func (d *demo) stockCommands() []string {
	git := "git -C " + shellWord(d.archive.Dir())
	article, err := archive.PageAt(demoArticle)
	if err != nil {
		return nil
	}
	return []string{
		git + " log --stat main",
		git + " log -p --word-diff main -- '" + article.Folder + "/text.md'",
		git + " fsck --full --strict",
		git + " show main:trust/allowed_signers > allowed_signers",
		git + ` -c gpg.ssh.allowedSignersFile="$PWD/allowed_signers" verify-commit main`,
	}
}

// demoWeb is a web of four hosts on one loopback listener.
type demoWeb struct {
	server   *http.Server
	listener net.Listener
	mu       sync.Mutex
	pages    map[string][]byte // by URL; nil once withdrawn
}

func newDemoWeb() (*demoWeb, error) {
	w := &demoWeb{pages: map[string][]byte{}}
	for address, file := range map[string]string{
		demoPost: "post", demoArticle: "pier-four", demoStatement: "statement", demoAccounts: "cranes",
	} {
		content, err := demoPages.ReadFile("demo/" + file + ".html")
		if err != nil {
			return nil, err
		}
		w.pages[address] = content
	}
	var err error
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("playing the web: %w", err)
	}
	w.server = &http.Server{Handler: w}
	go func() { _ = w.server.Serve(w.listener) }() // ends with close
	return w, nil
}

func (w *demoWeb) close() { _ = w.server.Close() }

// dial leads every name to the listener.
func (w *demoWeb) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, w.listener.Addr().String())
}

func (w *demoWeb) edit(address, old, new string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[address] = bytes.Replace(w.pages[address], []byte(old), []byte(new), 1)
}

func (w *demoWeb) retract(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[address] = nil
}

func (w *demoWeb) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	content, ok := w.pages["http://"+r.Host+r.URL.Path]
	w.mu.Unlock()
	switch {
	case !ok:
		http.NotFound(out, r)
	case content == nil:
		http.Error(out, "This article was withdrawn.", http.StatusGone)
	default:
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = out.Write(content) // a client that went away has no use for the error
	}
}
