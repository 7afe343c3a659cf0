package textdiff_test

import (
	"testing"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// FuzzPlainForms holds the forms without a way back against those with one.
func FuzzPlainForms(f *testing.F) {
	for _, text := range []string{
		"", " ", "a", " a b ", "a  b", "a\n b", "a\u00a0\u200bb", "\xff a\x00b", "A “B” — C", "ﬁ\u0301 Å", "a \u0301b",
		"a\u00ad", "\u00a8x", "ẞ ſ K", "国务院 总理", "a\u2028b", "x\x1f\x7fy ", "a\u200b b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := textdiff.DisplayText(text), textdiff.Display(text).Text; got != want {
			t.Errorf("DisplayText(%q) = %q, want %q", text, got, want)
		}
		if got, want := textdiff.FoldText(text), textdiff.Fold(text).Text; got != want {
			t.Errorf("FoldText(%q) = %q, want %q", text, got, want)
		}
	})
}
