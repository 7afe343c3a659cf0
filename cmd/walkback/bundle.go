package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// bundleFlags are those of export that concern bundles.
func bundleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "before", Usage: "bundle: with this earlier `VERSION` and what changed since"},
		&cli.BoolFlag{Name: "no-sources", Usage: "bundle: leave out the sources that a post pins"},
		keyFlag, signerFlag,
	}
}

// exportBundle writes a page as an evidence bundle.
func (p *program) exportBundle(c *cli.Context) error {
	a, page, err := p.exportedPage(c)
	if err != nil {
		return err
	}
	defer a.Close()
	if page, err = asRecorded(c, a, page); err != nil {
		return err
	}
	key, release, err := p.signingKey(c.Context, c, a)
	if err != nil {
		return err
	}
	defer release()
	options := provenance.BundleOptions{
		Versions: []*archive.Page{page}, Sources: !c.Bool("no-sources"), Signer: key, Tool: tool(), Network: timestamp.Mainnet, HTML: bundlePageOf,
	}
	if before := c.String("before"); before != "" {
		if err := p.addBefore(c, a, page, before, &options); err != nil {
			return err
		}
	}
	target, err := p.exportTarget(c, c.Args().Get(1), "evidence-"+exportName(page, "zip"))
	if err != nil {
		return err
	}
	var report *schemas.BundleReport
	err = p.writeExport(c, target, func(w io.Writer) (err error) {
		report, err = provenance.WriteBundle(c.Context, a, options, w)
		return err
	})
	if err != nil || target == "-" {
		return err
	}
	versions := 0
	for _, page := range report.Pages {
		versions += len(page.Versions)
	}
	p.printf("%s  %s, %s, snapshots %d to %d\n", target, count(versions, "capture"), count(len(report.Pages), "page"), report.First.Sequence, report.Head.Sequence)
	for _, limit := range report.Limits {
		p.printf("not proven: %s\n", limit)
	}
	return nil
}

// asRecorded returns the page as of the snapshot that recorded this capture.
func asRecorded(c *cli.Context, a *archive.Archive, page *archive.Page) (*archive.Page, error) {
	snapshot, err := a.At(c.Context, page.Capture.Sequence)
	if err != nil {
		return nil, err
	}
	return snapshot.Page(page.PageRef)
}

// addBefore puts an earlier version into a bundle, and what changed since.
func (p *program) addBefore(c *cli.Context, a *archive.Archive, after *archive.Page, spec string, o *provenance.BundleOptions) error {
	versions, err := a.Versions(c.Context, after.PageRef)
	if err != nil {
		return err
	}
	version, err := archive.Resolve(after.PageRef, versions, spec)
	if err != nil {
		return err
	}
	before, err := version.Page(c.Context)
	if err != nil {
		return err
	}
	if before, err = asRecorded(c, a, before); err != nil {
		return err
	}
	if before.Capture.Sequence >= after.Capture.Sequence {
		return &usage{message: "--before names no earlier version", hint: "walkback log PAGE lists the versions"}
	}
	o.Versions = []*archive.Page{before, after}
	diff, err := compareVersions(c, a, before, after)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	quiet := *p
	quiet.stdout = &text
	quiet.printDiff(diff, false)
	o.Diff, o.Change = text.Bytes(), diff.Change
	return nil
}

//go:embed bundle_page.html
var bundlePageSource string

// The page loads nothing and runs nothing: its policy forbids both.
var bundlePage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("bundle").Funcs(template.FuncMap{
		"minute": minute, "spoken": archive.SpokenName, "bracket": bracketWords, "summary": verdictWords,
	}).Parse(bundlePageSource))
})

func bundlePageOf(report *schemas.BundleReport) ([]byte, error) {
	var b bytes.Buffer
	err := bundlePage().Execute(&b, report)
	return b.Bytes(), err
}

// isBundle tells a bundle from an archive and from the name of a page. A file
// that is called a ZIP file is a bundle also when it does not begin as one: then
// it is a damaged bundle.
func isBundle(name string) bool {
	info, err := os.Stat(name)
	if name == "" || err != nil {
		return false
	}
	if info.Mode().IsRegular() && namesBundle(name) {
		return true
	}
	if info.IsDir() {
		_, err := os.Stat(filepath.Join(name, "bagit.txt"))
		return err == nil
	}
	f, err := os.Open(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	defer f.Close()
	magic := make([]byte, 2)
	_, err = io.ReadFull(f, magic)
	return err == nil && string(magic) == "PK"
}

// namesBundle reports whether a file of this name would be a bundle.
func namesBundle(name string) bool {
	return strings.EqualFold(filepath.Ext(name), ".zip")
}

// verifyBundle verifies an evidence bundle.
func (p *program) verifyBundle(c *cli.Context, name string) error {
	for _, flag := range []string{"range", "since", "sample", "new", "repair", "policy"} {
		if c.IsSet(flag) {
			return &usage{message: "--" + flag + " is for an archive, not for a bundle", hint: "walkback verify " + shellWord(name)}
		}
	}
	options := provenance.VerifyOptions{Memory: p.memory(), Strict: c.Bool("strict"), Now: p.now}
	if err := p.verifyAgainst(c, &options); err != nil {
		return err
	}
	report, err := provenance.VerifyBundle(c.Context, name, options)
	if err != nil {
		return err
	}
	return p.reportVerify(c, name, report)
}
