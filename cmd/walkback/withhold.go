package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) withholdCommand() *cli.Command {
	return &cli.Command{
		Name: "withhold", Usage: "take what a page said out of an archive, on record",
		UsageText: "walkback withhold PAGE@VERSION --reason WHY\n       walkback withhold --recorded",
		Description: `Removes the payload of a version, the text made of it, and the images and pictures
stored with it, from every pack of this archive. What is left is a signed record with
their digests and sizes, the reason, and when it was: verify reports WITHHELD, apart
from damage. That the page was captured, when, and from where stays. VERSION is as
for show; --all-versions takes every capture of PAGE. What other versions or pages
hold with the same bytes is listed, and nothing is done until you say what to do
with it. The page is not looked at any more, unless you say --keep-tracking.

It cannot be undone. The same command again completes one that was cut short. Other
copies of the archive keep what they have: bring them the snapshots (git push), then
run --recorded in each, which needs no key.

Exit codes: 0 done; 1 could not run, such as when other pages hold the same bytes;
2 usage; 11 the archive does not verify, or the key may not sign; 130 interrupted.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "reason", Usage: "`WHY`, kept in the archive for all to read"},
			&cli.StringFlag{Name: "authority", Usage: "`WHO` ordered it, such as a court and the number of a case, kept likewise"},
			&cli.BoolFlag{Name: "all-versions", Usage: "every capture of PAGE"},
			&cli.BoolFlag{Name: "everywhere", Usage: "also take the same bytes out of other versions and pages"},
			&cli.BoolFlag{Name: "keep-shared", Usage: "leave files that other versions or pages hold, too"},
			&cli.BoolFlag{Name: "keep-tracking", Usage: "go on looking at the page: what it says then is captured"},
			&cli.BoolFlag{Name: "recorded", Usage: "only remove here what records of this archive list, if it verifies"},
			&cli.BoolFlag{Name: "dry-run", Usage: "only tell what would be withheld"},
			&cli.BoolFlag{Name: "json", Usage: "print the withheld/1 document"},
			waitFlag,
			keyFlag,
			signerFlag,
		},
		Action: writing(p.withhold),
	}
}

// sharedError is returned for files that other versions or pages hold, too.
type sharedError struct{ shared []schemas.WithheldItem }

func (e *sharedError) Error() string {
	lines := []string{"other versions or pages hold the same bytes:"}
	for _, item := range e.shared[:min(len(e.shared), 20)] {
		lines = append(lines, "  "+itemWords(item))
	}
	if more := len(e.shared) - 20; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more captures", more))
	}
	return strings.Join(lines, "\n")
}

func (p *program) withhold(c *cli.Context) error {
	reason := clean(c.String("reason"))
	if c.Bool("recorded") {
		return p.withholdRecorded(c)
	}
	switch {
	case c.Args().Len() != 1:
		return &usage{message: "withhold takes one PAGE@VERSION", hint: "walkback log PAGE lists the versions"}
	case reason == "":
		return &usage{message: "withhold needs a --reason", hint: "it is kept in the archive: --reason 'erasure under Article 17 GDPR'"}
	case c.Bool("everywhere") && c.Bool("keep-shared"):
		return &usage{message: "--everywhere and --keep-shared exclude each other", hint: "walkback withhold --help"}
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	ref, number, err := withholdTarget(c, recorder.Archive)
	if err != nil {
		return err
	}
	plan, err := recorder.Archive.Withholding(c.Context, ref, number)
	if err != nil {
		return err
	}
	items, err := settleShared(c, plan)
	if err != nil {
		return err
	}
	if len(items) == 0 && len(plan.Before) == 0 {
		return errors.New("there is nothing to withhold: the archive holds no content of it")
	}
	if c.Bool("dry-run") {
		for _, item := range items {
			p.printf("would withhold %s\n", itemWords(item))
		}
		return nil
	}
	plan.Items = items
	repeated := p.repeated(c.Context, recorder.Archive, ref)
	progress := p.progress()
	result, err := recorder.Withhold(p.stop, ref, items, provenance.WithholdOptions{
		Reason: reason, Authority: clean(c.String("authority")), Untrack: !c.Bool("keep-tracking") && !ref.Given(),
		Objects: plan.Objects(items), Progress: progress.show,
	})
	progress.clear()
	if result != nil {
		if printErr := p.printWithheld(c, ref, plan, result); err == nil {
			err = printErr
		}
	}
	if err != nil {
		return err
	}
	for _, line := range repeated {
		p.say("note", "%s", line)
	}
	p.say("note", "clones, backups and bundles that were handed out keep what they have: bring each copy the new snapshots, then run walkback withhold --recorded there")
	return nil
}

// withholdRecorded removes from this copy what its records list.
func (p *program) withholdRecorded(c *cli.Context) error {
	if c.Args().Present() || c.IsSet("reason") {
		return &usage{message: "--recorded takes neither a PAGE nor a reason: the records have them", hint: "walkback withhold --recorded"}
	}
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	progress := p.progress()
	report, err := provenance.WithholdRecorded(p.stop, a, provenance.VerifyOptions{Memory: p.memory(), Now: p.now}, gitstore.WithholdOptions{
		Owner: gitstore.Owner{Command: "walkback withhold"}, Wait: c.Duration(waitFlag.Name), Progress: progress.show,
	})
	progress.clear()
	if err != nil {
		return err
	}
	p.printf("removed %s\n", count(len(report.Removed), "object"))
	return nil
}

// withholdTarget returns the page and the number of the version.
func withholdTarget(c *cli.Context, a *archive.Archive) (archive.PageRef, int, error) {
	spec := c.Args().First()
	head, err := a.Head()
	if err != nil {
		return archive.PageRef{}, 0, err
	}
	if c.Bool("all-versions") {
		ref, err := head.Find(c.Context, spec)
		return ref, archive.AllVersions, err
	}
	at := strings.LastIndexByte(spec, '@')
	if at <= 0 {
		return archive.PageRef{}, 0, &usage{
			message: "withhold needs a version: PAGE@VERSION", hint: "walkback log PAGE lists them; --all-versions takes all",
		}
	}
	ref, err := head.Find(c.Context, spec[:at])
	if err != nil {
		return ref, 0, err
	}
	versions, err := a.Versions(c.Context, ref)
	if err != nil {
		return ref, 0, err
	}
	// For reading, any later snapshot will do. Here a slip cannot be undone.
	if n, err := strconv.ParseInt(spec[at+1:], 10, 64); err == nil && n > head.Message.Sequence {
		return ref, 0, &archive.VersionError{Page: ref, Version: spec[at+1:], Reason: fmt.Sprintf("the newest snapshot is %d", head.Message.Sequence)}
	}
	version, err := archive.Resolve(ref, versions, spec[at+1:])
	return ref, version.Number, err
}

// settleShared returns what is withheld, by what was said about shared files.
func settleShared(c *cli.Context, plan *archive.Withholding) ([]schemas.WithheldItem, error) {
	switch {
	case len(plan.Shared) == 0:
		return plan.Items, nil
	case c.Bool("everywhere"):
		return append(plan.Items, plan.Shared...), nil
	case c.Bool("keep-shared"):
		return plan.WithoutShared(), nil
	}
	return nil, &sharedError{shared: plan.Shared}
}

func itemWords(item schemas.WithheldItem) string {
	var files []string
	for _, file := range item.Files {
		files = append(files, fmt.Sprintf("%s (%s)", file.File, size(file.Size)))
	}
	return fmt.Sprintf("%s, captured %s, snapshot %d: %s", archive.SpokenName(item.URL), minute(item.CapturedAt), item.Sequence, strings.Join(files, ", "))
}

func (p *program) printWithheld(c *cli.Context, ref archive.PageRef, plan *archive.Withholding, result *provenance.WithholdResult) error {
	if c.Bool("json") {
		if result.Record == nil {
			return p.printJSON(plan.Before[0].Withheld)
		}
		return p.printJSON(result.Record)
	}
	for _, item := range plan.Items {
		p.printf("withheld %s\n", itemWords(item))
	}
	for _, record := range plan.Before {
		p.printf("on record since %s, snapshot %d: %s\n", minute(record.At), record.Sequence, record.Reason)
	}
	if result.Untracked {
		p.printf("untracked %s\n", archive.SpokenName(ref.Name))
	}
	p.printf("removed %s\n", count(result.Removed, "object"))
	if s := result.Snapshot; s != nil {
		p.printf("snapshot %d, commit %.12s\n", s.Message.Sequence, s.Commit.ID)
	}
	return nil
}

// repeated says where else in the archive words of a page stand.
func (p *program) repeated(ctx context.Context, a *archive.Archive, ref archive.PageRef) []string {
	var lines []string
	head, err := a.Head()
	if err != nil {
		return nil
	}
	if posts, err := head.Citations().Of(ctx, ref.ID); err == nil {
		for _, post := range posts {
			lines = append(lines, fmt.Sprintf("%s quotes it: that post, and its post.json, keep the passages", archive.SpokenName(post.Name)))
		}
	}
	history, err := a.History(ctx, ref)
	if err != nil {
		return lines
	}
	titled, judged := false, false
	for _, page := range history {
		titled = titled || page.Capture.Text != nil && page.Capture.Text.Title != ""
		if change, err := page.Verdict(ctx); err == nil && change != nil {
			judged = judged || len(change.Passages)+len(change.Notices)+len(change.Fields) > 0
		}
	}
	if titled {
		lines = append(lines, "its title, and what else capture.json says of it, stay")
	}
	if judged {
		lines = append(lines, "verdicts in checks/ quote passages of it, and stay")
	}
	if aside, err := os.ReadDir(filepath.Join(a.Dir(), "walkback", "damaged")); err == nil && len(aside) > 0 {
		lines = append(lines, "walkback/damaged holds packs that a repair moved aside, and may hold it: remove what you do not need")
	}
	return lines
}
