package archive_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// manyTexts are as many texts of about 1.6 KB as are asked for, the same ones
// each time. Their words come as often as those of a language do.
type manyTexts struct{ words []string }

const (
	textWords = 50_000
	// textNeedle is how many texts have one between them that has a word of its own.
	textNeedle = 1000
)

func newManyTexts() *manyTexts {
	t := &manyTexts{}
	syllables := strings.Fields("ka ro mi ten sul var pel don gri fa lo ster nek u bra chi wen mor ta ly")
	for len(t.words) < textWords {
		var w strings.Builder
		for n := len(t.words); ; n /= len(syllables) {
			w.WriteString(syllables[n%len(syllables)])
			if n < len(syllables) {
				break
			}
		}
		t.words = append(t.words, w.String())
	}
	return t
}

// text has sentences of its own, three a paragraph, of which each revision has
// changed one.
func (t *manyTexts) text(page, revision int) string {
	const sentences = 14
	body := make([]string, sentences)
	zipf := t.zipf(page, 0)
	for i := range body {
		body[i] = t.sentence(zipf)
	}
	for r := range revision {
		body[1+r%(sentences-1)] = t.sentence(t.zipf(page, r+1))
	}
	if page%textNeedle == 7 {
		body[sentences-1] = fmt.Sprintf("The needle hay%d lies here.", page)
	}
	var b strings.Builder
	for paragraph := range slices.Chunk(body, 3) {
		b.WriteString(strings.Join(paragraph, " ") + "\n\n")
	}
	return b.String()
}

func (t *manyTexts) zipf(page, revision int) *rand.Zipf {
	return rand.NewZipf(rand.New(rand.NewPCG(uint64(page), uint64(revision))), 1.1, 8, textWords-1)
}

func (t *manyTexts) sentence(zipf *rand.Zipf) string {
	words := make([]string, 13)
	for i := range words {
		words[i] = t.words[zipf.Uint64()]
	}
	return strings.Join(words, " ") + "."
}
