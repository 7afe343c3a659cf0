package textdiff

import "strings"

// A Range is a range of blocks, To left out. An empty one tells where blocks
// would stand.
type Range struct {
	From, To int
}

// Len returns the number of blocks.
func (r Range) Len() int { return r.To - r.From }

// A RowOp says what became of the blocks of a row.
type RowOp int8

// The operations on blocks. A moved block has two rows, one where it was and
// one where it is now.
const (
	Same      RowOp = iota // on both sides, byte for byte, in order
	Edited                 // on both sides in order, not the same; several blocks where some were split or joined
	Inserted               // in the text after only
	Deleted                // in the text before only
	MovedAway              // stood here before and stands elsewhere now; perhaps edited
	MovedHere              // stands here now and stood elsewhere before; perhaps edited
)

// String returns the name of the operation in lower case, its words joined by
// a hyphen.
func (op RowOp) String() string {
	names := [...]string{"same", "edited", "inserted", "deleted", "moved-away", "moved-here"}
	if op < 0 || int(op) >= len(names) {
		return "invalid"
	}
	return names[op]
}

// A Row pairs blocks of the text before with blocks of the text after.
type Row struct {
	Op RowOp
	// Before and After are the blocks of each side. For a moved block they
	// are its old and its new place, in both of its rows. Inserted has an
	// empty Before and Deleted an empty After, at the place in question.
	Before, After Range
	// Other is the index of the other row of a moved block; -1 in other rows.
	Other int
	// Segments are the word diff of the blocks, those of each side joined by
	// line feeds; nil when the two sides are the same byte for byte, or when
	// there is one side only.
	Segments []Segment
}

// A BlockDiff is the result of [Blocks]. The rows other than MovedHere and
// Inserted hold each block before once, in order; those other than MovedAway
// and Deleted hold each block after once, in order.
type BlockDiff struct {
	Rows []Row

	before, after []string
	home          []int // row of each block before, MovedHere left out
	claimed       []int // row of each block after, MovedAway left out
}

// Blocks compares two texts that are cut into blocks: paragraphs, headings,
// items.
//
// Blocks that are equal byte for byte are matched in order (a longest common
// subsequence), then, between those, blocks with the same compare form. What is
// left and stands elsewhere in the same compare form has moved. The words of
// what is then left are matched between the same neighbours; blocks that share
// half of their words, or of which one lies in the other nearly whole, are one
// edited row. Last, a block that is left over and shares half of its words with
// one left over elsewhere has moved and was edited.
//
// The same block is never in two rows but those of a move, and the answer
// depends on nothing but the blocks. Time is bounded as that of [Compare].
func Blocks(before, after []string) BlockDiff {
	d := BlockDiff{before: before, after: after}
	m := newMatching(before, after)
	m.inOrder()
	m.moved()
	m.edited()
	m.movedAndEdited()
	m.rows(&d)
	return d
}

// joined returns the text of some blocks.
func joined(blocks []string, r Range) string { return strings.Join(blocks[r.From:r.To], "\n") }

// Stat counts words: those of moved blocks that are the same are kept.
func (d BlockDiff) Stat() Stat {
	var s Stat
	for _, r := range d.Rows {
		switch {
		case r.Op == MovedHere: // counted where it was
		case r.Segments != nil:
			s.add(Diff{r.Segments}.Stat())
		case r.Op == Inserted:
			s.WordsAdded += countWords(joined(d.after, r.After))
		case r.Op == Deleted:
			s.WordsDeleted += countWords(joined(d.before, r.Before))
		default:
			s.WordsKept += countWords(joined(d.before, r.Before))
		}
	}
	return s
}
