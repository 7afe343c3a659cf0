package extract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
)

func TestQuoted(t *testing.T) {
	const page = `<article><h1>Title of the page</h1><p>She said <q>we <b>were</b> <q>very</q> lucky</q> and <q>it is over</q>.</p>
<blockquote><p>First of one.</p><p>Second with <q>a part</q> of one.</p></blockquote><blockquote><p>One of two.</p></blockquote>
<p>Nothing <q></q> here.</p><blockquote>Alone, <blockquote>with an inner one</blockquote> and its end.</blockquote></article>`
	d, err := extract.Read(t.Context(), extract.Input{Payload: []byte(page), ContentType: "text/html"})
	if err != nil {
		t.Fatal(err)
	}
	want := []extract.Quoted{
		{Block: 1, Last: 1, Text: "we were very lucky"},
		{Block: 1, Last: 1, Text: "it is over"},
		{Block: 2, Last: 3},
		{Block: 4, Last: 4},
		{Block: 6, Last: 8},
	}
	if diff := cmp.Diff(want, d.Quoted); diff != "" {
		t.Error(diff, d.Text())
	}
}
