package index_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/index"
)

// TestLongText indexes a text that comes in several parts between short ones: it is
// found by words and phrases from all of it, once.
func TestLongText(t *testing.T) {
	x := open(t, newFile(t))
	var b strings.Builder
	b.WriteString("The harbour board met early. ")
	for n := range 120_000 {
		fmt.Fprintf(&b, "w%xord%d again and again. ", n*7919%100_003, n)
	}
	b.WriteString("Pier four is hollow, said the harbour board at last.")
	long, short := b.String(), "The harbour board said that pier four is hollow."
	add(t, x, []index.Touch{first(touched(urlA, short))}, []index.Touch{first(touched(urlB, long))}, []index.Touch{touched(urlA, short+" Again.")})
	for range 40 { // so that what was written in parts is merged
		add(t, x, []index.Touch{touched(urlA, "Nothing of that is so.")}, []index.Touch{touched(urlA, "Nothing is so.")})
	}
	once := hit(urlB, 1, long)
	for _, words := range []string{"early", "w0ord0 w1eeford1", "early last", `"w0ord0 again"`, `"again and again"`, `"met early w0ord0 again and again"`, `"hollow said the harbour board at last"`} {
		mustHit(t, x, words, once)
	}
	mustHit(t, x, `"harbour board"`, hit(urlA, 2, short+" Again."), once, hit(urlA, 0, short))
	mustHit(t, x, `"pier four is hollow"`, hit(urlA, 2, short+" Again."), once, hit(urlA, 0, short))
	mustHit(t, x, "absent")
	mustHit(t, x, `"last harbour absent"`)
}
