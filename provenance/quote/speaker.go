package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

const (
	said = `(?:said|says|told|tells|added|adds|wrote|writes|tweeted|stated|states|explained|explains|argued|argues|noted|notes|replied|replies|insisted|insists|asked|asks|warned|warns|continued|continues|declared|declares|recalled|recalls|testified|announced|announces|claimed|claims|concluded|concludes|observed|observes|remarked|remarks|acknowledged|acknowledges|conceded|concedes|reported|reports|commented|comments)`
	// who is a name with a title before it, or a description of a person.
	who = `((?:\pL[\pL\pN.'’\-]*,? ){0,7}?\pL[\pL\pN.'’\-]*)`
	// behind is who, with all words that follow: person cuts it.
	behind = `((?:\pL[\pL\pN.'’\-]*,? ){0,7}\pL[\pL\pN.'’\-]*)`
)

var (
	whoSaid    = pattern.New(`^[,.]?\s*` + who + `(?:, [^,“"]{1,80},)? ` + said + `\b`)
	saidWho    = pattern.New(`^[,.]?\s*` + said + ` ` + behind)
	toldBefore = pattern.New(`(?:^|[.!?,;:—] ?["”’]? ?|\b(?:and|but|as|when|while|then) )` + who + ` ` + said + `(?: [^.!?;:“”"]{0,60})?[,:]?\s*(?:that\s*)?$`)
	verb       = pattern.New(` ` + said + `\b`)
	according  = pattern.New(`(?i)\baccording to ` + behind)
)

// speaker returns whom the sentence around a quotation names as the speaker.
func speaker(blocks []extract.Block, mark Mark, places []textdiff.Place) string {
	first, last := places[0], places[len(places)-1]
	before, after := blocks[first.Block].Text[:first.Start], blocks[last.Block].Text[last.End:]
	if mark == Blockquote || mark == Markdown {
		after = ""
		if before = ""; first.Block > 0 {
			before = strings.TrimSpace(blocks[first.Block-1].Text)
			if !strings.HasSuffix(before, ":") {
				return ""
			}
		}
	}
	before = strings.TrimRight(before, " \n“”„«»‹›\"'‘’「『")
	if i := strings.LastIndexAny(before, "\n"); i >= 0 {
		before = before[i+1:]
	}
	before = tail(before, maxAttribution)
	after = head(strings.TrimLeft(after, "“”»«›‹\"'‘’」』"), maxAttribution)
	for _, name := range []string{
		subject(matched(whoSaid(), after)), person(matched(saidWho(), after)), subject(matched(toldBefore(), sentenceBefore(before))),
		person(matched(according(), ofSentence(after))), person(matched(according(), sentenceBefore(before))),
	} {
		if name != "" {
			return name
		}
	}
	return ""
}

// maxAttribution is how far from a quotation its speaker is looked for, in
// bytes.
const maxAttribution = 200

func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	i := len(s) - n
	for !utf8.RuneStart(s[i]) {
		i++
	}
	return s[i:]
}

func matched(p interface{ FindStringSubmatch(string) []string }, text string) string {
	if m := p.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// ofSentence returns a text up to the end of its first sentence.
func ofSentence(text string) string {
	if sentences := extract.Sentences(text); len(sentences) > 0 {
		return text[:sentences[0].End]
	}
	return ""
}

// sentenceBefore returns the last sentence of a text.
func sentenceBefore(text string) string {
	if sentences := extract.Sentences(text); len(sentences) > 0 {
		return text[sentences[len(sentences)-1].Start:]
	}
	return ""
}

// subject returns the words before a verb if they name a speaker; "" where
// they begin with a pronoun or do not stand for a person.
func subject(words string) string {
	if at := verb().FindStringIndex(words); at != nil {
		words = words[:at[0]] // "Smith said that the ministry had" concluded
	}
	fields := strings.Fields(words)
	if len(fields) == 0 {
		return ""
	}
	first := strings.ToLower(strings.TrimRight(fields[0], ","))
	last := fields[len(fields)-1]
	switch {
	case pronouns[first] || stops[first] || pronouns[strings.ToLower(last)], articles[first] && len(fields) == 1:
		return ""
	case articles[first], strings.HasSuffix(last, "s"), strings.ContainsFunc(words, unicode.IsUpper):
		return words
	}
	return ""
}

// person returns the words behind a verb that name a speaker, up to where they
// no longer do.
func person(words string) string {
	var out []string
	named := false
	fields := strings.Fields(words)
	for i, w := range fields {
		bare := strings.TrimRight(w, ",")
		first, _ := utf8.DecodeRuneInString(bare)
		lower := strings.ToLower(bare)
		if stops[lower] || pronouns[lower] || i > 0 && articles[lower] {
			break
		}
		capital := unicode.IsUpper(first)
		if named && !capital && !particles[lower] && !articles[strings.ToLower(out[0])] {
			break // in small letters behind the name: no part of it
		}
		named = named || capital && !articles[lower]
		out = append(out, bare)
		if bare != w {
			break
		}
	}
	for len(out) > 0 && particles[strings.ToLower(out[len(out)-1])] {
		out = out[:len(out)-1]
	}
	if name := strings.Join(out, " "); len(out) > 0 {
		if name = subject(name); strings.Count(name, ".") == 1 {
			name = strings.TrimSuffix(name, ".") // of the sentence
		}
		return name
	}
	return ""
}

// signature returns who is named in a line such as "— Jane Doe, minister".
func signature(line string) (string, bool) {
	rest := strings.TrimLeft(line, "-–—―~ ")
	if rest == line || rest == "" || countWords(rest) > 8 {
		return "", false
	}
	name, _, _ := strings.Cut(rest, ",")
	return name, true
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

var (
	pronouns  = set(`he she they it we i you who which that this these those what there someone everyone people and but as so then`)
	articles  = set(`the a an one his her their its`)
	particles = set(`of de van von der den la le al el bin ibn da di du dos del`)
	stops     = set(`in on at to who during after when last this while about that before by from with as for yesterday today monday tuesday
		wednesday thursday friday saturday sunday is was were are has had have he she they it i we you and but not also then later adding when where whose if because since`)
)
