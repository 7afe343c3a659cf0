package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/browser"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// When pages are shown to a browser.
const (
	browserNever  = "never"
	browserAuto   = "auto"
	browserAlways = "always"
)

// browserChoice is the value of --browser, which may stand alone.
type browserChoice struct{ when string }

func (b *browserChoice) String() string { return b.when }

// Set reads one of the three words; the flag alone is "true" to the library.
func (b *browserChoice) Set(value string) error {
	switch value {
	case "true", browserAlways:
		b.when = browserAlways
	case browserAuto, browserNever:
		b.when = value
	default:
		return errors.New("want always, auto or never")
	}
	return nil
}

// Get returns what Set was given last, for the journal.
func (b *browserChoice) Get() any { return b.when }

// IsBoolFlag lets the flag stand without a value.
func (b *browserChoice) IsBoolFlag() bool { return true }

// browserFlag is --browser[=WHEN]. It is a type of its own so that the word after
// it is not taken for its value.
type browserFlag struct{ *cli.GenericFlag }

// TakesValue says that the value, if there is one, follows "=".
func (browserFlag) TakesValue() bool { return false }

func (browserFlag) String() string {
	return "--browser[=WHEN]\trender pages with the Chromium of this machine and keep what it shows: always the posts that are named; with =auto what has no text without its scripts; =never (default: never)"
}

// browserFlags are those of commands that capture.
func browserFlags() []cli.Flag {
	return []cli.Flag{
		browserFlag{&cli.GenericFlag{Name: "browser", Category: groupKept, Value: &browserChoice{}, Usage: "render pages with the Chromium of this machine"}},
		&cli.BoolFlag{Name: "pdf", Category: groupKept, Usage: "also print the pages that are rendered"},
	}
}

// renderOptions says which pages are shown to a browser, and makes it; it starts
// with the first page that needs it. The caller closes it.
func (p *program) renderOptions(c *cli.Context) (archive.RenderOptions, func(), error) {
	settings := p.settings()
	choice := browserChoice{}
	if err := choice.Set(cmp.Or(settings.Render, browserNever)); err != nil {
		return archive.RenderOptions{}, nil, fmt.Errorf("reading settings: render: %w", err)
	}
	if given, ok := c.Generic("browser").(*browserChoice); ok && given.when != "" {
		choice = *given
	}
	name := cmp.Or(p.getenv("WALKBACK_BROWSER"), settings.Browser)
	if choice.when == browserAlways {
		if _, err := browser.Find(name); err != nil {
			return archive.RenderOptions{}, nil, err
		}
	}
	if choice.when == browserAuto {
		if _, err := browser.Find(name); err != nil {
			choice.when = browserNever // as if it had not been said: nothing fails for it
			p.say("note", "%v: pages without text are kept as they are", err)
		}
	}
	if c.Bool("pdf") && choice.when == browserNever {
		return archive.RenderOptions{}, nil, &usage{message: "--pdf prints what a browser shows", hint: "add --browser"}
	}
	options, err := p.fetchOptions(c)
	if err != nil {
		return archive.RenderOptions{}, nil, err
	}
	limit, err := parseSize(c.String("max-bytes"))
	if err != nil {
		return archive.RenderOptions{}, nil, &usage{message: "--max-bytes: " + err.Error(), hint: "for example --max-bytes 100M"}
	}
	b := browser.New(browser.Options{
		Name: name, Dial: fetch.GuardedDialer(options), UserAgent: options.UserAgent, Timeout: options.Timeout, MaxBytes: limit, Now: p.now,
	})
	render := archive.RenderOptions{
		Renderer: b, Asked: choice.when == browserAlways, Empty: choice.when != browserNever, PDF: c.Bool("pdf"),
	}
	return render, func() { b.Close() }, nil
}

// hintBrowser tells what to do where there is no browser.
func (p *program) hintBrowser(pages []schemas.CapturedPage) {
	for _, page := range pages {
		if page.Rule == "refused-no-browser" {
			p.say("hint", "%s", browserHint)
			return
		}
	}
}

const browserHint = `install Chromium (Debian: apt install chromium), or say where a browser is: browser = "/path/to/chrome" in the settings`

// hintForBrowser is the hint for an error of ours to find or start a browser.
func hintForBrowser(err error) string {
	var missing *browser.MissingError
	var start *browser.StartError
	switch {
	case errors.As(err, &missing), errors.As(err, &start):
		return browserHint
	}
	return ""
}
