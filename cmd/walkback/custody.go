package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) custodyCommand() *cli.Command {
	return &cli.Command{
		Name: "custody", Usage: "tell who did what to an archive, with what, and when",
		UsageText: "walkback custody [PAGE]",
		Description: `Newest first: captures and what took them in, digests and signatures, texts read anew,
who was let in to sign, timestamps, co-signatures and checkpoints, and what was
withheld; in the words of PREMIS, with the key, and the program where that is on
record. For a PAGE, its own events and what vouches for its snapshots. It tells what
the history says: walkback verify says whether that is so. What leaves no trace in an
archive, such as a verification or a copy, is not in it.

walkback export PAGE --to premis writes it as PREMIS 3.0 XML.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "list at most `N`"},
			&cli.BoolFlag{Name: "json", Usage: "print a custody/1 document"},
		},
		Action: p.custody,
	}
}

func (p *program) custody(c *cli.Context) error {
	if c.Int("n") < 0 {
		return &usage{message: "-n must not be negative", hint: "without -n, all are listed"}
	}
	if c.Args().Len() > 1 {
		return &usage{message: "custody takes one PAGE", hint: "walkback custody " + shellWord(c.Args().First())}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return err
	}
	defer a.Close()
	list := &schemas.Custody{Schema: schemas.CustodySchema, ArchiveID: a.ID()}
	var page *archive.PageRef
	if c.Args().Present() {
		head, err := a.Head()
		if err != nil {
			return err
		}
		ref, err := head.Find(c.Context, c.Args().First())
		if err != nil {
			return err
		}
		page, list.Page, list.URL = &ref, ref.ID, ref.Name
	}
	events := firstOf(provenance.Custody(c.Context, a, page), c.Int("n"))
	if c.Bool("json") {
		return printJSONList(p, list, events)
	}
	return printRows(p, events, custodyRow)
}

func custodyRow(e schemas.CustodyEvent) []string {
	agent := e.Agent
	if e.Tool != nil {
		agent += ", with " + e.Tool.Name + " " + e.Tool.Version
	}
	return []string{strconv.FormatInt(e.Sequence, 10), minute(e.At), string(e.Type), agent, custodyWords(e)}
}

// custodyWords says what an event was about, and how it ended.
func custodyWords(e schemas.CustodyEvent) string {
	var words []string
	if e.URL != "" {
		words = append(words, archive.SpokenName(e.URL))
	}
	for _, word := range []string{e.Outcome, e.Detail} {
		if word != "" {
			words = append(words, word)
		}
	}
	if n := len(e.Objects); n > 1 {
		words = append(words, count(n, "file"))
	} else if n == 1 {
		words = append(words, fmt.Sprintf("%s %s", e.Objects[0].File, e.Objects[0].SHA256))
	}
	return strings.Join(words, ", ")
}
