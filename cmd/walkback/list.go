package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) listCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the pages of an archive",
		UsageText: "walkback list [WORDS]",
		Description: `Lists every page with its newest capture; with WORDS, only those whose address
or title holds one of them.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		CustomHelpTemplate: commandHelp,
		OnUsageError:       usageError,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "posts", Usage: "only pages that were captured as posts"},
			&cli.BoolFlag{Name: "json", Usage: "print a page-list/1 document"},
		},
		Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	a, err := p.openIndexed(c)
	if err != nil {
		return err
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return err
	}
	var words []string
	for _, word := range c.Args().Slice() {
		words = append(words, strings.ToLower(word))
	}
	pages := head.List(c.Context, func(page *schemas.ListedPage) bool {
		return (page.Post || !c.Bool("posts")) && holdsAny(page, words)
	})
	if c.Bool("json") {
		return printJSONList(p, &schemas.PageList{Schema: schemas.PageListSchema, ArchiveID: a.ID()}, pages)
	}
	return printRows(p, pages, listRow)
}

// holdsAny reports whether one of the words, in lower case, is in a page's
// address or title.
func holdsAny(page *schemas.ListedPage, words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(page.URL + "\n" + page.Title)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

func listRow(page schemas.ListedPage) []string {
	kind := "source"
	if page.Post {
		kind = "post"
	}
	outcome := string(page.Outcome)
	if page.Method == schemas.Given {
		outcome = "given"
	} else if !page.Tracked {
		outcome += ", untracked"
	}
	return []string{kind, outcome, minute(page.CapturedAt), size(page.Bytes), archive.SpokenName(page.URL), page.Title}
}
