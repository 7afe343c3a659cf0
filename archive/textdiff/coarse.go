package textdiff

// longPassages is how many bytes two passages have together from which on they are
// compared piece by piece first: their words would take thirty times as much memory.
const longPassages = 1 << 20

// The pieces of a long passage, in bytes. Between these lengths a piece ends where a
// word ends whose last letters are of a kind, so that both passages are cut at the
// same words wherever these stand.
const (
	minPiece = 256
	maxPiece = 4096
)

// coarse cuts a long passage into pieces.
func coarse(text string) cuts {
	c := cuts{text: text, at: make([]int32, 1, 2+len(text)/minPiece), coarse: true}
	start := 0
	for i, r := range text {
		length := i - start
		if length >= maxPiece || length >= minPiece && (r == ' ' || r == '\n') && (text[i-1]^text[i-2]<<1)&7 == 0 {
			c.at, start = append(c.at, int32(i)), i
		}
	}
	if start < len(text) {
		c.at = append(c.at, int32(len(text)))
	}
	return c
}

// isLong reports whether passages are compared piece by piece.
func isLong(before, after string) bool {
	return len(before)+len(after) > longPassages && before != "" && after != ""
}

// longRuns compares long passages and returns runs over their bytes. Where a long
// part of them was rewritten, its words are not compared.
func longRuns(al *aligner, before, after string) []run {
	a, b := coarse(before), coarse(after)
	ids := make(numbering)
	na, nb := ids.all(a), ids.all(b)
	return compareWithin(al, a, b, al.align(na, nb, len(ids), maxWork))
}
