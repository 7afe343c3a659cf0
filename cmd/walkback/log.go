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
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) logCommand() *cli.Command {
	return &cli.Command{
		Name: "log", Usage: "list the snapshots of an archive, or of one page",
		UsageText: "walkback log [PAGE]",
		Description: `Newest first. For a PAGE, each capture with its outcome and, for a new version
of the text, its number and the words that changed.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		CustomHelpTemplate: commandHelp,
		OnUsageError:       usageError,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "list at most `N`"},
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
		if entries, err = pageLog(c.Context, a, ref); err != nil {
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

func pageLog(ctx context.Context, a *archive.Archive, ref archive.PageRef) (iter.Seq2[schemas.LogEntry, error], error) {
	history, err := a.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	numbers := map[int64]int{}
	for _, v := range archive.VersionsOf(history) {
		numbers[v.Sequence] = v.Number
	}
	var entries []schemas.LogEntry
	verdicts := archive.NewVerdicts()
	var last string // text of the version before, as it was last read
	for _, page := range history {
		entry := logEntry(page.Snapshot)
		mark, err := page.Untracked()
		if err != nil {
			return nil, err
		}
		entry.Untracked = mark != nil
		if page.Capture.Sequence == entry.Sequence {
			entry.Outcome, entry.Captured, entry.Payload = page.Capture.Access.Outcome, page.Capture.CapturedAt, page.State().Payload
			if entry.Version = numbers[entry.Sequence]; entry.Version > 0 {
				if err := addVersion(&entry, page, &last); err != nil {
					return nil, err
				}
			}
			gist, err := verdicts.Gist(ctx, page)
			if err != nil {
				return nil, err
			}
			if gist.Class != schemas.NotCompared {
				entry.Class, entry.Passage = gist.Class, gist.Passage
			}
		} else if entry.Kind == schemas.KindRederive {
			text, err := page.Text()
			if err != nil {
				return nil, err
			}
			last = string(text)
		}
		entries = append(entries, entry)
	}
	return func(yield func(schemas.LogEntry, error) bool) {
		for _, entry := range slices.Backward(entries) {
			if !yield(entry, nil) {
				return
			}
		}
	}, nil
}

// addVersion says what a version brought.
func addVersion(entry *schemas.LogEntry, page *archive.Page, last *string) error {
	text, err := page.Text()
	if err != nil || text == nil {
		return err
	}
	entry.Title = page.Capture.Text.Title
	if entry.Version > 1 {
		stat := textdiff.Compare(*last, string(text)).Stat()
		entry.Words = &schemas.Words{Added: stat.WordsAdded, Deleted: stat.WordsDeleted, Kept: stat.WordsKept}
	}
	*last = string(text)
	return nil
}

func archiveRow(e schemas.LogEntry) []string {
	return []string{strconv.FormatInt(e.Sequence, 10), e.Commit[:12], minute(e.Time), string(e.Kind), e.Subject}
}

func pageRow(e schemas.LogEntry) []string {
	return []string{strconv.FormatInt(e.Sequence, 10), e.Commit[:12], minute(e.Time), string(e.Kind), string(e.Outcome), logWords(e)}
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
