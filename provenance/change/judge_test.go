package change_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

var seen = schemas.TimeOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))

func side(outcome schemas.Outcome, d *extract.Document) change.Side {
	return change.Side{State: schemas.State{Outcome: outcome}, Document: d}
}

// story is a page of news whose parts a test exchanges.
type story struct {
	head, headline, byline, lead, body, notice, around string
}

var fire = story{
	head:     `<meta property="article:published_time" content="2026-11-20T08:00:00Z"><meta property="article:modified_time" content="2026-11-20T09:00:00Z">`,
	headline: "Fire destroys the old harbour hall of Northport",
	byline:   "Maria Lindgren",
	lead:     "The mayor said that 12 people are dead after the fire, and that the hall cannot be saved.",
	body: `<p>The hall was built in 1902 by Karl Berg, who also built the lighthouse, and it was used as a store for grain and wool.</p>
<p>“We will not rest until the cause is known,” the fire chief said on Tuesday, when the last of the flames were out.</p>
<p>The insurance may pay for the loss, the owner wrote in a <a href="https://owner.example/statement">statement</a>, but it has to be asked first.</p>`,
	around: `<div class="related"><h3>More</h3><ul><li><a href="/a">A first other story of the day</a></li></ul></div>`,
}

func (s story) page() string {
	return `<html><head><title>` + s.headline + ` | Northport Times</title><meta property="og:title" content="` + s.headline + `">` + s.head + `</head><body>
<nav><a href="/">Home</a> <a href="/news">News</a></nav><article><h1>` + s.headline + `</h1><p class="byline">By <a rel="author" href="/authors/x">` + s.byline + `</a></p>
<p>` + s.lead + `</p>` + s.body + s.notice + `</article>` + s.around + `<footer>Northport Times</footer></body></html>`
}

// with returns the story with one text in the place of another.
func (s story) with(old, new string) story {
	count := 0
	for _, part := range []*string{&s.head, &s.headline, &s.byline, &s.lead, &s.body, &s.notice, &s.around} {
		count += strings.Count(*part, old)
		*part = strings.ReplaceAll(*part, old, new)
	}
	if count == 0 {
		panic("not in the story: " + old)
	}
	return s
}

func (s story) noted(notice string) story  { s.notice = notice; return s }
func (s story) beside(around string) story { s.around = around; return s }

func pageOf(t testing.TB, html string) *extract.Document {
	t.Helper()
	d, err := extract.Read(t.Context(), extract.Input{Payload: []byte(html), ContentType: "text/html", URL: "https://times.example/harbour/fire", At: seen.Time()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func judge(t testing.TB, before, after change.Side, history change.History) schemas.Change {
	t.Helper()
	got, err := change.Judge(before, after, history)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestNotCompared has the rules that look at no text.
func TestNotCompared(t *testing.T) {
	d := pageOf(t, fire.page())
	served := side(schemas.Served, d)
	cut := served
	cut.Cut = true
	paid := func(n byte) change.Side {
		s := side(schemas.Served, nil)
		s.State.Payload = schemas.DigestOf([]byte{n})
		return s
	}
	for _, test := range []struct {
		name          string
		before, after change.Side
		class         schemas.ChangeClass
		rule          string
		confidence    schemas.Confidence
	}{
		{"blocked after", served, side(schemas.Blocked, nil), schemas.NotCompared, "not-served", schemas.Certain},
		{"missing before", side(schemas.Missing, nil), served, schemas.NotCompared, "not-served", schemas.Certain},
		{"failed twice", side(schemas.Missing, nil), side(schemas.Gone, nil), schemas.NotCompared, "not-served", schemas.Certain},
		{"challenge with a text of its own", served, side(schemas.Challenged, d), schemas.NotCompared, "not-served", schemas.Certain},
		{"cut by us", served, cut, schemas.NotCompared, "cut-short", schemas.Certain},
		{"other bytes", paid(1), paid(2), schemas.Changed, "bytes-only", schemas.Certain},
		{"same bytes", paid(1), paid(1), schemas.Unchanged, "same-payload", schemas.Certain},
		{"text gone", served, side(schemas.Served, nil), schemas.Changed, "text-gone", schemas.Suspect},
		{"text appeared", side(schemas.Served, nil), served, schemas.Changed, "text-appeared", schemas.Suspect},
		{"same text", served, served, schemas.Unchanged, "same-text", schemas.Certain},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := judge(t, test.before, test.after, nil)
			if got.Class != test.class || got.Rule != test.rule || got.Confidence != test.confidence {
				t.Errorf("got %s by %s (%s), want %s by %s (%s)", got.Class, got.Rule, got.Confidence, test.class, test.rule, test.confidence)
			}
			if len(got.Evidence) == 0 || got.Evidence[0] == "" {
				t.Error("a verdict without evidence")
			}
		})
	}
}

const correction = `<p class="correction"><em>Correction: An earlier version of this article misstated the number of the dead.</em></p>`

// TestClasses has the content classes, each with what must not be taken for it.
func TestClasses(t *testing.T) {
	undated := fire
	undated.head = ""
	tagged := func(tag string) story { s := fire; s.head += tag; return s }
	const status = `<script type="application/ld+json">{"@type":"ScholarlyArticle","headline":"Fire destroys the old harbour hall of Northport","creativeWorkStatus":"Retracted"}</script>`
	type row struct {
		before, after story
		class         schemas.ChangeClass
		rule          string
		meaning       string // the gravest
		also          []schemas.ChangeClass
	}
	for name, test := range map[string]row{
		"number":                 {fire, fire.with("12 people", "17 people"), schemas.StealthEdit, "no-notice-undated", "number", nil},
		"number as a word":       {fire.with("12 people", "twelve people"), fire.with("12 people", "seventeen people"), schemas.StealthEdit, "no-notice-undated", "number", nil},
		"number, undated page":   {undated, undated.with("12 people", "17 people"), schemas.SubstantiveEdit, "words-differ", "number", nil},
		"number, date moved on":  {fire, fire.with("12 people", "17 people").with("T09:00", "T11:00"), schemas.StealthEdit, "no-notice-dated", "number", nil},
		"decimal point":          {fire.with("12 people", "1.25 people"), fire.with("12 people", "125 people"), schemas.StealthEdit, "no-notice-undated", "number", nil},
		"sign of a number":       {fire.with("12 people", "a change of 5 per mille and people"), fire.with("12 people", "a change of -5 per mille and people"), schemas.StealthEdit, "no-notice-undated", "number", nil},
		"negation":               {fire, fire.with("cannot be saved", "can be saved"), schemas.StealthEdit, "no-notice-undated", "negation", nil},
		"negation added":         {fire, fire.with("are dead", "are not dead"), schemas.StealthEdit, "no-notice-undated", "negation", nil},
		"date in another zone":   {fire, fire.with("T08:00:00Z", "T09:00:00+01:00"), schemas.Unchanged, "same-text", "", nil},
		"name":                   {fire, fire.with("Karl Berg", "Karl Borg"), schemas.StealthEdit, "no-notice-undated", "name", nil},
		"name that opens":        {fire.with("The mayor said", "Bergman said"), fire.with("The mayor said", "Borgman said"), schemas.StealthEdit, "no-notice-undated", "name", nil},
		"words of a quotation":   {fire, fire.with("will not rest", "will never rest"), schemas.StealthEdit, "no-notice-undated", "negation", nil},
		"one letter of one":      {fire, fire.with("the cause is", "the causes is"), schemas.StealthEdit, "no-notice-undated", "quotation", nil},
		"quotation marks":        {fire.with("a store for grain", "a “store” for grain"), fire, schemas.StealthEdit, "no-notice-undated", "quotation", nil},
		"day":                    {fire, fire.with("Tuesday", "Thursday"), schemas.StealthEdit, "no-notice-undated", "name", nil},
		"auxiliary":              {fire, fire.with("may pay", "must pay"), schemas.StealthEdit, "no-notice-undated", "modal", nil},
		"other words":            {fire, fire.with("the loss", "the damage"), schemas.StealthEdit, "no-notice-undated", "words", nil},
		"sentence added":         {fire, fire.with("grain and wool.", "grain and wool. It had been empty since the war ended."), schemas.StealthEdit, "no-notice-undated", "sentence-added", nil},
		"paragraph added":        {fire, fire.with("<p>The insurance", "<p>The police are asking whoever saw something to call them at any hour.</p><p>The insurance"), schemas.StealthEdit, "no-notice-undated", "sentence-added", nil},
		"paragraph removed":      {fire.with("<p>The insurance", "<p>The police are asking whoever saw something to call them at any hour.</p><p>The insurance"), fire, schemas.StealthEdit, "no-notice-undated", "sentence-removed", nil},
		"spelling":               {fire.with("lighthouse", "lighthuose"), fire, schemas.MinorEdit, "spelling", "spelling", nil},
		"punctuation":            {fire, fire.with("grain and wool.", "grain, and wool."), schemas.MinorEdit, "typography", "punctuation", nil},
		"typographic marks":      {fire, fire.with("“We", `"We`).with("known,”", `known,"`), schemas.MinorEdit, "typography", "typography", nil},
		"two words in one":       {fire.with("grain", "grain-seed"), fire.with("grain", "grainseed"), schemas.MinorEdit, "typography", "typography", nil},
		"moved":                  {fire, fire.with(fire.body, swapped(fire.body)), schemas.MovedText, "text-moved", "", nil},
		"around the article":     {fire, fire.beside(`<div class="related"><h3>More</h3><ul><li><a href="/b">Another story of another day</a></li></ul></div>`), schemas.BoilerplateOnly, "around-article", "", nil},
		"date of change alone":   {fire, fire.with("T09:00", "T11:00"), schemas.BoilerplateOnly, "modified-alone", "", nil},
		"headline":               {fire, fire.with("destroys", "damages"), schemas.HeadlineChange, "headline", "", nil},
		"byline":                 {fire, fire.with("Maria Lindgren", "Maria Lindgren and Per Holm"), schemas.BylineChange, "byline", "", nil},
		"date of publication":    {fire, fire.with("2026-11-20T08", "2026-11-19T08"), schemas.DateChange, "published", "", nil},
		"target of a link":       {fire, fire.with("owner.example/statement", "owner.example/other"), schemas.LinkTarget, "link-target", "", nil},
		"tracker of a link":      {fire, fire.with("owner.example/statement", "owner.example/statement?utm_source=x"), schemas.Unchanged, "same-text", "", nil},
		"link removed":           {fire, fire.with(`<a href="https://owner.example/statement">statement</a>`, "statement"), schemas.LinkTarget, "link-removed", "", nil},
		"number and headline":    {fire, fire.with("12 people", "17 people").with("destroys", "damages"), schemas.StealthEdit, "no-notice-undated", "number", []schemas.ChangeClass{schemas.HeadlineChange}},
		"correction":             {fire, fire.with("12 people", "17 people").noted(correction), schemas.Correction, "notice-added", "number", []schemas.ChangeClass{schemas.SubstantiveEdit}},
		"correction of nothing":  {fire, fire.noted(correction), schemas.Correction, "notice-added", "", nil},
		"clarification":          {fire, fire.noted(`<p>Clarification: This story has been updated to clarify that the hall was insured.</p>`), schemas.Clarification, "notice-added", "", nil},
		"update":                 {fire, fire.noted(`<p>Update, Nov. 21: This story has been updated with comments from the owner of the hall.</p>`), schemas.UpdateNote, "notice-added", "", nil},
		"old note, new edit":     {fire.noted(correction), fire.with("12 people", "17 people").noted(correction), schemas.StealthEdit, "no-notice-undated", "number", nil},
		"note edited":            {fire.noted(correction), fire.noted(strings.Replace(correction, "the dead", "the injured", 1)), schemas.NoticeEdited, "notice-edited", "", nil},
		"note removed":           {fire.noted(correction), fire, schemas.NoticeRemoved, "notice-removed", "", nil},
		"retracted by its title": {fire, fire.with("Fire destroys", "RETRACTED: Fire destroys"), schemas.Retraction, "standing-retraction", "", []schemas.ChangeClass{schemas.HeadlineChange}},
		"section":                {tagged(`<meta name="section" content="Ports">`), tagged(`<meta name="section" content="Fires">`), schemas.MetadataOnly, "section", "", nil},
		"robots":                 {tagged(`<meta name="robots" content="index">`), tagged(`<meta name="robots" content="noindex">`), schemas.MetadataOnly, "robots", "", nil},
		"canonical address":      {tagged(`<link rel="canonical" href="/a">`), tagged(`<link rel="canonical" href="/b">`), schemas.MetadataOnly, "canonical", "", nil},
		"corrected by headline":  {fire, fire.with("12 people", "17 people").with("Fire destroys", "CORRECTED-UPDATE 2-Fire destroys"), schemas.Correction, "headline-corrected", "number", []schemas.ChangeClass{schemas.SubstantiveEdit, schemas.HeadlineChange}},
		"sent again":             {fire, fire.with("Fire destroys", "REFILE-Fire destroys"), schemas.UpdateNote, "headline-refiled", "", []schemas.ChangeClass{schemas.HeadlineChange}},
		"withdrawn by headline":  {fire, fire.with("Fire destroys", "WITHDRAWAL-Fire destroys"), schemas.Withdrawal, "standing-withdrawal", "", nil},
		"retracted by metadata":  {fire, tagged(status), schemas.Retraction, "stated-retraction", "", nil},
		"correction in data":     {fire, tagged(`<script type="application/ld+json">{"@type":"NewsArticle","headline":"Fire destroys the old harbour hall of Northport","correction":{"@type":"CorrectionComment","text":"The number of the dead is 12, not 17."}}</script>`), schemas.Correction, "notice-added", "", nil},
		"heading of other level": {fire.with("<p>The insurance", "<h3>The insurance of the hall</h3><p>The insurance"), fire.with("<p>The insurance", "<h2>The insurance of the hall</h2><p>The insurance"), schemas.MinorEdit, "markup", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(t, side(schemas.Served, pageOf(t, test.before.page())), side(schemas.Served, pageOf(t, test.after.page())), nil)
			meaning := ""
			if len(got.Meaning) > 0 {
				meaning = got.Meaning[0]
			}
			if got.Class != test.class || got.Rule != test.rule || meaning != test.meaning {
				t.Errorf("got %s by %s, meaning %v, also %v; want %s by %s, %q first\n%+v", got.Class, got.Rule, got.Meaning, got.Also, test.class, test.rule, test.meaning, got)
			}
			for _, class := range test.also {
				if !slices.Contains(got.Also, class) {
					t.Errorf("also %v, want %s among them", got.Also, class)
				}
			}
			if len(got.Evidence) == 0 || got.Evidence[0] == "" {
				t.Error("a verdict without evidence")
			}
			if got.Extractor != extract.Name {
				t.Errorf("extractor %q", got.Extractor)
			}
		})
	}
}

// swapped exchanges the first two paragraphs.
func swapped(body string) string {
	paragraphs := strings.SplitAfter(body, "</p>")
	paragraphs[0], paragraphs[1] = paragraphs[1], paragraphs[0]
	return strings.Join(paragraphs, "")
}

// TestNeverConfused has what must not be reported as what, beside the rows
// above and those of package access.
func TestNeverConfused(t *testing.T) {
	retracted := fire.with("Fire destroys", "RETRACTED: Fire destroys")
	for name, test := range map[string]struct {
		before, after story
		never         []schemas.ChangeClass
	}{
		"retracted at the first capture":  {retracted, retracted.with("12 people", "17 people"), []schemas.ChangeClass{schemas.Retraction}},
		"an article on retractions":       {fire, fire.with("Fire destroys the old harbour hall of Northport", "Retracted publications in Indian science"), []schemas.ChangeClass{schemas.Retraction}},
		"a retraction of another article": {fire, fire.with("Fire destroys", "Retraction Note to: Fire destroys"), []schemas.ChangeClass{schemas.Retraction}},
		"a retracted study in the text":   {fire, fire.with("grain and wool.", "grain and wool. The study by Holm was retracted in May."), []schemas.ChangeClass{schemas.Retraction, schemas.Withdrawal}},
		"a partial retraction":            {fire, fire.noted("<p>This article has been retracted in part: the second figure is wrong.</p>"), []schemas.ChangeClass{schemas.Retraction}},
		"an erratum":                      {fire, fire.noted("<p>Erratum: This article misstated the year in which the hall was built.</p>"), []schemas.ChangeClass{schemas.Retraction, schemas.Withdrawal}},
		"an expression of concern":        {fire, fire.noted("<p>Editor's Note: Readers are alerted that the reliability of data in this article is currently in question.</p>"), []schemas.ChangeClass{schemas.Retraction}},
		"officers of correction":          {fire, fire.with("grain and wool.", "grain and wool. Correction officers were there."), []schemas.ChangeClass{schemas.Correction}},
		"a menu of corrections":           {fire, fire.beside(`<footer><a href="/c">Corrections and Clarifications</a></footer>`), []schemas.ChangeClass{schemas.Correction, schemas.Clarification}},
		"a counter":                       {fire.with("</p>\n<p>“We", "</p><p>4,099 views</p>\n<p>“We"), fire.with("</p>\n<p>“We", "</p><p>4,116 views</p>\n<p>“We"), edits},
		"an age":                          {fire.with("</p>\n<p>“We", "</p><p>Posted 1 hour ago</p>\n<p>“We"), fire.with("</p>\n<p>“We", "</p><p>Posted 2 hours ago</p>\n<p>“We"), edits},
		"moved text is no removal":        {fire, fire.with(fire.body, swapped(fire.body)), edits},
		"a paragraph now beside the text": {fire.with("<p>The insurance", "<p>The police are asking whoever saw something to call them at any hour.</p><p>The insurance"), fire.beside("<aside><p>The police are asking whoever saw something to call them at any hour.</p></aside>"), edits},
		"other related stories":           {fire, fire.beside(`<div class="related"><h3>More</h3><ul><li><a href="/c">Seventeen people are dead elsewhere</a></li></ul></div>`), edits},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(t, side(schemas.Served, pageOf(t, test.before.page())), side(schemas.Served, pageOf(t, test.after.page())), nil)
			for _, class := range append([]schemas.ChangeClass{got.Class}, got.Also...) {
				if slices.Contains(test.never, class) {
					t.Errorf("%s by %s %q, also %v: %+v", got.Class, got.Rule, got.Evidence, got.Also, got.Passages)
				}
			}
		})
	}
}

// A text that is read from another part of the page is no edit.
func TestOtherRoot(t *testing.T) {
	filler := "<p>The ships of the harbour were counted every evening by those who had nothing else to do, and their names were written down.</p>"
	other := "<p>The council met on Tuesday to speak of roads, of schools and of the price of water, and came to no end that evening at all.</p>"
	var long, another string
	for i := range 12 {
		long += strings.Replace(filler, "ships", fmt.Sprintf("ships of pier %d", i), 1)
		another += strings.Replace(other, "roads", fmt.Sprintf("road %d", i), 1)
	}
	before := pageOf(t, "<html><body><div id=a class=story>"+long+"</div></body></html>")
	after := pageOf(t, "<html><body><section><div id=b class=article-body>"+another+"</div></section></body></html>")
	got := judge(t, side(schemas.Served, before), side(schemas.Served, after), nil)
	if got.Class != schemas.ExtractionUnstable || got.Rule != "other-root" || !got.Class.Quiet() {
		t.Errorf("%s by %s %q, roots %q and %q", got.Class, got.Rule, got.Evidence, before.Root, after.Root)
	}
}

var edits = []schemas.ChangeClass{schemas.MinorEdit, schemas.SubstantiveEdit, schemas.StealthEdit, schemas.Removal}

// A digit in a sentence is news, however it looks like a counter.
func TestDigitsOfSentencesAreNeverTicks(t *testing.T) {
	for _, sentence := range []string{
		"Views of the 12 dead were shown to 340 visitors of the hall on that evening.",
		"12 dead",
		"Killed: 12",
		"The toll rose to 12 people.",
	} {
		before, after := fire.with("</p>\n<p>“We", "</p><p>"+sentence+"</p>\n<p>“We"), fire.with("</p>\n<p>“We", "</p><p>"+strings.Replace(sentence, "12", "17", 1)+"</p>\n<p>“We")
		got := judge(t, side(schemas.Served, pageOf(t, before.page())), side(schemas.Served, pageOf(t, after.page())), nil)
		if got.Class != schemas.StealthEdit || got.Meaning[0] != "number" {
			t.Errorf("%q: %s by %s %q", sentence, got.Class, got.Rule, got.Evidence)
		}
	}
}

// history makes a past of pages, oldest first.
func history(t *testing.T, pages ...string) change.History {
	t.Helper()
	past := &change.Past{}
	documents := make([]*extract.Document, len(pages))
	for i, page := range pages {
		documents[i] = pageOf(t, page)
		past.Captures = append(past.Captures, change.PastCapture{Content: schemas.DigestOf(documents[i].Markdown()), Reader: documents[i].Extractor()})
	}
	past.State = func(i int) (schemas.State, error) {
		return schemas.State{Sequence: int64(i), Outcome: schemas.Served, CapturedAt: seen, Payload: schemas.DigestOf([]byte(pages[i]))}, nil
	}
	past.Read = func(i int) (*extract.Document, error) { return documents[i], nil }
	return func() (*change.Past, error) { return past, nil }
}

func TestVolatile(t *testing.T) {
	at := func(line string) story { return fire.with("</p>\n<p>“We", "</p><p>"+line+"</p>\n<p>“We") }
	pages := func(format string, n int) (pages []string) {
		for i := range n {
			pages = append(pages, at(fmt.Sprintf(format, 100+i)).page())
		}
		return pages
	}
	for name, test := range map[string]struct {
		format string
		past   int
		quiet  bool
	}{
		"ticket, long watched": {"Ticket %d of this page", 4, true},
		"ticket, twice seen":   {"Ticket %d of this page", 1, false},
		"ticket, first change": {"Ticket %d of this page", 0, false},
		"sentence, each time":  {"The number of the dead and missing has now reached %d people.", 4, false},
		"quotation, each time": {"“Now there are %d,” she said.", 4, false},
		"label, each time":     {"Dead: %d", 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			all := pages(test.format, test.past+2)
			got := judge(t, side(schemas.Served, pageOf(t, all[test.past])), side(schemas.Served, pageOf(t, all[test.past+1])), history(t, all[:test.past]...))
			if got.Class.Quiet() != test.quiet || test.quiet != (len(got.Volatile) > 0) {
				t.Errorf("%s by %s %q, volatile %q", got.Class, got.Rule, got.Evidence, got.Volatile)
			}
		})
	}
}

func TestReturns(t *testing.T) {
	a, b, c := fire.page(), fire.with("12 people", "17 people").page(), fire.with("12 people", "19 people").page()
	for name, test := range map[string]struct {
		past    []string
		class   schemas.ChangeClass
		returns int
	}{
		"never before":  {[]string{c}, schemas.StealthEdit, 0},
		"back":          {[]string{a, b}, schemas.Restored, 1},
		"back again":    {[]string{a, b, a, b}, schemas.Oscillating, 3},
		"after another": {[]string{a, c, b}, schemas.Restored, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(t, side(schemas.Served, pageOf(t, b)), side(schemas.Served, pageOf(t, a)), history(t, test.past...))
			if got.Class != test.class || got.Returns != test.returns {
				t.Errorf("%s by %s, %d returns, want %s, %d", got.Class, got.Rule, got.Returns, test.class, test.returns)
			}
			if (test.returns > 0) != (got.Restores != nil) || test.returns > 0 && !slices.Contains(got.Also, schemas.StealthEdit) {
				t.Errorf("restores %v, also %v", got.Restores, got.Also)
			}
		})
	}
}

// TestStanding has the ways in which publications say how they stand.
func TestStanding(t *testing.T) {
	for name, test := range map[string]struct {
		title, text string
		want        schemas.ChangeClass
	}{
		"title of a publisher":    {"RETRACTED: A study of ships", "", schemas.Retraction},
		"title of another":        {"RETRACTED ARTICLE: A study of ships", "", schemas.Retraction},
		"withdrawn":               {"WITHDRAWN: A study of ships", "", schemas.Withdrawal},
		"removed":                 {"REMOVED: A study of ships", "", schemas.Removal},
		"withdrawn by an agency":  {"WITHDRAWAL: Ships sail", "", schemas.Withdrawal},
		"for a time":              {"TEMPORARY REMOVAL: A study of ships", "", schemas.Removal},
		"doubted":                 {"Expression of Concern: A study of ships", "", schemas.ExpressionOfConcern},
		"policy":                  {"A study of ships", "This article has been retracted: please see Elsevier Policy on Article Withdrawal.", schemas.Retraction},
		"request":                 {"A study of ships", "This article has been withdrawn at the request of the author(s) and/or editor.", schemas.Withdrawal},
		"alert":                   {"A study of ships", "Editor's Note: Readers are alerted that the reliability of data is in question.", schemas.ExpressionOfConcern},
		"editors":                 {"A study of ships", "The editors have retracted this article.", schemas.Retraction},
		"taken back":              {"A study of ships", "This article has been reinstated after a review.", schemas.Reinstatement},
		"taken down":              {"A story of ships", "This story has been removed because it did not meet our standards.", schemas.Removal},
		"bare word":               {"Retracted publications in Indian science", "", ""},
		"on a retraction":         {"How a study came to be retracted", "A study by Holm was retracted in May.", ""},
		"note on another":         {"Retraction Note to: A study of ships", "This article has been retracted.", ""},
		"correction":              {"Correction to: A study of ships", "", ""},
		"a removed part":          {"A study of ships", "This article has been retracted in part.", ""},
		"a removed figure":        {"A study of ships", "A figure of this article has been removed.", ""},
		"lower case in a heading": {"retracted: a study of ships", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &extract.Document{Title: test.title, Blocks: []extract.Block{{Text: test.text}, {Text: "Ships sail."}}}
			got := change.StandingOf(d)
			if got == nil && test.want == "" {
				return
			}
			if got == nil || got.Class != test.want {
				t.Errorf("got %+v, want %q", got, test.want)
			}
		})
	}
}

// TestPassages: passages are quoted with where they stand in text.md, the
// gravest first.
func TestPassages(t *testing.T) {
	after := pageOf(t, fire.with("the loss", "the damage").with("12 people", "17 people").page())
	got := judge(t, side(schemas.Served, pageOf(t, fire.page())), side(schemas.Served, after), nil)
	want := []schemas.Passage{
		{Line: 3, Before: "mayor said that 12 people are dead", After: "mayor said that 17 people are dead", Meaning: []string{"number"}},
		{Line: 9, Before: "pay for the loss, the owner", After: "pay for the damage, the owner", Meaning: []string{"words"}},
	}
	if diff := cmp.Diff(want, got.Passages); diff != "" {
		t.Errorf("passages (-want +got):\n%s", diff)
	}
	lines := strings.Split(string(after.Markdown()), "\n")
	for _, p := range got.Passages {
		if line := lines[p.Line-1]; !strings.Contains(line, p.After) {
			t.Errorf("line %d of text.md is %q", p.Line, line)
		}
	}
}

// document is a text of one paragraph a line.
func document(lines ...string) *extract.Document {
	d := &extract.Document{MediaType: "text/html", Title: "The harbour"}
	for _, line := range lines {
		d.Blocks = append(d.Blocks, extract.Block{Text: line})
	}
	return d
}

// TestBounds: a verdict stays small whatever the texts are.
func TestBounds(t *testing.T) {
	var before, after []string
	for i := range 100 {
		before = append(before, fmt.Sprintf("Line %d has the word alpha in the middle of a line.", i))
		after = append(after, fmt.Sprintf("Line %d has the word omega in the middle of a line.", i))
	}
	for name, test := range map[string]struct {
		before, after []string
		passages      int
	}{
		"many places":   {before, after, 20},
		"a long place":  {[]string{"Short."}, []string{strings.Repeat("数え切れない、", 2000)}, 2},
		"one long word": {[]string{"Short."}, []string{strings.Repeat("é", 5000)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(t, side(schemas.Served, document(test.before...)), side(schemas.Served, document(test.after...)), nil)
			if len(got.Passages) != test.passages {
				t.Errorf("%d passages, want %d", len(got.Passages), test.passages)
			}
			for _, p := range got.Passages {
				for _, quoted := range []string{p.Before, p.After} {
					if len(quoted) > 400+len("…") || !utf8.ValidString(quoted) || strings.Contains(quoted, "\n") {
						t.Errorf("a passage of %d bytes: %.80q", len(quoted), quoted)
					}
				}
			}
			got.Schema, got.Run, got.URL = schemas.ChangeSchema, "20261123T120000Z-01234567", "https://a.example/"
			got.Page = schemas.PageIDOf(got.URL)
			at := schemas.State{Sequence: 1, Outcome: schemas.Served, CapturedAt: seen}
			got.Before, got.After = at, at
			if line, err := schemas.EncodeLine(&got); err != nil || len(line) > 30_000 {
				t.Errorf("the line has %d bytes, %v", len(line), err)
			}
		})
	}
}

// FuzzJudge: any two pages give a verdict that can be written, and the same one
// again.
func FuzzJudge(f *testing.F) {
	f.Add(fire.page(), fire.with("12 people", "17 people").noted(correction).page())
	f.Add("<p>“a ‘b \xff 1.5 -3</p>", "<h2>RETRACTED: x</h2><p>'a b' 1,5 +3 不是</p>")
	f.Fuzz(func(t *testing.T, before, after string) {
		var sides [2]change.Side
		for i, page := range []string{before, after} {
			d, err := extract.Read(t.Context(), extract.Input{Payload: []byte(page), ContentType: "text/html", URL: "https://times.example/x", At: seen.Time()})
			if err != nil {
				return
			}
			sides[i] = side(schemas.Served, d)
		}
		got := judge(t, sides[0], sides[1], nil)
		if diff := cmp.Diff(got, judge(t, sides[0], sides[1], nil)); diff != "" {
			t.Fatalf("another verdict:\n%s", diff)
		}
		got.Schema, got.Run, got.URL = schemas.ChangeSchema, "20261123T120000Z-01234567", "https://a.example/"
		got.Page = schemas.PageIDOf(got.URL)
		at := schemas.State{Sequence: 1, Outcome: schemas.Served, CapturedAt: seen}
		got.Before, got.After = at, at
		if _, err := schemas.EncodeLine(&got); err != nil {
			t.Fatal(err)
		}
	})
}

// TestStatedStanding: what metadata say of a publication is a suspicion; together
// with words for readers it is sure; a note on another one says nothing of itself.
func TestStatedStanding(t *testing.T) {
	page := func(title, head, text string) string {
		return "<html><head><title>" + title + "</title>" + head + "</head><body><article><h1>" + title + "</h1><p>" + text +
			"</p><p>Ships sail slowly where the water is not deep, as was measured over many years in all harbours of the north.</p></article></body></html>"
	}
	const linked = `<script type="application/ld+json">{"@context":"https://schema.org","@type":"ScholarlyArticle","headline":"A study of ships","creativeWorkStatus":%s}</script>`
	status := func(json string) string { return fmt.Sprintf(linked, json) }
	for name, test := range map[string]struct {
		title, head, text string
		want              schemas.ChangeClass
		confidence        schemas.Confidence
	}{
		"status":                    {"A study of ships", status(`"Retracted"`), "", schemas.Retraction, schemas.Suspect},
		"status, a term":            {"A study of ships", status(`{"@type":"DefinedTerm","name":"Withdrawn"}`), "", schemas.Withdrawal, schemas.Suspect},
		"status, and the title":     {"RETRACTED: A study of ships", status(`["Retracted"]`), "", schemas.Retraction, schemas.Certain},
		"published":                 {"A study of ships", status(`"Published"`), "", "", ""},
		"type of publication":       {"A study of ships", `<meta name="citation_publication_type" content="Retracted Publication">`, "", schemas.Retraction, schemas.Suspect},
		"type, dublin core":         {"A study of ships", `<meta name="DC.type" content="Text"><meta name="dc.type" content="retracted-article">`, "", schemas.Retraction, schemas.Suspect},
		"a retraction of another":   {"A study of ships", `<meta name="citation_article_type" content="Retraction">`, "This article has been retracted.", "", ""},
		"an erratum to another":     {"A study of ships", `<meta name="dc.type" content="Published Erratum">`, "This article has been retracted.", "", ""},
		"a notice with the prefix":  {"RETRACTED: A study of ships", `<meta name="citation_article_type" content="Retraction">`, "", schemas.Retraction, schemas.Suspect},
		"an article like any other": {"A study of ships", `<meta name="citation_article_type" content="Research Article">`, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := change.StandingOf(pageOf(t, page(test.title, test.head, test.text)))
			switch {
			case got == nil && test.want == "":
			case got == nil || got.Class != test.want || got.Confidence != test.confidence:
				t.Errorf("got %+v, want %q, %s", got, test.want, test.confidence)
			}
		})
	}
}

// TestReturnsUnread: which of many captures says the same is told by their digests,
// and only that one is read.
func TestReturnsUnread(t *testing.T) {
	pages := []string{fire.page()}
	for i := range 30 {
		pages = append(pages, fire.with("</p>\n<p>“We", fmt.Sprintf("</p><p>Number %d has been found to be hollow, the mayor said on the day.</p>\n<p>“We", i)).page())
	}
	past := history(t, pages...)
	var asked []int
	counted := func() (*change.Past, error) {
		p, err := past()
		state := p.State
		p.State = func(i int) (schemas.State, error) {
			asked = append(asked, i)
			return state(i)
		}
		return p, err
	}
	last := fire.with("</p>\n<p>“We", "</p><p>Nothing has been found to be hollow, the mayor said on the day.</p>\n<p>“We").page()
	got := judge(t, side(schemas.Served, pageOf(t, last)), side(schemas.Served, pageOf(t, pages[3])), counted)
	if got.Class != schemas.Restored || got.Restores.Sequence != 3 {
		t.Errorf("%s by %s %q", got.Class, got.Rule, got.Evidence)
	}
	if !slices.Equal(asked, []int{3}) {
		t.Errorf("captures %d were read, and 3 is the one", asked)
	}
}
