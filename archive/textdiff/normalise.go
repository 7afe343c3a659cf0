package textdiff

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Display returns the display form of a text: NFC; every run of white space
// (line ends, no-break and ideographic spaces included) one space, none at the
// ends; without control characters, soft hyphens, zero-width spaces, byte order
// marks and bidirectional controls. Zero-width joiners stay: scripts and emoji
// need them. Bytes that are not UTF-8 become U+FFFD.
func Display(text string) Form {
	return clean(text).then(normaliser(norm.NFC))
}

// Fold returns the compare form of a text: its display form in NFKC with
// typographic quotation marks, apostrophes and dashes replaced by ASCII and
// with letters in lower case (simple folding, rune by rune).
func Fold(text string) Form {
	return clean(text).then(foldRunes).then(normaliser(norm.NFKC)).then(foldRunes).then(clean)
}

// clean collapses white space and removes what cannot be seen.
func clean(text string) Form {
	b := formBuilder{source: text}
	space := -1 // where a run of white space began
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isWhite(r):
			if space < 0 {
				space = i
			}
		case invisible(r):
		default:
			if space >= 0 && len(b.text) > 0 {
				b.add(" ", space, i)
			}
			space = -1
			b.add(string(r), i, i+size)
		}
		i += size
	}
	return b.form()
}

func isWhite(r rune) bool {
	return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F
}

// invisible reports whether a character has no shape and no meaning for a
// reader: controls, and format characters that only steer layout.
func invisible(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r == 0x00AD, r == 0x200B, r == 0x2060, r == 0xFEFF, r == 0x180E:
		return true
	case r == 0x061C, r == 0x200E, r == 0x200F, 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069:
		return true
	case 0xFFF9 <= r && r <= 0xFFFB:
		return true
	}
	return false
}

// normaliser maps a text segment by segment through a Unicode normal form.
func normaliser(f norm.Form) func(string) Form {
	return func(text string) Form {
		b := formBuilder{source: text}
		if n := f.QuickSpanString(text); n == len(text) {
			b.add(text, 0, n)
			return b.form()
		}
		var it norm.Iter
		it.InitString(f, text)
		for !it.Done() {
			from := it.Pos()
			segment := string(it.Next())
			for it.Pos() == from && !it.Done() { // one character, several segments
				segment += string(it.Next())
			}
			b.add(segment, from, it.Pos())
		}
		return b.form()
	}
}

// foldRunes folds quotation marks, dashes and case.
func foldRunes(text string) Form {
	b := formBuilder{source: text}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		b.add(string(foldRune(r)), i, i+size)
		i += size
	}
	return b.form()
}

func foldRune(r rune) rune {
	switch r {
	case '‘', '’', '‚', '‛', '‹', '›', '′', '`', '´', 'ʼ':
		return '\''
	case '“', '”', '„', '‟', '«', '»', '″':
		return '"'
	case '‐', '‑', '‒', '–', '—', '―', '−', '﹘', '﹣':
		return '-'
	}
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
