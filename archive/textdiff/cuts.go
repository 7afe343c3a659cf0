package textdiff

import "strings"

// cuts is a text in pieces that lie side by side: lines or tokens.
type cuts struct {
	text string
	at   []int32 // where piece i starts; one more entry ends the last piece

	coarse bool // the pieces are those of a long passage
}

// start returns where piece i starts, or where the last one ends.
func (c cuts) start(i int) int { return int(c.at[i]) }

func (c cuts) len() int { return max(len(c.at)-1, 0) }

// piece returns one piece.
func (c cuts) piece(i int) string { return c.text[c.at[i]:c.at[i+1]] }

// join returns the text of pieces i to j, j left out.
func (c cuts) join(i, j int) string { return c.text[c.at[i]:c.at[j]] }

// lines cuts a text after each line feed.
func lines(text string) cuts {
	c := cuts{text: text, at: make([]int32, 1, 2+strings.Count(text, "\n"))}
	for at := 0; at < len(text); {
		n := strings.IndexByte(text[at:], '\n') + 1
		if n == 0 {
			n = len(text) - at
		}
		at += n
		c.at = append(c.at, int32(at))
	}
	return c
}

// A numbering gives equal items equal numbers, counted from 0, so that they
// are compared as strings once only.
type numbering map[string]int32

func (n numbering) of(item string) int32 {
	id, ok := n[item]
	if !ok {
		id = int32(len(n))
		n[item] = id
	}
	return id
}

func (n numbering) all(c cuts) []int32 {
	ids := make([]int32, c.len())
	for i := range ids {
		ids[i] = n.of(c.piece(i))
	}
	return ids
}
