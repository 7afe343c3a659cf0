package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSentences cuts lines at every "|" and nowhere else.
func TestSentences(t *testing.T) {
	for _, c := range []string{
		"One. |Two! |Three? |Four",
		"Mr. Smith met Dr. Jones and Sen. Warren.",
		"He told U.S. officials. |They left the U.S. |The end.",
		"It is No. 5 in the list. |No. 6 follows.",
		"Fruit, e.g. Apples, i.e. Things, cf. Smith.",
		"J. K. Rowling and George W. Bush spoke.",
		"“It is over.” |He left.",
		"“Is it over?” he asked. |“Yes.”",
		"\"Stop!\" she said. |\"Now.\"",
		"It ended. |5 people died.",
		"It rose by 3. 5 percent is the norm.",
		"It costs $3.5 million. |That is much.",
		"See p. 12 and Fig. 3 there. |Vol. 2 is out.",
		"On Jan. 5 it rained. |It was over in Jan. |Then came Feb.",
		"Apple Inc. CEO Tim Cook spoke. |He works for Apple Inc. |The firm is old.",
		"At 5 p.m. Monday it closed. |We left at 6 p.m. |It was dark.",
		"HAYWARD, Calif. (AP) — A man died.",
		"Smith v. Jones was decided.",
		"He came… Then he left. |He did.",
		"Visit example.org/a.b now. |Or later.",
		"It cost more.[^1] |Much more.",
		"今天下雨。|明天不下。",
		"Was it (really?) so? |Yes.",
		"Yahoo! is a firm.",
	} {
		line := strings.ReplaceAll(c, "|", "")
		var want []string
		for _, s := range strings.Split(c, "|") {
			want = append(want, strings.TrimSpace(s))
		}
		if diff := cmp.Diff(want, sentencesOf(line)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("Mr. A. said: “No. 5.” 6 came.")
	f.Fuzz(func(t *testing.T, line string) {
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(strings.Join(sentencesOf(line), "")), squeeze(line); got != want {
			t.Fatalf("sentences join to %q, want %q", got, want)
		}
	})
}
