package index

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Query is what a search asks for: words and phrases that a version must all
// have. Make one with [ParseQuery].
type Query struct{ phrases [][]string }

// QueryError is returned for words that cannot be searched for.
type QueryError struct{ Reason string }

func (e *QueryError) Error() string { return "these words cannot be searched for: " + e.Reason }

const (
	maxQuery   = 4096 // bytes
	maxPhrases = 64
)

// ParseQuery reads words, and phrases between double quotes. All of them must
// be there, in any order; the words of a phrase one after another. There are no
// operators. What is written as one but is cut into several words, such as
// "e-mail" or a Chinese sentence, is a phrase. What holds no word to search for
// is a *QueryError.
func ParseQuery(s string) (Query, error) {
	refuse := func(format string, args ...any) (Query, error) {
		return Query{}, &QueryError{fmt.Sprintf(format, args...)}
	}
	switch {
	case len(s) > maxQuery:
		return refuse("they have %d bytes, more than %d", len(s), maxQuery)
	case !utf8.ValidString(s):
		return refuse("they are not valid UTF-8")
	}
	var q Query
	quoted := false
	start := 0
	take := func(end int) {
		var phrase []string
		for _, w := range wordsOf(s[start:end]) {
			phrase = append(phrase, w.folded)
		}
		if len(phrase) > 0 && !slices.ContainsFunc(q.phrases, func(p []string) bool { return slices.Equal(p, phrase) }) {
			q.phrases = append(q.phrases, phrase)
		}
	}
	for i, r := range s {
		quote := strings.ContainsRune(`"“”„`, r)
		if !quote && (quoted || !unicode.IsSpace(r)) {
			continue
		}
		take(i)
		start = i + utf8.RuneLen(r)
		quoted = quoted != quote
	}
	take(len(s))
	switch {
	case quoted:
		return refuse("a quotation mark is not closed")
	case len(q.phrases) == 0:
		return refuse("there is no letter or digit in them")
	case len(q.phrases) > maxPhrases:
		return refuse("they are %d, more than %d", len(q.phrases), maxPhrases)
	}
	return q, nil
}

// match is the query in the words of FTS5. Folded words hold letters, digits
// and marks only, so nothing in them ends the quotation.
//
// A phrase is that of its pairs, not of its words: a pair is as rare as the
// rarer of its words at least, so what there is to read stays short even when
// each word is in every text. Different pairs may have the same token. Of two
// words, which are one token, the words are asked for, too. In a long text, of
// which there are few, the pairs may stand anywhere.
func (q Query) match() string {
	var all []string
	for _, phrase := range q.phrases {
		if len(phrase) > 1 {
			var tokens []string
			for i := 1; i < len(phrase); i++ {
				var b strings.Builder
				appendPair(&b, pairOf(phrase[i-1], phrase[i]))
				tokens = append(tokens, b.String())
			}
			inOrder := `"` + strings.Join(tokens, " ") + `"`
			if len(tokens) > 1 {
				inOrder = `(` + inOrder + ` OR ("` + longMark + `" AND "` + strings.Join(tokens, `" AND "`) + `"))`
			}
			all = append(all, inOrder)
		}
		if len(phrase) < 3 {
			for _, w := range phrase {
				all = append(all, `"`+w+`"`)
			}
		}
	}
	return strings.Join(all, " AND ")
}

// Exact reports whether every hit has what the query asks for. Of phrases, some
// may not: see [Query.Find].
func (q Query) Exact() bool {
	return !slices.ContainsFunc(q.phrases, func(phrase []string) bool { return len(phrase) > 1 })
}

// find returns where each phrase stands in a text, in the order of the text;
// nil when one of them is not there.
func (q Query) find(words []word) []occurrence {
	var found []occurrence
	for n, phrase := range q.phrases {
		before := len(found)
		for i := 0; i+len(phrase) <= len(words); i++ {
			if isAt(words[i:], phrase) {
				found = append(found, occurrence{phrase: n, start: words[i].start, end: words[i+len(phrase)-1].end})
			}
		}
		if len(found) == before {
			return nil
		}
	}
	slices.SortFunc(found, func(a, b occurrence) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	return found
}

// occurrence is a phrase in a text, in bytes.
type occurrence struct{ phrase, start, end int }

func isAt(words []word, phrase []string) bool {
	for i, want := range phrase {
		if words[i].folded != want {
			return false
		}
	}
	return true
}
