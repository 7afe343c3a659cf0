package main

import (
	"iter"
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
or title holds one of them. With --due, the pages that check looks at by when they
are due for "check --due", soonest first: when, the last look, the outcome.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "posts", Usage: "only pages that were captured as posts"},
			&cli.BoolFlag{Name: "due", Usage: "when check --due looks at the pages again"},
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
	found := false
	wanted := func(page *schemas.ListedPage) bool {
		fits := (page.Post || !c.Bool("posts")) && holdsAny(page, words)
		found = found || fits
		return fits
	}
	pages, row := head.List(c.Context, wanted), listRow
	if c.Bool("due") {
		pages, row = onlyPages(head.Due(c.Context, farAway, 0), wanted), dueRow
	}
	if c.Bool("json") {
		return printJSONList(p, &schemas.PageList{Schema: schemas.PageListSchema, ArchiveID: a.ID()}, pages)
	}
	err = printRows(p, pages, row)
	if err == nil && !found && len(words) > 0 {
		p.say("note", "no page has one of these words in its address or title")
	}
	return err
}

// onlyPages yields the pages that are wanted.
func onlyPages(pages iter.Seq2[schemas.ListedPage, error], wanted func(*schemas.ListedPage) bool) iter.Seq2[schemas.ListedPage, error] {
	return func(yield func(schemas.ListedPage, error) bool) {
		for page, err := range pages {
			if (err != nil || wanted(&page)) && !yield(page, err) {
				return
			}
		}
	}
}

// dueRow is a page in a list of when pages are due.
func dueRow(page schemas.ListedPage) []string {
	return []string{minute(page.DueAt), minute(page.LookedAt), string(page.Outcome), archive.SpokenName(page.URL), page.Title}
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
