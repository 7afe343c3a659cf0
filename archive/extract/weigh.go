package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// weightOf measures text in letters. A character of a script that writes
// syllables or words counts for three.
func weightOf(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf || r < 0x2E80:
			n++
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			n += 3
		default:
			n++
		}
	}
	return n
}

// A weighed block is a block with what the choice of an article looks at.
type weighed struct {
	weight int32 // of its text
	linked int32 // of the part of it that is links
	ends   bool  // as a sentence does
	prose  bool
	aside  bool // in furniture, or hidden
}

// weigh measures a block.
func weigh(b *pageBlock) weighed {
	var m weighed
	m.weight = int32(weightOf(b.Text))
	m.linked = m.weight
	if linked := int(b.linked); linked < len(b.Text) {
		m.linked = int32(int(m.weight) * linked / len(b.Text))
	}
	m.ends = endsSentence(b.Text)
	return m
}

// judge decides whether the block is prose. In what is marked as the text of an
// article less is asked.
func (m *weighed) judge(kind Kind, inBody bool) {
	own := m.weight - m.linked
	switch {
	case kind == Heading || kind == Row || kind == Caption:
		m.prose = false
	case kind == Code:
		m.prose = m.weight >= 40
	case inBody:
		m.prose = own >= minProse && 5*m.linked < 4*m.weight || m.ends && own >= minProse/2 && 2*m.linked < m.weight
	default:
		m.prose = own >= minProse && 5*m.linked < 3*m.weight && (m.ends || own >= 2*minProse) ||
			m.ends && own >= minProse/2 && 4*m.linked < m.weight
	}
}

// minProse is the weight from which a paragraph is taken for one.
const minProse = 60

// endsSentence reports whether a text ends as a sentence does.
func endsSentence(text string) bool {
	text = strings.TrimRightFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`"'”’»)]*`, r)
	})
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune(".!?…:;。！？：।؟", r) && text != ""
}

// sums are what an element holds, all its blocks together: no more than 3 for each
// byte of a text.
type sums struct {
	weight int32
	linked int32
	prose  int32 // weight of the prose
	gain   int32 // worth of the blocks
	noise  int32 // weight that is worth nothing
}
