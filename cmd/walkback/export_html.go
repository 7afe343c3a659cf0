package main

import (
	"errors"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/replay"
	"github.com/walkback-dev/walkback/schemas"
)

// exportHTML writes a page as one HTML file.
func (p *program) exportHTML(c *cli.Context) error {
	a, page, err := p.exportedPage(c)
	if err != nil {
		return err
	}
	defer a.Close()
	shown, err := shownPage(page)
	if err != nil {
		return err
	}
	holder, err := a.At(c.Context, page.Capture.Sequence)
	if err != nil {
		return err
	}
	shown.Banner = bannerOf(a, page, holder)
	target, err := p.exportTarget(c, c.Args().Get(1), exportName(page, "html"))
	if err != nil {
		return err
	}
	var result *replay.Result
	err = p.writeExport(c, target, func(w io.Writer) (err error) {
		result, err = replay.Write(w, *shown)
		return err
	})
	if err != nil {
		return err
	}
	if target != "-" {
		p.printf("%s  %s\n", target, size(result.Bytes))
	}
	if n := len(result.Missing); n > 0 {
		p.say("note", "%s that the page asks for %s not in the archive, such as %s", count(n, "resource"), isOrAre(n), result.Missing[0])
		return exit(exitPartly)
	}
	return nil
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// shownPage returns a page with what is stored of it. A page that is not HTML is
// shown by its text.
func shownPage(page *archive.Page) (*replay.Page, error) {
	c := page.Capture
	shown := &replay.Page{Rendered: c.Method == schemas.Rendered, Stored: storedOf(page)}
	var err error
	shown.HTML, shown.Address, err = page.Markup()
	if !errors.Is(err, archive.ErrNoMarkup) {
		return shown, err
	}
	text, textErr := page.Text()
	switch {
	case textErr != nil:
		return nil, textErr
	case len(text) == 0 || c.Access.Outcome != schemas.Served:
		return nil, &unshown{fmt.Errorf("%s cannot be shown: %w (%s)", archive.SpokenName(page.Name), err, c.Access.Outcome)}
	}
	shown.HTML = textPage(archive.SpokenName(page.Name), string(text))
	return shown, nil
}

// unshown is the error of a page that has neither HTML nor text.
type unshown struct{ error }

// textPage is a page that shows a text.
func textPage(title, text string) string {
	return `<!DOCTYPE html><html><head><title>` + html.EscapeString(title) + `</title></head><body>` +
		`<pre style="max-width:48em;margin:2em auto;padding:0 1em;white-space:pre-wrap;font:16px/1.5 serif">` + html.EscapeString(text) + `</pre></body></html>`
}

// storedOf finds the resources of a page by the address that it asks for.
func storedOf(page *archive.Page) func(string) *replay.Stored {
	byAddress := make(map[string]*schemas.Resource, len(page.Capture.Resources))
	for i := range page.Capture.Resources {
		if r := &page.Capture.Resources[i]; r.File != nil && byAddress[r.URL] == nil {
			byAddress[r.URL] = r
		}
	}
	return func(address string) *replay.Stored {
		r := byAddress[address]
		if r == nil {
			return nil
		}
		from := r.FinalURL
		if from == "" {
			from = r.URL
		}
		mediaType := r.MediaType
		if r.Kind == schemas.ResourceStyle {
			mediaType = "text/css"
		}
		stored := &replay.Stored{
			MediaType: mediaType, Address: from,
			Open: func() (io.ReadCloser, error) { return page.DecodedResource(r) },
			Text: func() (string, error) { return page.StyleText(r) },
		}
		if r.File != nil {
			stored.Size = r.File.Size
		}
		return stored
	}
}

// bannerOf says what a file shows, and how to see that it is true.
func bannerOf(a *archive.Archive, page *archive.Page, holder *archive.Snapshot) replay.Banner {
	c := page.Capture
	banner := replay.Banner{
		Page: archive.SpokenName(page.Name),
		Line: fmt.Sprintf("as captured %s (%s); snapshot %d", minute(c.CapturedAt), c.Method, c.Sequence),
	}
	line := func(label, value string) {
		if value != "" {
			banner.Detail = append(banner.Detail, fmt.Sprintf("%-9s %s", label, value))
		}
	}
	if c.FinalURL != c.URL {
		line("served at", c.FinalURL)
	}
	line("claims", strings.TrimSpace(c.ClaimedURL+" "+c.ClaimedDate))
	line("outcome", outcomeLine(c))
	line("archive", a.ID())
	line("commit", holder.Commit.ID.String())
	line("file", page.Folder)
	if body := c.Body; body != nil {
		line("payload", fmt.Sprintf("%s, %d bytes, %s", body.File, body.Size, body.SHA256))
		banner.Detail = append(banner.Detail, "", "This copy is made for reading: scripts are left out, links lead nowhere, nothing is loaded.",
			"It proves nothing by itself. With the archive at hand:", "",
			"  walkback verify --archive ARCHIVE",
			fmt.Sprintf("  git -C ARCHIVE show %s:%s/%s | sha256sum", holder.Commit.ID, page.Folder, body.File))
	}
	return banner
}
