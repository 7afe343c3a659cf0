package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
)

// exporter is one form in which something of an archive leaves it.
type exporter struct {
	name   string // after --to
	usage  string
	export func(p *program, c *cli.Context) error
}

// exporters are all forms, in the order of the help.
var exporters = []exporter{
	{"html", "PAGE as one HTML file that shows it again, without a network", (*program).exportHTML},
	{"premis", "who did what to PAGE and its files, and their digests: PREMIS 3.0 XML", (*program).exportPremis},
	{"bundle", "an evidence file: PAGE, its sources, signatures, times, how to check", (*program).exportBundle},
}

func (p *program) exportCommand() *cli.Command {
	var names, forms []string
	for _, e := range exporters {
		names = append(names, e.name)
		forms = append(forms, fmt.Sprintf("  %-8s %s", e.name, e.usage))
	}
	return &cli.Command{
		Name: "export", Usage: "write a captured page to a file that needs no archive",
		UsageText: "walkback export PAGE[@VERSION] [FILE|DIR] [--to " + strings.Join(names, "|") + "]",
		Description: `Writes to FILE, to a file in DIR, or to one named after the page in this folder;
- is standard output. VERSION is as for show. The forms are:

` + strings.Join(forms, "\n") + `

html: scripts, frames and forms are left out, links lead nowhere, and nothing is
ever loaded. Such a file proves nothing by itself: it says how to verify it.

bundle: one ZIP file that a stranger can check with sha256sum, ssh-keygen and
openssl, or walkback verify FILE; signed by who may sign the archive. With
--before VERSION it is of a change: both versions, the words, the times between.

premis: objects, events and agents for a preservation system; without VERSION of all
captures of PAGE. It proves nothing by itself; the digests in it are those signed.

Exit codes: 0 done; 1 could not run; 2 usage; 4 partly: some of what the page is
made of is not in the archive.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "to", Value: exporters[0].name, Usage: "the `FORM`"},
			&cli.BoolFlag{Name: "force", Usage: "write over a file that is there"},
		}, bundleFlags()...),
		Action: p.export,
	}
}

func (p *program) export(c *cli.Context) error {
	for _, e := range exporters {
		if e.name == c.String("to") {
			return e.export(p, c)
		}
	}
	return &usage{message: fmt.Sprintf("there is no form %q", c.String("to")), hint: "walkback export --help lists the forms"}
}

// existsError is returned for a file that is there already.
type existsError struct{ file string }

func (e *existsError) Error() string { return e.file + " is there already" }

// exportedPage returns the page that export is asked for. The caller closes the
// archive.
func (p *program) exportedPage(c *cli.Context) (*archive.Archive, *archive.Page, error) {
	if n := c.Args().Len(); n < 1 || n > 2 {
		return nil, nil, &usage{message: "export takes one PAGE[@VERSION], and where to write it", hint: "walkback list shows the pages"}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return nil, nil, err
	}
	page, err := pageVersion(c, a, c.Args().First())
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, page, nil
}

// exportTarget returns where to write: "-" for standard output. name is what a file
// is called that gets no name.
func (p *program) exportTarget(c *cli.Context, target, name string) (string, error) {
	if target == "-" {
		if _, ok := terminalOf(p.stdout); ok {
			return "", &usage{message: "a web page is not written to a terminal", hint: "name a FILE"}
		}
		return target, nil
	}
	info, err := os.Stat(target)
	switch {
	case target == "":
		target = name
	case err == nil && info.IsDir():
		target = filepath.Join(target, name)
	}
	if _, err := os.Lstat(target); err == nil && !c.Bool("force") {
		return "", &existsError{file: target}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("writing: %w", err)
	}
	return target, nil
}

// writeExport writes a file whole or not at all.
func (p *program) writeExport(c *cli.Context, target string, write func(io.Writer) error) (err error) {
	if target == "-" {
		return write(p.stdout)
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".walkback-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", target, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if c.Bool("force") {
		return os.Rename(f.Name(), target)
	}
	// Unlike a rename, a link takes nobody's place.
	if err := os.Link(f.Name(), target); errors.Is(err, fs.ErrExist) {
		return &existsError{file: target}
	} else if err == nil {
		return os.Remove(f.Name())
	}
	return os.Rename(f.Name(), target) // a file system without links
}

// exportName names a file after a page and the time of its capture.
func exportName(page *archive.Page, extension string) string {
	base := path.Base(page.Folder)
	base = strings.TrimRight(base[:strings.LastIndexByte(base, '~')], "~")
	return base + "-" + page.Capture.CapturedAt.Time().UTC().Format("20060102T150405Z") + "." + extension
}
