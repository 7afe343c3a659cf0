package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) searchCommand() *cli.Command {
	return &cli.Command{
		Name: "search", Usage: "find words in what pages said",
		UsageText: "walkback search WORDS",
		Description: `Finds the versions whose text has all of the WORDS, those recorded last first, and
shows for each page the newest of them with the line that has most of the words.
Words are found whole, whatever their case or accents; in Chinese, Japanese,
Korean, Thai and the like, any part of a sentence. An argument of several words,
or what stands between double quotes, is a phrase. That nothing is found is no
error.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "every version that has the words, not only the newest of each page"},
			&cli.IntFlag{Name: "n", Usage: "list at most `N`", Value: 20},
			&cli.IntFlag{Name: "skip", Usage: "pass over the first `N`"},
			&cli.BoolFlag{Name: "json", Usage: "print a search/1 document"},
		},
		Action: p.search,
	}
}

func (p *program) search(c *cli.Context) error {
	options := archive.SearchOptions{Skip: c.Int("skip"), Limit: c.Int("n"), EveryVersion: c.Bool("all")}
	words := searchWords(c.Args().Slice())
	switch {
	case words == "":
		return &usage{message: "search needs WORDS", hint: "for example walkback search hollow piles"}
	case options.Limit < 1 || options.Skip < 0:
		return &usage{message: "-n is at least 1, --skip at least 0", hint: "leave them out for the first 20"}
	}
	a, err := p.openIndexed(c)
	if err != nil {
		return err
	}
	defer a.Close()
	found, more, err := a.Search(c.Context, words, options)
	var refused *archive.QueryError
	if errors.As(err, &refused) {
		return &usage{message: refused.Error(), hint: `write a phrase as '"pier four"'`}
	}
	if err != nil {
		return err
	}
	result := &schemas.Search{Schema: schemas.SearchSchema, ArchiveID: a.ID(), Words: words, More: more}
	for _, f := range found {
		result.Hits = append(result.Hits, searchHit(f))
	}
	if c.Bool("json") {
		return p.printJSON(result)
	}
	p.printSearch(result, options)
	return nil
}

// searchWords joins the arguments. The shell has taken the quotation marks off
// a phrase: they are put back.
func searchWords(args []string) string {
	var words []string
	for _, arg := range args {
		if arg = strings.TrimSpace(arg); strings.IndexFunc(arg, unicode.IsSpace) > 0 && !strings.ContainsAny(arg, `"“”„`) {
			arg = `"` + arg + `"`
		}
		if arg != "" {
			words = append(words, arg)
		}
	}
	return strings.Join(words, " ")
}

func searchHit(f archive.Found) schemas.SearchHit {
	page := f.Page
	hit := schemas.SearchHit{
		Page: page.ID, URL: page.Name, Version: f.Number, Sequence: page.Snapshot.Message.Sequence,
		Commit: page.Snapshot.Commit.ID.String(), CapturedAt: page.Capture.CapturedAt,
	}
	if page.Capture.Text != nil {
		hit.Title = page.Capture.Text.Title
	}
	for _, part := range f.Snippet {
		hit.Snippet = append(hit.Snippet, schemas.SnippetPart{Text: part.Text, Match: part.Match})
	}
	return hit
}

func (p *program) printSearch(result *schemas.Search, options archive.SearchOptions) {
	for _, hit := range result.Hits {
		p.printf("%s  version %d  %s  #%d\n", archive.SpokenName(hit.URL), hit.Version, minute(hit.CapturedAt), hit.Sequence)
		p.printf("    ")
		for _, part := range hit.Snippet {
			if part.Match && p.colours() {
				fmt.Fprint(p.stdout, "\x1b[1m")
				p.printf("%s", part.Text)
				fmt.Fprint(p.stdout, "\x1b[0m")
			} else {
				p.printf("%s", part.Text)
			}
		}
		p.printf("\n")
	}
	switch {
	case result.More:
		p.say("note", "there are more: --skip %d shows the next", options.Skip+len(result.Hits))
	case len(result.Hits) == 0 && options.Skip == 0:
		p.say("note", "no version has all of these words")
	}
}
