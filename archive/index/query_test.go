package index_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/index"
)

func parse(t *testing.T, words string) index.Query {
	t.Helper()
	q, err := index.ParseQuery(words)
	if err != nil {
		t.Fatalf("ParseQuery(%q): %v", words, err)
	}
	return q
}

// marked shows a snippet with its matches in brackets.
func marked(parts []index.Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Match {
			fmt.Fprintf(&b, "[%s]", p.Text)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

const text = `# What the harbour board knew

Twelve of the forty piles were hollow.
The piles of pier four — “said” the café's owner — don't hold.
港口委员会在三月十二日知道桩是空心的。
ท่าเรือสี่ถูกปิดแล้ว
Straße, ΣΊΣΥΦΟΣ, ﬁnal.

* * *
[report](https://board.example/statements/2026-03-12)
`

func TestFind(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"piles", "Twelve of the forty [piles] were hollow."},
		{"PILES hollow", "Twelve of the forty [piles] were [hollow]."},
		{"four piles", "The [piles] of pier [four] — “said” the café's owner — don't hold."},
		{`"pier four"`, "The piles of [pier four] — “said” the café's owner — don't hold."},
		{"“pier four” said", "The piles of [pier four] — “[said]” the café's owner — don't hold."},
		{`"four pier"`, ""},
		{`pier"four"`, "The piles of [pier] [four] — “said” the café's owner — don't hold."},
		{"cafe", "The piles of pier four — “said” the [café]'s owner — don't hold."},
		{"CAFÉ's", "The piles of pier four — “said” the [café's] owner — don't hold."},
		{"cafe\u0301", "The piles of pier four — “said” the [café]'s owner — don't hold."},
		{"don’t", "The piles of pier four — “said” the café's owner — [don't] hold."},
		{"don", "The piles of pier four — “said” the café's owner — [don]'t hold."},
		{"pile", ""},
		{"委员会", "港口[委员会]在三月十二日知道桩是空心的。"},
		{"空心 港口", "[港口]委员会在三月十二日知道桩是[空心]的。"},
		{"桩", "港口委员会在三月十二日知道[桩]是空心的。"},
		{"员委", ""},
		{"เรือ", "ท่า[เรือ]สี่ถูกปิดแล้ว"},
		{"strasse", "[Straße], ΣΊΣΥΦΟΣ, ﬁnal."},
		{"σίσυφος", "Straße, [ΣΊΣΥΦΟΣ], ﬁnal."},
		{"final", "Straße, ΣΊΣΥΦΟΣ, [ﬁnal]."},
		{"board.example/statements", "[report](https://[board.example/statements]/2026-03-12)"},
		{`"were hollow the piles"`, "Twelve of the forty piles [were hollow. The piles]"},
		{"OR the", "Twelve of [the] forty piles were hollow."},
		{"hollow absent", ""},
		{"knew hollow", "# What the harbour board [knew]"},
		{"the the the", "# What [the] harbour board knew"},
	} {
		parts, ok := parse(t, c.query).Find(text)
		want := c.want
		if c.query == "OR the" {
			want = "" // OR is a word like any other
		}
		if got := marked(parts); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t; want %q", c.query, got, ok, want)
		}
	}
}

func TestFindCutsLongLines(t *testing.T) {
	long := strings.Repeat("before ", 100) + "needle" + strings.Repeat(" after", 100)
	parts, ok := parse(t, "needle").Find(long)
	got := marked(parts)
	if !ok || !strings.HasPrefix(got, "…before ") || !strings.HasSuffix(got, " after…") || !strings.Contains(got, " [needle] ") {
		t.Errorf("got %q", got)
	}
	if n := len([]rune(got)); n > 210 || n < 150 {
		t.Errorf("the snippet has %d characters", n)
	}
	parts, ok = parse(t, "针").Find(strings.Repeat("前", 500) + "针" + strings.Repeat("后", 500))
	if got := marked(parts); !ok || !strings.Contains(got, "前[针]后") || len([]rune(got)) > 210 {
		t.Errorf("got %q", got)
	}
}

func TestParseQueryRefuses(t *testing.T) {
	many := ""
	for i := range 65 {
		many += fmt.Sprintf("w%d ", i)
	}
	for words, want := range map[string]string{
		"":                         "there is no letter or digit in them",
		" \t\n":                    "there is no letter or digit in them",
		`""`:                       "there is no letter or digit in them",
		"-*()^:+{}":                "there is no letter or digit in them",
		`the "pier`:                "a quotation mark is not closed",
		`the pier"`:                "a quotation mark is not closed",
		"a\xff":                    "they are not valid UTF-8",
		strings.Repeat("a ", 3000): "they have 6000 bytes, more than 4096",
		many:                       "they are 65, more than 64",
	} {
		_, err := index.ParseQuery(words)
		var refused *index.QueryError
		if !errors.As(err, &refused) || refused.Reason != want {
			t.Errorf("%.20q: got %v, want %s", words, err, want)
		}
	}
}
