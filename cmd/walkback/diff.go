package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) diffCommand() *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "show the words that changed between two versions",
		UsageText: "walkback diff PAGE [A [B]]",
		Description: `Compares version A (else the one before the latest) with B (else the latest).
A VERSION is a snapshot's number (the version in force then), a date, latest or
latest~N. Both sides are extracted anew from the stored payloads. On a terminal
deleted words are red and added ones green; elsewhere they stand in [-…-] and
{+…+}, as in git diff --word-diff.

It also names the kind of the change, as check does.

--picture compares the pictures of two versions that a browser showed: it writes both
side by side, rows aligned, with what changed framed in orange, what was inserted in
green and what was deleted in red.

Exit codes: 0 no change, or none that is news; 1 could not run; 2 usage; 3 what the
page says changed (with --picture: what it looks like).`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "context", Aliases: []string{"U"}, Value: 2, Usage: "show `N` unchanged lines around each change"},
			&cli.BoolFlag{Name: "stat", Usage: "only count the words"},
			&cli.BoolFlag{Name: "html", Usage: "write a page with both versions side by side"},
			&cli.StringFlag{Name: "picture", Usage: "compare the pictures, and write what changed to `FILE` (PNG, must be new)", TakesFile: true},
			&cli.BoolFlag{Name: "json", Usage: "print a diff/1 document"},
		},
		Action: p.diff,
	}
}

func (p *program) diff(c *cli.Context) error {
	if n := c.Args().Len(); n < 1 || n > 3 {
		return &usage{message: "diff takes a PAGE and at most two versions", hint: "walkback diff PAGE latest~1 latest"}
	}
	if c.Int("context") < 0 {
		return &usage{message: "--context must not be negative", hint: "--context 0 shows the changed lines alone"}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return err
	}
	defer a.Close()
	before, after, err := p.versionsToCompare(c, a)
	if err != nil {
		return err
	}
	if c.IsSet("picture") {
		return p.diffPicture(c, before, after)
	}
	diff, err := compareVersions(c, a, before, after)
	if err != nil {
		return err
	}
	switch {
	case c.Bool("json"):
		err = p.printJSON(diff)
	case c.Bool("html"):
		err = p.printDiffPage(diff)
	default:
		p.printDiff(diff, c.Bool("stat"))
	}
	if err == nil && !diff.Change.Class.Quiet() {
		err = exit(exitChanged)
	}
	return err
}

func (p *program) versionsToCompare(c *cli.Context, a *archive.Archive) (before, after *archive.Page, err error) {
	head, err := a.Head()
	if err != nil {
		return nil, nil, err
	}
	ref, err := head.Find(c.Context, c.Args().First())
	if err != nil {
		return nil, nil, err
	}
	versions, err := a.Versions(c.Context, ref)
	if err != nil {
		return nil, nil, err
	}
	from, to := c.Args().Get(1), c.Args().Get(2)
	switch {
	case from == "" && len(versions) == 1:
		p.say("note", "%s has one version: nothing has changed yet", archive.SpokenName(ref.Name))
		from = "latest"
	case from == "":
		from = "latest~1"
	}
	if to == "" {
		to = "latest"
	}
	first, err := archive.Resolve(ref, versions, from)
	if err != nil {
		return nil, nil, err
	}
	second, err := archive.Resolve(ref, versions, to)
	if err != nil {
		return nil, nil, err
	}
	if before, err = first.Page(c.Context); err != nil {
		return nil, nil, err
	}
	if after, err = second.Page(c.Context); err != nil || first.Sequence != second.Sequence {
		return before, after, err
	}
	return withinVersion(c.Context, a, ref, before, after, from, to)
}

// withinVersion returns the captures of one version as of two snapshots, if these
// were named and it was served: they may differ in figures.
func withinVersion(ctx context.Context, a *archive.Archive, ref archive.PageRef, before, after *archive.Page, from, to string) (*archive.Page, *archive.Page, error) {
	var captures [2]*archive.Page
	for i, spec := range []string{from, to} {
		sequence, err := strconv.ParseInt(spec, 10, 64)
		if err != nil {
			return before, after, nil
		}
		snapshot, err := a.At(ctx, sequence)
		if err != nil {
			return nil, nil, err
		}
		if captures[i], err = snapshot.Page(ref); err != nil {
			return nil, nil, err
		}
		if captures[i].Capture.Access.Outcome != schemas.Served {
			return before, after, nil
		}
	}
	return captures[0], captures[1], nil
}

// withoutText says of versions whose words cannot be compared how their bytes do.
func withoutText(page, before, after *archive.Page) error {
	why := page.Capture.Body.MediaType
	if limit := page.Capture.TextLimit; limit > 0 {
		why += ", longer than the " + size(limit) + " that are read"
	}
	if reason := page.WhyNoText(); reason != "" {
		why += "; " + reason
	}
	bytes := "both have the same bytes"
	if a, b := before.Capture.Body, after.Capture.Body; a.SHA256 != b.SHA256 {
		bytes = fmt.Sprintf("other bytes, %s of %s before and %s of %s after, which show --body writes", size(a.Size), a.SHA256, size(b.Size), b.SHA256)
	}
	return fmt.Errorf("snapshot %d of %s has no text to compare (%s); %s", page.Capture.Sequence, page.Name, why, bytes)
}

// compareVersions extracts both payloads with the extractor of this program.
func compareVersions(c *cli.Context, a *archive.Archive, before, after *archive.Page) (*schemas.Diff, error) {
	var texts [2]string
	for i, page := range []*archive.Page{before, after} {
		document, err := page.Document(c.Context)
		if err != nil {
			return nil, err
		}
		if record := page.Withheld(); document == nil && record != nil {
			return nil, &archive.WithheldError{Path: fmt.Sprintf("snapshot %d of %s", page.Capture.Sequence, archive.SpokenName(page.Name)), Record: *record}
		}
		if document == nil {
			return nil, withoutText(page, before, after)
		}
		texts[i] = string(document.Markdown())
	}
	verdict, err := provenance.Compare(c.Context, before, after)
	if err != nil {
		return nil, err
	}
	compared := textdiff.Compare(texts[0], texts[1])
	stat := compared.Stat()
	diff := &schemas.Diff{
		Schema: schemas.DiffSchema, ArchiveID: a.ID(), Page: before.ID, URL: before.Name,
		Before: diffSide(before), After: diffSide(after), Extractor: extract.Name,
		Words:  schemas.Words{Added: stat.WordsAdded, Deleted: stat.WordsDeleted, Kept: stat.WordsKept},
		Change: verdict,
	}
	if err := addBrackets(c, a, diff); err != nil {
		return nil, err
	}
	context := c.Int("context")
	if c.Bool("html") && !c.IsSet("context") {
		context = strings.Count(texts[0], "\n") + strings.Count(texts[1], "\n") // the whole text
	}
	if !c.Bool("json") {
		compared = compared.Readable() // for people; the words were counted before
	}
	for _, h := range compared.Hunks(context) {
		hunk := schemas.DiffHunk{BeforeLine: h.BeforeLine, AfterLine: h.AfterLine}
		for _, s := range h.Segments {
			hunk.Segments = append(hunk.Segments, schemas.DiffSegment{Op: s.Op.String(), Text: s.Text})
		}
		diff.Hunks = append(diff.Hunks, hunk)
	}
	return diff, nil
}

// addBrackets says what timestamps prove of when the two sides were recorded.
func addBrackets(c *cli.Context, a *archive.Archive, diff *schemas.Diff) error {
	brackets, err := provenance.NewBrackets(a, timestamp.Mainnet)
	if err != nil {
		return err
	}
	for _, side := range []*schemas.DiffSide{&diff.Before, &diff.After} {
		holder, err := a.At(c.Context, side.Sequence)
		if err != nil {
			return err
		}
		if side.Bracket, err = brackets.Of(c.Context, holder); err != nil {
			return err
		}
	}
	return nil
}

func diffSide(page *archive.Page) schemas.DiffSide {
	side := schemas.DiffSide{State: page.State(), Commit: page.Snapshot.Commit.ID.String()}
	if page.Capture.Text != nil {
		side.Title = page.Capture.Text.Title
	}
	return side
}

// Segments of a diff, as schemas names them.
const (
	opEqual  = "equal"
	opDelete = "delete"
	opInsert = "insert"
)

func (p *program) printDiff(diff *schemas.Diff, statOnly bool) {
	p.printf("%s\n", archive.SpokenName(diff.URL))
	for i, side := range []schemas.DiffSide{diff.Before, diff.After} {
		p.printf("%s snapshot %d, captured %s\n", [...]string{"---", "+++"}[i], side.Sequence, minute(side.CapturedAt))
		if proven := bracketWords(side.Bracket); proven != "" {
			p.printf("    %s\n", proven)
		}
	}
	if diff.Change.Class != schemas.Unchanged {
		p.printf("%s\n", verdictWords(diff.Change))
	}
	if !statOnly {
		for _, hunk := range diff.Hunks {
			p.printf("@@ line %d -> line %d @@\n", hunk.BeforeLine, hunk.AfterLine)
			p.printSegments(hunk.Segments)
		}
	}
	p.printf("%s added, %s deleted, %s kept\n",
		count(diff.Words.Added, "word"), count(diff.Words.Deleted, "word"), count(diff.Words.Kept, "word"))
}

// printSegments marks deleted and inserted runs, each within its line.
func (p *program) printSegments(segments []schemas.DiffSegment) {
	colours := p.colours()
	end := ""
	for _, s := range segments {
		for _, piece := range strings.SplitAfter(s.Text, "\n") {
			words, lineEnd := strings.CutSuffix(piece, "\n")
			p.printMarked(s.Op, words, colours)
			if lineEnd {
				fmt.Fprintln(p.stdout)
			}
			if piece != "" {
				end = piece
			}
		}
	}
	if !strings.HasSuffix(end, "\n") {
		fmt.Fprintln(p.stdout)
	}
}

func (p *program) printMarked(op, words string, colours bool) {
	words = clean(words)
	switch {
	case words == "":
	case op == opDelete && colours:
		fmt.Fprint(p.stdout, "\x1b[31;9m"+words+"\x1b[0m")
	case op == opInsert && colours:
		fmt.Fprint(p.stdout, "\x1b[32m"+words+"\x1b[0m")
	case op == opDelete:
		fmt.Fprint(p.stdout, "[-"+words+"-]")
	case op == opInsert:
		fmt.Fprint(p.stdout, "{+"+words+"+}")
	default:
		fmt.Fprint(p.stdout, words)
	}
}
