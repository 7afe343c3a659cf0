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
	list := schemas.PageList{Schema: schemas.PageListSchema, ArchiveID: a.ID()}
	for listed, err := range head.List(c.Context) {
		if err != nil {
			return err
		}
		if (listed.Post || !c.Bool("posts")) && holdsAny(listed, c.Args().Slice()) {
			list.Pages = append(list.Pages, listed)
		}
	}
	slices.SortFunc(list.Pages, func(a, b schemas.ListedPage) int { return strings.Compare(a.URL, b.URL) })
	if c.Bool("json") {
		return p.printJSON(&list)
	}
	p.printList(&list)
	return nil
}

func holdsAny(page schemas.ListedPage, words []string) bool {
	text := strings.ToLower(page.URL + "\n" + page.Title)
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) })
}

func (p *program) printList(list *schemas.PageList) {
	var rows [][]string
	for _, page := range list.Pages {
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
		rows = append(rows, []string{kind, outcome, minute(page.CapturedAt), size(page.Bytes), archive.SpokenName(page.URL), page.Title})
	}
	p.columns(rows)
}
