package main

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) quotesCommand() *cli.Command {
	return &cli.Command{
		Name: "quotes", Usage: "show each quote of a post beside the passage it was taken from",
		UsageText: "walkback quotes [POST]",
		Description: `Shows what became of each quotation of a POST in its source: the quote, the
passage that it was bound to when it was captured, what stands there now, since
when, and the two commits that prove it. Passages that a post shares with a
source and does not mark are quotes too. Without a POST it lists the quotes of
all posts, a line each. With --of it shows which posts rely on a page, and on
which of its sentences.

The words that say what became of a quote:
  intact           the source says it where it said it
  moved            the source says it in another place
  context-changed  the source says it, and the words around it changed
  altered          words of it changed
  removed          it is gone from the source
  unseen           the source was not to be seen; the last verdict stands below

How it agreed with its source when it was bound: verbatim; normalised (case,
dashes or marks differ); elided (with omissions that the post marks); altered
(other words). Bound to no one place: ambiguous, not-found, unseen.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "of", Usage: "only what is quoted from the page `SOURCE`, by all posts"},
			&cli.BoolFlag{Name: "table", Usage: "a line for each quote, also for one POST"},
			&cli.BoolFlag{Name: "broken", Usage: "only quotes that their source does not say any more"},
			&cli.BoolFlag{Name: "json", Usage: "print a quotes/1 document"},
		},
		Action: p.quotes,
	}
}

func (p *program) quotes(c *cli.Context) error {
	if c.NArg() > 1 {
		return &usage{message: "quotes takes one POST", hint: "walkback quotes lists those of all posts"}
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
	doc := &schemas.Quotes{Schema: schemas.QuotesSchema, ArchiveID: a.ID()}
	var source *archive.PageRef
	if c.IsSet("of") {
		ref, err := head.Find(c.Context, c.String("of"))
		if err != nil {
			return err
		}
		source, doc.Of, doc.OfURL = &ref, ref.ID, ref.Name
	}
	posts, err := p.quotingPosts(c, head, source)
	if err != nil {
		return err
	}
	view := &quotesView{program: p, source: source}
	standings := view.standings(c.Context, a, posts, c.Bool("broken"))
	switch {
	case c.Bool("json"):
		return printJSONList(p, doc, standings)
	case c.Args().Present() && !c.Bool("table"):
		err = view.read(standings)
	default:
		err = printRows(p, view.rows(standings), func(row []string) []string { return row })
	}
	if err == nil && view.shown == 0 {
		view.sayNone(c)
	}
	return err
}

// quotingPosts yields the posts that the command line means.
func (p *program) quotingPosts(c *cli.Context, head *archive.Snapshot, source *archive.PageRef) (iter.Seq2[archive.PageRef, error], error) {
	switch {
	case c.Args().Present():
		ref, err := head.Find(c.Context, c.Args().First())
		if err != nil {
			return nil, err
		}
		page, err := head.Page(ref)
		if err != nil {
			return nil, err
		}
		if post, err := page.Post(); err != nil || post == nil {
			if err == nil {
				err = &usage{
					message: archive.SpokenName(ref.Name) + " is not a post: it was captured as a source only",
					hint:    "walkback quotes --of " + shellWord(ref.Name) + " shows who quotes it",
				}
			}
			return nil, err
		}
		return thesePosts(ref), nil
	case source != nil:
		refs, err := head.Citations().Of(c.Context, source.ID)
		return thesePosts(refs...), err
	}
	return func(yield func(archive.PageRef, error) bool) {
		for listed, err := range head.List(c.Context, func(page *schemas.ListedPage) bool { return page.Post }) {
			var ref archive.PageRef
			if err == nil {
				ref, err = archive.PageNamed(listed.URL)
			}
			if !yield(ref, err) || err != nil {
				return
			}
		}
	}, nil
}

// thesePosts yields posts that are known.
func thesePosts(refs ...archive.PageRef) iter.Seq2[archive.PageRef, error] {
	return func(yield func(archive.PageRef, error) bool) {
		for _, ref := range refs {
			if !yield(ref, nil) {
				return
			}
		}
	}
}

// quotesView prints quotes.
type quotesView struct {
	*program
	source *archive.PageRef
	shown  int
}

// standings yields the posts that have quotes to show.
func (v *quotesView) standings(ctx context.Context, a *archive.Archive, posts iter.Seq2[archive.PageRef, error], broken bool) iter.Seq2[schemas.PostQuotes, error] {
	return func(yield func(schemas.PostQuotes, error) bool) {
		for ref, err := range posts {
			var post *schemas.PostQuotes
			if err == nil {
				post, err = provenance.QuotesOf(ctx, a, ref, v.source)
			}
			if err != nil {
				yield(schemas.PostQuotes{}, err)
				return
			}
			if post == nil {
				continue
			}
			if broken {
				post.Quotes = onlyBroken(post.Quotes)
			}
			v.shown += len(post.Quotes)
			if len(post.Quotes) > 0 && !yield(*post, nil) {
				return
			}
		}
	}
}

func onlyBroken(quotes []schemas.QuoteStanding) []schemas.QuoteStanding {
	var broken []schemas.QuoteStanding
	for _, q := range quotes {
		if q.Fate.Broken() || q.LastFate.Broken() {
			broken = append(broken, q)
		}
	}
	return broken
}

func (v *quotesView) sayNone(c *cli.Context) {
	switch {
	case c.Bool("broken"):
		v.say("note", "no quote is broken")
	case v.source != nil:
		v.say("note", "no post quotes %s", archive.SpokenName(v.source.Name))
	case c.Args().Present():
		v.say("note", "no quotation was found in this post")
	default:
		v.say("note", "no post of this archive has quotations")
	}
}

// rows yields a row for each quote: what became of it, how it was bound, its
// words, where it stands and where it is from.
func (v *quotesView) rows(posts iter.Seq2[schemas.PostQuotes, error]) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for post, err := range posts {
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range post.Quotes {
				q := &post.Quotes[i]
				row := []string{standingWord(q), boundWord(q), quoted(q.Quote.Passage.Quote.Exact), archive.SpokenName(post.URL)}
				if v.source == nil && len(q.Quote.Places) == 1 {
					row = append(row, archive.SpokenName(q.Quote.Places[0].URL))
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// standingWord is the one word for how a quote stands.
func standingWord(q *schemas.QuoteStanding) string {
	if q.Fate == "" {
		return string(q.Quote.State)
	}
	return string(q.Fate)
}

// boundWord is how a quote agreed with its source when it was bound.
func boundWord(q *schemas.QuoteStanding) string {
	if q.Fate == "" {
		return ""
	}
	return string(q.Quote.State)
}

// read prints a post's quotes to be read.
func (v *quotesView) read(posts iter.Seq2[schemas.PostQuotes, error]) error {
	for post, err := range posts {
		if err != nil {
			return err
		}
		v.printf("%s, as of %s\n", archive.SpokenName(post.URL), minute(post.CapturedAt))
		for i := range post.Quotes {
			v.printf("\n")
			v.printQuote(&post.Quotes[i])
		}
	}
	return nil
}

const quoteIndent = "    "

func (v *quotesView) printQuote(q *schemas.QuoteStanding) {
	v.printf("%s\n", headWords(q))
	v.printWrapped("quote", inMarks(q.Quote.Passage.Quote.Exact)+speakerWords(q.Quote.Speaker))
	switch {
	case len(q.Quote.Places) > 1:
		for _, place := range q.Quote.Places {
			v.printf(quoteIndent+"perhaps   %s (snapshot %d): %s\n", place.URL, place.Sequence, quoted(exactWords(&place)))
		}
		return
	case len(q.Quote.Places) == 0:
		return
	}
	v.printf(quoteIndent+"%-9s %s\n", "source", q.Quote.Places[0].URL)
	v.printWrapped("passage", q.Context)
	v.printProof("bound", q.Bound)
	if q.Quote.State == schemas.QuoteAltered {
		v.printf(quoteIndent + "quoted    ")
		v.printSegments(q.Quote.Segments)
	}
	switch {
	case q.LastFate != "":
		v.printProof("last seen", q.LastSeen)
		v.printf(quoteIndent+"%-9s %s\n", "then", q.LastFate)
	case q.Since != nil:
		v.printProof("since", q.Since)
	}
	if q.Now != "" {
		v.printWrapped("now", q.NowContext)
		v.printf(quoteIndent + "changed   ")
		v.printSegments(q.Segments)
	}
	if len(q.Meaning) > 0 {
		v.printf(quoteIndent+"%-9s %s\n", "meaning", strings.Join(q.Meaning, ", "))
	}
	if q.Standing != "" {
		v.printf(quoteIndent+"%-9s the source says of itself: %s\n", "page", q.Standing)
	}
	if q.Notice != "" {
		v.printWrapped("notice", q.Notice)
	}
}

// printWrapped prints a text below its name, a line for each of its lines.
func (v *quotesView) printWrapped(name, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		v.printf(quoteIndent+"%-9s %s\n", name, line)
		name = ""
	}
}

func (v *quotesView) printProof(name string, proof *schemas.QuoteProof) {
	if proof == nil {
		return
	}
	v.printf(quoteIndent+"%-9s %s, snapshot %d, commit %s%s\n", name, minute(proof.CapturedAt), proof.Sequence, proof.Commit, outcomeNote(proof.Outcome))
}

func outcomeNote(outcome schemas.Outcome) string {
	if outcome == schemas.Served {
		return ""
	}
	return " (" + string(outcome) + ")"
}

// headWords says how a quote stands, and since when.
func headWords(q *schemas.QuoteStanding) string {
	words := strings.ToUpper(standingWord(q))
	switch {
	case q.Since == nil:
	case q.LastFate != "":
		words += " since " + minute(q.Since.CapturedAt)
	default:
		words += ", first seen so " + minute(q.Since.CapturedAt)
	}
	if q.Fate != "" && q.Quote.State == schemas.QuoteAltered {
		words += "; the post has other words"
	}
	return words
}

// inMarks puts a text between quotation marks, unless it has its own.
func inMarks(s string) string {
	if r, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("“„«\"", r) {
		return s
	}
	return "“" + s + "”"
}

func speakerWords(speaker string) string {
	if speaker == "" {
		return ""
	}
	return " — " + speaker
}

// exactWords is the passage of a place, its parts joined.
func exactWords(place *schemas.QuotePlace) string {
	parts := make([]string, len(place.Selections))
	for i, selection := range place.Selections {
		parts[i] = selection.Quote.Exact
	}
	return strings.Join(parts, " … ")
}

// countQuotes says how the quotes of posts stand in their sources.
func countQuotes(quotes []schemas.Quote) string {
	counts := map[schemas.QuoteState]int{}
	for _, q := range quotes {
		counts[q.State]++
	}
	var parts []string
	for _, part := range []struct {
		n     int
		words string
	}{
		{counts[schemas.QuoteVerbatim] + counts[schemas.QuoteNormalised] + counts[schemas.QuoteElided], "as the source has it"},
		{counts[schemas.QuoteAltered], "with other words than the source"},
		{counts[schemas.QuoteAmbiguous], "from one of several places"},
		{counts[schemas.QuoteNotFound], "in no source that was captured"},
		{counts[schemas.QuoteUnseen], "perhaps from a source that was not to be seen"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.words))
		}
	}
	return count(len(quotes), "quote") + ": " + strings.Join(parts, ", ")
}

// printQuoteNews prints what became of quotes, the broken ones always.
func (p *program) printQuoteNews(verdicts []schemas.QuoteVerdict, verbose bool) {
	for i := range verdicts {
		q := &verdicts[i]
		if !q.Breaks() && !q.Mends() && !verbose {
			continue
		}
		p.printf("%s: %s quotes %s: %s, between %s and %s\n",
			quoteLabel(q), archive.SpokenName(q.PostURL), q.URL, quoteNews(q), minute(q.Before.CapturedAt), minute(q.After.CapturedAt))
		if verbose {
			p.printf(passageIndent+"the post: %s\n"+passageIndent+"the source, snapshot %d: %s\n", quoted(q.Exact), q.Bound.Sequence, quoted(q.Passage))
			if q.Now != "" {
				p.printf(passageIndent+"the source, snapshot %d: %s\n", q.After.Sequence, quoted(q.Now))
			}
			if q.Notice != "" {
				p.printf(passageIndent+"its note: %s\n", quoted(q.Notice))
			}
		}
	}
}

func quoteLabel(q *schemas.QuoteVerdict) string {
	if q.Mends() {
		return "quote back"
	}
	return "quote " + string(q.Fate)
}

func quoteNews(q *schemas.QuoteVerdict) string {
	var words string
	switch q.Fate {
	case schemas.QuoteFateAltered:
		words = changeWords(q)
		if len(q.Meaning) > 0 {
			words += " (" + strings.Join(q.Meaning, ", ") + ")"
		}
	case schemas.QuoteRemoved:
		words = quoted(q.Passage) + " is gone"
	default:
		words = quoted(q.Passage) + " was " + string(q.Was) + " and is " + string(q.Fate)
	}
	if q.Notice != "" {
		words += "; a note of the page mentions it"
	}
	return words
}

// changeWords quotes the first place in which a passage changed, with the word
// behind it, and counts the others.
func changeWords(q *schemas.QuoteVerdict) string {
	places, first := 0, schemas.Passage{}
	inside := false
	for _, s := range q.Segments {
		switch {
		case s.Op == opEqual && inside && places == 1:
			first.Before, first.After = first.Before+firstWord(s.Text), first.After+firstWord(s.Text)
		case s.Op != opEqual && !inside:
			places++
		}
		inside = s.Op != opEqual
		switch {
		case places > 1:
		case s.Op == opDelete:
			first.Before += s.Text
		case s.Op == opInsert:
			first.After += s.Text
		}
	}
	if places == 0 {
		return passageWords(schemas.Passage{Before: q.Passage, After: q.Now}, 0)
	}
	first.Before, first.After = strings.TrimSpace(first.Before), strings.TrimSpace(first.After)
	return passageWords(first, places-1)
}

// firstWord returns a text up to the end of its first word.
func firstWord(s string) string {
	trimmed := strings.TrimLeft(s, " ")
	if i := strings.IndexAny(trimmed, " \n"); i >= 0 {
		trimmed = trimmed[:i]
	}
	return s[:len(s)-len(strings.TrimLeft(s, " "))] + trimmed
}
