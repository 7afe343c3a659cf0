package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) showCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show a page as it was captured",
		UsageText: "walkback show PAGE[@VERSION]",
		Description: `Shows where a capture came from and its text. VERSION is a snapshot's number (the
version in force then), a date, latest or latest~N; without it, the newest
capture is shown, served or not.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "body", Usage: "write the payload as it was received, and nothing else"},
			&cli.BoolFlag{Name: "head", Usage: "write the request and response heads, and nothing else"},
			&cli.BoolFlag{Name: "json", Usage: "print a show/1 document"},
		},
		Action: p.show,
	}
}

func (p *program) show(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return &usage{message: "show takes one PAGE[@VERSION]", hint: "walkback list shows the pages"}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return err
	}
	defer a.Close()
	page, err := pageVersion(c, a, c.Args().First())
	if err != nil {
		return err
	}
	switch {
	case c.Bool("body"):
		return p.showRaw(page.Payload, archive.SpokenName(page.Name)+" has no payload: it was "+string(page.Capture.Access.Outcome))
	case c.Bool("head"):
		return p.showRaw(heads(page), archive.SpokenName(page.Name)+" has no heads: it was "+string(page.Capture.Method))
	}
	// The newest state of a page belongs to the head; its capture may be older.
	holder := page.Snapshot
	if holder.Message.Sequence != page.Capture.Sequence {
		if holder, err = a.At(c.Context, page.Capture.Sequence); err != nil {
			return err
		}
	}
	show := &schemas.Show{
		Schema: schemas.ShowSchema, ArchiveID: a.ID(), Commit: holder.Ref(), Folder: page.Folder, Capture: page.Capture,
	}
	if show.Post, err = page.Post(); err != nil {
		return err
	}
	text, err := page.Text()
	if err != nil {
		return err
	}
	show.Text = string(text)
	withheld := page.Withheld()
	if withheld != nil {
		show.Withheld = withheld.Withheld
	}
	if show.Change, err = page.Verdict(c.Context); err != nil {
		return err
	}
	if show.Standing, err = standingOf(c.Context, page); err != nil {
		return err
	}
	if show.Retractions, err = page.Retractions(); err != nil {
		return err
	}
	brackets, err := provenance.NewBrackets(a, timestamp.Mainnet)
	if err != nil {
		return err
	}
	if show.Bracket, err = brackets.Of(c.Context, holder); err != nil {
		return err
	}
	if c.Bool("json") {
		return p.printJSON(show)
	}
	p.printShow(show, page.WhyNoText(), withheld)
	return nil
}

// heads opens the heads of a page as if they were large.
func heads(page *archive.Page) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		heads, err := page.Heads()
		if err != nil || heads == nil {
			return nil, err
		}
		return io.NopCloser(bytes.NewReader(heads)), nil
	}
}

// showRaw writes stored bytes as they are: not to a terminal, which they could
// take over.
func (p *program) showRaw(open func() (io.ReadCloser, error), none string) error {
	stored, err := open()
	if err != nil {
		return err
	}
	if stored == nil {
		return errors.New(none)
	}
	defer stored.Close()
	if _, ok := terminalOf(p.stdout); ok {
		return &usage{message: "stored bytes are not written to a terminal", hint: "send them to a file or a pipe: … > FILE"}
	}
	_, err = io.Copy(p.stdout, stored)
	return err
}

// pageVersion resolves PAGE[@VERSION]. Addresses may hold an @ themselves, so
// the whole is tried first, but for names that need no search.
func pageVersion(c *cli.Context, a *archive.Archive, spec string) (*archive.Page, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	name, version := spec, ""
	if at := strings.LastIndexByte(spec, '@'); at > 0 {
		name, version = spec[:at], spec[at+1:]
	}
	_, whole := head.FindExact(spec)
	if ref, ok := head.FindExact(name); ok && !whole && name != spec {
		if page, err := versionOf(c, a, ref, version); err == nil {
			return page, nil
		}
	}
	ref, err := head.Find(c.Context, spec)
	if err == nil {
		return head.Page(ref)
	}
	if name == spec {
		return nil, err
	}
	if ref, err = head.Find(c.Context, name); err != nil {
		return nil, err
	}
	return versionOf(c, a, ref, version)
}

func versionOf(c *cli.Context, a *archive.Archive, ref archive.PageRef, spec string) (*archive.Page, error) {
	versions, err := a.Versions(c.Context, ref)
	if err != nil {
		return nil, err
	}
	version, err := archive.Resolve(ref, versions, spec)
	if err != nil {
		return nil, err
	}
	if sequence, err := strconv.ParseInt(spec, 10, 64); err == nil {
		// What will be in force at a snapshot to come cannot be told.
		head, err := a.Head()
		if err != nil {
			return nil, err
		}
		if newest := head.Message.Sequence; sequence > newest {
			return nil, &archive.VersionError{Page: ref, Version: spec, Reason: fmt.Sprintf("the newest snapshot is %d", newest)}
		}
	}
	return version.Page(c.Context)
}

func (p *program) printShow(show *schemas.Show, noText string, withheld *archive.WithheldRecord) {
	capture := show.Capture
	line := func(label, format string, args ...any) {
		if value := fmt.Sprintf(format, args...); value != "" {
			p.printf("%-10s %s\n", label, value)
		}
	}
	line("page", "%s", capture.URL)
	line("captured", "%s, %s, %s", minute(capture.CapturedAt), capture.Method, outcomeLine(capture))
	if capture.Asked != "" {
		line("asked", "%s, read by %s", capture.Asked, capture.Reader)
	}
	if capture.FinalURL != capture.URL && capture.FinalURL != capture.Asked {
		line("served at", "%s", capture.FinalURL)
	}
	p.showCircumstances(capture, line)
	line("claims", "%s", strings.TrimSpace(capture.ClaimedURL+" "+capture.ClaimedDate))
	line("snapshot", "%d, commit %s", show.Commit.Sequence, show.Commit.Commit)
	line("proven", "%s", bracketWords(show.Bracket))
	line("folder", "%s", show.Folder)
	if body := capture.Body; body != nil {
		line("payload", "%s, %s, %s", size(body.Size), body.MediaType, body.SHA256)
	}
	if withheld != nil {
		line("withheld", "%s", withheldWords(withheld))
	}
	if tally := capture.TallyResources(); tally != nil {
		line("resources", "%s, %s%s", count(tally.Kept, "file"), size(tally.Bytes), missingWords(tally))
	}
	if capture.Truncated != "" {
		line("truncated", "%s", capture.Truncated)
	}
	if capture.TextLimit > 0 {
		line("text", "not read: it is longer than the %s that are", size(capture.TextLimit))
	}
	if capture.NoText == archive.TooManyBlocks {
		noText = "not read: " + noText
	}
	line("text", "%s", noText)
	if text := capture.Text; text != nil {
		line("byline", "%s", text.Byline)
		line("published", "%s", text.Published)
		line("modified", "%s", text.Modified)
		if capture.Access.Outcome != schemas.Served {
			line("text of", "%s (snapshot %d), when the page was last served", minute(text.CapturedAt), text.Sequence)
		}
	}
	if change := show.Change; change != nil && change.Class != schemas.NotCompared && change.Class != schemas.Unchanged {
		line("change", "%s", verdictWords(change))
	}
	if text := capture.Text; text != nil {
		for _, volatile := range text.Volatile {
			line("volatile", "“%s” changes each time, and is no news", volatile)
		}
	}
	if show.Standing != "" {
		line("says", "that it is: %s", classWords[show.Standing])
	}
	if show.Retractions != nil {
		for _, record := range show.Retractions.Records {
			line("listed", "%s", recordWords(record))
		}
	}
	if show.Post != nil {
		for _, source := range show.Post.Sources {
			line("source", "%s (%s, snapshot %d)", source.URL, source.Outcome, source.Sequence)
		}
	}
	if show.Text != "" {
		p.printf("\n")
		p.printText(show.Text)
	}
}

// withheldWords says that what a capture held was taken out, and why.
func withheldWords(record *archive.WithheldRecord) string {
	words := fmt.Sprintf("since %s, by snapshot %d: %s", minute(record.At), record.Sequence, record.Reason)
	if record.Authority != "" {
		words += " (" + record.Authority + ")"
	}
	return words
}

// missingWords says how many resources of a page are missing.
func missingWords(tally *schemas.ResourceTally) string {
	if tally.Missing == 0 {
		return ""
	}
	return fmt.Sprintf("; %d missing (--json says why)", tally.Missing)
}

// showCircumstances says what is out of the ordinary about how a page was asked
// for.
func (p *program) showCircumstances(c *schemas.Capture, line func(label, format string, args ...any)) {
	if c.Vantage != nil {
		line("vantage", "%s", vantageWords(c.Vantage))
	}
	line("operator", "%s", c.Operator)
	if c.Robots == "ignored" {
		line("robots", "ignored by choice")
	}
	for _, hop := range c.Hops {
		if len(hop.Tries) == 0 {
			continue
		}
		var said []string
		for _, try := range hop.Tries {
			switch {
			case try.Failure != nil:
				said = append(said, try.Failure.Reason)
			default:
				said = append(said, fmt.Sprintf("HTTP %d", try.Status))
			}
		}
		line("tries", "%d before: %s", len(said), strings.Join(said, ", "))
	}
}

// vantageWords says from where a page was looked at.
func vantageWords(v *schemas.Vantage) string {
	if v.Via == "" {
		return v.Name
	}
	return v.Name + ", via " + v.Via
}

// standingOf returns what the page says of itself. Where that was not kept with
// the capture, its newest served one is read anew.
func standingOf(ctx context.Context, page *archive.Page) (schemas.ChangeClass, error) {
	text := page.Capture.Text
	if text == nil {
		return "", nil
	}
	if standing, known := text.Says(); known {
		return standing, nil
	}
	served, err := page.Served(ctx)
	if err != nil || served == nil {
		return "", err
	}
	document, err := served.Document(ctx)
	if err != nil {
		return "", err
	}
	return provenance.Standing(document), nil
}

func outcomeLine(c *schemas.Capture) string {
	line := string(c.Access.Outcome)
	if c.Status != 0 {
		line += fmt.Sprintf(" (HTTP %d)", c.Status)
	}
	if c.Failure != nil {
		line += ": " + c.Failure.Detail
	}
	return line
}
