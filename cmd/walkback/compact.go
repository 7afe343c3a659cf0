package main

import (
	"fmt"
	"os/exec"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
)

func (p *program) compactCommand() *cli.Command {
	return &cli.Command{
		Name: "compact", Usage: "store an archive in less room",
		UsageText: "walkback compact",
		Description: `Packs all objects anew: the versions of a page beside each other, the newest
whole, each older one as what differs from the next newer. No snapshot, signature
or digest changes. The old packs go only when everything in the new ones has been
read back and compared; until then the archive needs room for both. Interrupted,
or killed, it leaves the archive as it was. Damage stops it before anything is
replaced.

Exit codes: 0 done; 1 could not run; 2 usage; 130 interrupted.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "only tell what it would come to"},
			waitFlag,
		},
		Action: p.compact,
	}
}

func (p *program) compact(c *cli.Context) error {
	if c.Args().Present() {
		return &usage{message: "compact takes no arguments", hint: "name the archive with --archive DIR"}
	}
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	git, _ := exec.LookPath("git") // without it there is no commit-graph
	progress := p.progress()
	report, err := a.Store().Compact(p.stop, gitstore.CompactOptions{
		Owner:    gitstore.Owner{Command: "walkback compact"},
		Wait:     c.Duration(waitFlag.Name),
		DryRun:   c.Bool("dry-run"),
		Git:      git,
		Counts:   isCapture,
		Progress: progress.show,
	})
	progress.clear()
	if err != nil {
		return err
	}
	p.printCompact(report)
	if report.NoGraph != "" && !c.Bool("dry-run") {
		p.say("note", "no commit-graph for git log was written: %s", report.NoGraph)
	}
	return nil
}

// isCapture reports whether a path is that of a page's capture record.
func isCapture(file string) bool {
	_, rest, ok := archive.PageFolder(file)
	return ok && rest == "capture.json"
}

func (p *program) printCompact(report *gitstore.CompactReport) {
	before, after := report.Before, report.After
	rows := [][]string{
		{"", "before", "after"},
		{"packs", fmt.Sprint(before.Packs), fmt.Sprint(after.Packs)},
		{"loose objects", fmt.Sprint(before.Loose), fmt.Sprint(after.Loose)},
		{"size", size(before.Bytes), size(after.Bytes)},
	}
	if report.Versions > 0 {
		rows = append(rows, []string{"size per capture", size(before.Bytes / report.Versions), size(after.Bytes / report.Versions)})
	}
	p.columns(rows)
	if report.Unreachable > 0 {
		p.printf("kept %s that main does not lead to\n", count(int(report.Unreachable), "object"))
	}
}
