package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) retractionsCommand() *cli.Command {
	return &cli.Command{
		Name: "retractions", Usage: "mark publications that a list of retractions names",
		UsageText: "walkback retractions import FILE",
		Description: `Lists of retractions come from others: Retraction Watch, Crossref, PubMed.

Exit codes: 0 done; 1 could not run; 2 usage; 11 the archive does not verify.`,
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return &usage{message: fmt.Sprintf("there is no command %q", "retractions "+name), hint: "walkback retractions import FILE"}
			}
			return &usage{message: "retractions needs a command", hint: "walkback retractions import FILE"}
		},
		Subcommands: []*cli.Command{{
			Name: "import", Usage: "mark the pages whose DOI is in a list",
			UsageText: "walkback retractions import FILE",
			Description: `Reads a list of retractions and marks the pages of the archive whose DOI is in it.
FILE is the CSV file of Retraction Watch, XML of PubMed or
JATS, or JSON of the Crossref REST API: a work,
a list of works, or an answer to a query (update-to of a notice, updated-by of an
article). Nothing is asked over the network. What is marked is signed and kept;
show tells it. Corrections and expressions of concern are never called retractions,
and what a list says of a part or of a notice itself is no more than suspect.

Exit codes: 0 done; 1 could not run; 2 usage; 11 the archive does not verify.`,
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "json", Usage: "print a retraction-report/1 document"},
				waitFlag,
				keyFlag,
				signerFlag,
			},
			Action: p.importRetractions,
		}},
	}
}

func (p *program) importRetractions(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return &usage{message: "retractions import takes one FILE", hint: "walkback retractions import retraction_watch.csv"}
	}
	file, err := os.Open(c.Args().First())
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := p.loadSettings(); err != nil {
		return err
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	list, err := provenance.ReadRetractions(c.Context, file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.Args().First(), err)
	}
	run, err := archive.NewRun(recorder.Archive, archive.RunOptions{Tool: tool()})
	if err != nil {
		return err
	}
	report, err := recorder.MarkRetractions(c.Context, run, list)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return p.printJSON(report)
	}
	for _, page := range report.Pages {
		for _, record := range page.Records {
			p.printf("%-12s %s: doi %s, %s\n", record.Class, page.URL, page.DOI, recordWords(record))
		}
	}
	p.printf("%s in the list, %s with a DOI, %d named in it\n", count(report.Records, "record"), count(report.DOIs, "page"), len(report.Pages))
	return nil
}

// recordWords says what a list has on a publication.
func recordWords(r schemas.RetractionRecord) string {
	words := []string{r.Nature}
	if r.Date != "" {
		words = append(words, "of "+r.Date)
	}
	if r.Notice != "" {
		words = append(words, "notice doi "+r.Notice)
	}
	words = append(words, "by "+r.Source)
	if r.Confidence != schemas.Certain {
		reason := string(r.Confidence)
		if r.Reason != "" {
			reason += ": " + r.Reason
		}
		words = append(words, reason)
	}
	return strings.Join(words, ", ")
}
