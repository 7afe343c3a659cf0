package main

import (
	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
)

func (p *program) untrackCommand() *cli.Command {
	return &cli.Command{
		Name: "untrack", Usage: "stop looking at a page",
		UsageText: "walkback untrack PAGE...",
		Description: `check passes the PAGEs over from now on. What was captured stays, and the
decision is kept in the archive. Capturing a page again takes it back.

Exit codes: 0 done; 1 could not run; 2 usage; 11 the archive does not verify.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "reason", Usage: "`WHY`, kept in the archive"},
			waitFlag,
			keyFlag,
			signerFlag,
		},
		Action: writing(p.untrack),
	}
}

func (p *program) untrack(c *cli.Context) error {
	if !c.Args().Present() {
		return &usage{message: "untrack needs a PAGE", hint: "walkback list shows the pages"}
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	head, err := recorder.Archive.Head()
	if err != nil {
		return err
	}
	named, err := findPages(c.Context, head, c.Args().Slice())
	if err != nil {
		return err
	}
	var refs []archive.PageRef
	for _, ref := range named {
		page, err := head.Page(ref)
		if err != nil {
			return err
		}
		mark, err := page.Untracked()
		if err != nil {
			return err
		}
		if mark != nil {
			p.say("note", "%s is not looked at since %s", ref.Name, minute(mark.At))
			continue
		}
		refs = append(refs, ref)
	}
	if len(refs) == 0 {
		return nil
	}
	run, err := archive.NewRun(recorder.Archive, archive.RunOptions{Tool: tool(), Now: p.now})
	if err != nil {
		return err
	}
	defer run.Close()
	snapshot, err := recorder.Untrack(c.Context, run, clean(c.String("reason")), refs...)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		p.printf("untracked %s\n", archive.SpokenName(ref.Name))
	}
	p.printf("snapshot %d, commit %.12s\n", snapshot.Message.Sequence, snapshot.Commit.ID)
	return nil
}
