package textdiff

import (
	"math/bits"
	"slices"
)

// A pair says that position a of one sequence and position b of the other hold
// the same item.
type pair struct{ a, b int }

// minLog is the least number of entries, of 16 bytes, that an undo log may have.
const minLog = 1 << 12

// subsequence returns a longest common subsequence of two sequences of items
// numbered below count, in order. It is always a longest one.
//
// It keeps one bit for each position of b, by words of 64 (Hyyrö 2004,
// "Bit-parallel LCS-length computation revisited"): bit j is 0 when the longest
// common subsequence of what was read of a and b[:j+1] is longer than that with
// b[:j]. Reading an item of a touches only the words in which b has this item,
// and those that the carry of the addition runs through, so the time is
// O(len(a)·len(b)/64) at the worst and about O(len(a)+len(b)) where items are
// rare. The words overwritten are logged; undoing them leads back along the
// subsequence. When the log is full, the words are copied and the log starts
// anew, and that part of a is read a second time on the way back: memory is 4
// bytes for each position of b, and len(b)/8 bytes for each len(b)/4 changes.
func (s *sweep) subsequence(a, b []int32, count int) []pair {
	return s.inStages(a, b, count, max(minLog, len(b)/4))
}

// inStages is subsequence with a log of about limit entries.
func (s *sweep) inStages(a, b []int32, count, limit int) []pair {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	s.columns, s.top, s.words = columnsOf(b, count), 0, s.words[:0]
	for range (len(b) + 63) / 64 {
		s.words = append(s.words, ^uint64(0))
	}
	stages := []stage{s.stage(0)}
	for i, id := range a {
		if len(s.log) >= limit {
			stages = append(stages, s.stage(i))
		}
		s.read(id)
	}
	var out []pair
	j := len(b)
	for k := len(stages) - 1; k >= 0; k-- {
		if k < len(stages)-1 {
			s.restore(stages[k])
			for _, id := range a[stages[k].row:stages[k+1].row] {
				s.read(id)
			}
		}
		out, j = s.back(out, stages[k].row, j)
	}
	slices.Reverse(out)
	return out
}

// A sweep reads a sequence item by item. It may be used again, for the sake of
// its memory.
type sweep struct {
	columns columns
	words   []uint64
	top     int // no word after this one has a 0
	log     []overwritten
	rows    []int // length of the log before each item read in this stage
}

// overwritten is a word as it was.
type overwritten struct {
	at    int32
	value uint64
}

// A stage is a point that a sweep can be restored to.
type stage struct {
	row, top int
	words    []uint64
}

// stage starts the log anew and returns the state before item row.
func (s *sweep) stage(row int) stage {
	s.log, s.rows = s.log[:0], s.rows[:0]
	return stage{row, s.top, slices.Clone(s.words)}
}

func (s *sweep) restore(to stage) {
	s.log, s.rows, s.top = s.log[:0], s.rows[:0], to.top
	copy(s.words, to.words)
}

// read takes in the next item: words = (words + (words & mask)) | (words &^ mask),
// as one addition over all words.
func (s *sweep) read(id int32) {
	s.rows = append(s.rows, len(s.log))
	masks := s.columns.of(id)
	// Each mask changes its own word and at most one to which it carries.
	s.log = slices.Grow(s.log, 2*len(masks)+1)
	n, words := len(s.log), s.words
	log := s.log[:n+2*len(masks)+1]
	carry, at := uint64(0), 0
	for _, m := range masks {
		word := int(m.word)
		if carry != 0 {
			if to := s.absorbs(at, word); to < word {
				log[n] = overwritten{int32(to), words[to]}
				n++
				words[to] |= words[to] + 1
				carry = 0
			}
		}
		old := words[word]
		sum, over := bits.Add64(old, old&m.bits, carry)
		if value := sum | old&^m.bits; value != old {
			log[n] = overwritten{m.word, old}
			n++
			words[word] = value
			s.top = max(s.top, word)
		}
		carry, at = over, word+1
	}
	if carry != 0 {
		if to := s.absorbs(at, len(words)); to < len(words) {
			log[n] = overwritten{int32(to), words[to]}
			n++
			words[to] |= words[to] + 1
		}
	}
	s.log = log[:n]
}

// absorbs returns the first word from at on that has a 0, which is where a
// carry ends, or end if there is none before it. A word without a 0 passes the
// carry on and stays as it is.
func (s *sweep) absorbs(at, end int) int {
	for last := min(end, s.top+1); at < last; at++ {
		if s.words[at] != ^uint64(0) {
			return at
		}
	}
	return end
}

// back follows the subsequence from after the last item read back to item row,
// where the stage began, among the positions of b below j. It appends the
// pairs, last first, and returns the new j.
func (s *sweep) back(out []pair, row, j int) ([]pair, int) {
	for i := len(s.rows); i > 0; {
		zero := s.zeroBelow(j)
		if zero < 0 {
			return out, 0
		}
		// The item that made this 0 is matched with it. Until then the
		// position was a step of the subsequence already.
		for i > 0 && s.words[zero/64]>>(zero%64)&1 == 0 {
			i--
			s.undo(i)
		}
		if s.words[zero/64]>>(zero%64)&1 == 1 {
			out, j = append(out, pair{row + i, zero}), zero
		}
	}
	return out, j
}

// undo takes back item i of this stage and all after it.
func (s *sweep) undo(i int) {
	for k := len(s.log) - 1; k >= s.rows[i]; k-- {
		s.words[s.log[k].at] = s.log[k].value
	}
	s.log = s.log[:s.rows[i]]
}

// zeroBelow returns the last position before j whose bit is 0, or -1.
func (s *sweep) zeroBelow(j int) int {
	if j == 0 {
		return -1
	}
	at := (j - 1) / 64
	zeros := ^s.words[at] & (^uint64(0) >> (63 - (j-1)%64))
	for zeros == 0 {
		if at--; at < 0 {
			return -1
		}
		zeros = ^s.words[at]
	}
	return at*64 + 63 - bits.LeadingZeros64(zeros)
}

// columns tells where in a sequence each item stands.
type columns struct {
	first []int32 // masks[first[id]:first[id+1]] are those of an item
	masks []mask
}

// A mask has a 1 for each position of an item within 64.
type mask struct {
	word int32
	bits uint64
}

func (c columns) of(id int32) []mask { return c.masks[c.first[id]:c.first[id+1]] }

func columnsOf(b []int32, count int) columns {
	c := columns{first: make([]int32, count+1)}
	seen := make([]int32, count) // the word in which an item was seen last, plus 1
	for j, id := range b {
		if word := int32(j/64) + 1; seen[id] != word {
			seen[id] = word
			c.first[id+1]++
		}
	}
	for id := range count {
		c.first[id+1] += c.first[id]
	}
	c.masks = make([]mask, c.first[count])
	clear(seen)
	next := slices.Clone(c.first[:count])
	for j, id := range b {
		if word := int32(j/64) + 1; seen[id] != word {
			seen[id] = word
			c.masks[next[id]].word = word - 1
			next[id]++
		}
		c.masks[next[id]-1].bits |= 1 << (j % 64)
	}
	return c
}
