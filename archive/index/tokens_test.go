package index

import (
	"strings"
	"testing"
)

func pairToken(first, second string) string {
	var b strings.Builder
	appendPair(&b, pairOf(first, second))
	return b.String()
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "",
		"...":               "",
		"Pier":              "pier ",
		"Pier, pier; PIER!": "pier " + strings.Repeat(pairToken("pier", "pier")+" ", 2),
		"piles of pier 4":   "piles of pier 4 " + pairToken("piles", "of") + " " + pairToken("of", "pier") + " " + pairToken("pier", "4") + " ",
		"港口":                "港 口 " + pairToken("港", "口") + " ",
	} {
		err := tokens(text, func(got string) error {
			if got != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	// The form is part of the format.
	if got, want := pairToken("forty", "piles"), "\u0080ks9g"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := pairToken("x863511", "y"), pairToken("forty", "piles"); got != want {
		t.Errorf("got %q, want %q: TestIndexedReads needs two pairs that share a token", got, want)
	}
	if pairToken("ab", "c") == pairToken("a", "bc") {
		t.Error("where a word ends makes no difference")
	}
}

func TestMatch(t *testing.T) {
	pair := pairToken
	for words, want := range map[string]string{
		"pier":        `"pier"`,
		"Pier four":   `"pier" AND "four"`,
		`"pier four"`: `"` + pair("pier", "four") + `" AND "pier" AND "four"`,
		`e-mail "on pier four" x`: `"` + pair("e", "mail") + `" AND "e" AND "mail" AND ("` + pair("on", "pier") + " " + pair("pier", "four") +
			`" OR ("` + longMark + `" AND "` + pair("on", "pier") + `" AND "` + pair("pier", "four") + `")) AND "x"`,
	} {
		q, err := ParseQuery(words)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.match(); got != want {
			t.Errorf("%s: got %s, want %s", words, got, want)
		}
		if got, want := q.Exact(), !strings.ContainsRune(want, '\u0080'); got != want {
			t.Errorf("%s: exact: %t", words, got)
		}
	}
}
