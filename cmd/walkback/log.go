package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) logCommand() *cli.Command {
	return &cli.Command{
		Name: "log", Usage: "list the snapshots of an archive, or of one page",
		UsageText: "walkback log [PAGE]",
		Description: `Newest first. For a PAGE, each capture with its outcome and, for a new version
of the text, its number and the words that changed; --json also says from where
the page was looked at, where that is on record.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "list at most `N`", DefaultText: "all"},
			&cli.BoolFlag{Name: "json", Usage: "print a log/1 document"},
		},
		Action: p.log,
	}
}

func (p *program) log(c *cli.Context) error {
	if c.Int("n") < 0 {
		return &usage{message: "-n must not be negative", hint: "without -n, all are listed"}
	}
	if c.Args().Len() > 1 {
		return &usage{message: "log takes one PAGE", hint: "walkback log " + shellWord(c.Args().First())}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return err
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return err
	}
	log := &schemas.Log{Schema: schemas.LogSchema, ArchiveID: a.ID()}
	entries := archiveLog(c.Context, head)
	row := archiveRow
	if c.Args().Present() {
		ref, err := head.Find(c.Context, c.Args().First())
		if err != nil {
			return err
		}
		log.Page, log.URL = ref.ID, ref.Name
		if entries, err = pageLog(c.Context, a, head, ref, c.Bool("json")); err != nil {
			return err
		}
		row = pageRow
	}
	entries = firstOf(entries, c.Int("n"))
	if c.Bool("json") {
		return printJSONList(p, log, entries)
	}
	return printRows(p, entries, row)
}

// firstOf yields the first n, or all when n is 0.
func firstOf[E any](elements iter.Seq2[E, error], n int) iter.Seq2[E, error] {
	if n == 0 {
		return elements
	}
	return func(yield func(E, error) bool) {
		left := n
		for element, err := range elements {
			if left--; !yield(element, err) || left == 0 {
				return
			}
		}
	}
}

func logEntry(s *archive.Snapshot) schemas.LogEntry {
	return schemas.LogEntry{
		Sequence: s.Message.Sequence, Commit: s.Commit.ID.String(), Time: schemas.TimeOf(s.Commit.Time),
		Signer: s.Commit.Committer.String(), Kind: s.Message.Kind, Subject: s.Message.Subject,
	}
}

func archiveLog(ctx context.Context, head *archive.Snapshot) iter.Seq2[schemas.LogEntry, error] {
	return func(yield func(schemas.LogEntry, error) bool) {
		for snapshot, err := range head.Snapshots(ctx) {
			var entry schemas.LogEntry
			if err == nil {
				entry = logEntry(snapshot)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// pageLog returns what commits did to a page, newest first; all that is said of it
// in JSON, or what is printed: titles and texts are read for nothing else.
func pageLog(ctx context.Context, a *archive.Archive, head *archive.Snapshot, ref archive.PageRef, all bool) (iter.Seq2[schemas.LogEntry, error], error) {
	log, err := a.Log(ctx, ref)
	if err != nil {
		return nil, err
	}
	brackets, err := provenance.NewBrackets(a, timestamp.Mainnet)
	if err != nil {
		return nil, err
	}
	records, err := head.Withheld()
	if err != nil {
		return nil, err
	}
	return func(yield func(schemas.LogEntry, error) bool) {
		for i := range slices.Backward(log.Entries) {
			entry, err := pageEntry(ctx, log, i, all)
			if err == nil && len(records) > 0 && entry.Outcome != "" {
				entry.Withheld, err = withheldBy(log, i)
			}
			if err == nil && entry.Version > 0 {
				entry.Bracket, err = brackets.Of(ctx, log.Entries[i].Snapshot)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}, nil
}

// withheldBy returns the snapshot that took out what an entry's capture held, 0 for
// none.
func withheldBy(log *archive.PageLog, i int) (int64, error) {
	page, err := log.Page(i)
	if err != nil {
		return 0, err
	}
	if record := page.Withheld(); record != nil {
		return record.Sequence, nil
	}
	return 0, nil
}

func pageEntry(ctx context.Context, log *archive.PageLog, i int, all bool) (schemas.LogEntry, error) {
	logged := log.Entries[i]
	entry := logEntry(logged.Snapshot)
	entry.Untracked = logged.Untracked
	if logged.Outcome == "" {
		return entry, nil
	}
	entry.Outcome, entry.Captured, entry.Version = logged.Outcome, logged.CapturedAt, logged.Version
	if all || entry.Version == 1 {
		page, err := log.Page(i)
		if err != nil {
			return entry, err
		}
		entry.Payload, entry.Vantage = page.State().Payload, page.Capture.Vantage
		if entry.Version > 0 && page.Capture.Text != nil {
			entry.Title = page.Capture.Text.Title
		}
	}
	var err error
	if entry.Words, err = log.Words(ctx, i, wordsChanged); err != nil {
		return entry, err
	}
	gist, err := log.Gist(ctx, i)
	if err == nil && gist.Class != schemas.NotCompared {
		entry.Class, entry.Passage = gist.Class, gist.Passage
	}
	return entry, err
}

func wordsChanged(before, after string) schemas.Words {
	stat := textdiff.Compare(before, after).Stat()
	return schemas.Words{Added: stat.WordsAdded, Deleted: stat.WordsDeleted, Kept: stat.WordsKept}
}

func archiveRow(e schemas.LogEntry) []string {
	return []string{strconv.FormatInt(e.Sequence, 10), e.Commit[:12], minute(e.Time), string(e.Kind), archive.SpokenName(e.Subject)}
}

func pageRow(e schemas.LogEntry) []string {
	words := []string{logWords(e)}
	if e.Withheld > 0 {
		words = append(words, fmt.Sprintf("withheld by snapshot %d", e.Withheld))
	}
	if proven := bracketWords(e.Bracket); proven != "" {
		words = append(words, proven)
	}
	return []string{strconv.FormatInt(e.Sequence, 10), e.Commit[:12], minute(e.Time), string(e.Kind), string(e.Outcome), strings.Join(words, "; ")}
}

func logWords(e schemas.LogEntry) string {
	switch {
	case e.Kind == schemas.KindRederive:
		return "text read anew by another extractor"
	case e.Version == 1:
		return "version 1: " + e.Title
	case e.Version > 1 && e.Words != nil:
		return fmt.Sprintf("version %d: %s%s added, %d deleted", e.Version, classOf(e), count(e.Words.Added, "word"), e.Words.Deleted)
	case e.Version > 1:
		return strings.TrimSuffix(fmt.Sprintf("version %d: %s", e.Version, strings.TrimSuffix(classOf(e), ", ")), ": ")
	case e.Untracked:
		return "untracked"
	case e.Outcome == schemas.Served && !e.Class.Quiet() && e.Class != "":
		return strings.TrimSuffix(classOf(e), ", ")
	case e.Outcome == schemas.Served:
		return "same text"
	case e.Outcome == "" && e.Kind == schemas.KindCheck:
		return "as before the passing fault"
	case e.Outcome == "":
		return "as before, captured as a post"
	}
	return ""
}

// classOf names the verdict on a capture, with its gravest passage; "" when
// there is none.
func classOf(e schemas.LogEntry) string {
	words := classWords[e.Class]
	if words == "" {
		return ""
	}
	if e.Passage != nil {
		words += ": " + passageWords(*e.Passage, 0)
	}
	return words + ", "
}
