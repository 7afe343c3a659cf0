package quote

import (
	"errors"
	"sort"
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// MaxWords is how many words of sources a [Library] holds: some 100 MB of text,
// in about 600 MB of memory.
const MaxWords = 16 << 20

// ErrFull is returned for a source that a [Library] has no room for.
var ErrFull = errors.New("library of sources is full")

// A Library holds the texts of sources, ready to be searched. It needs about
// six times the memory of the texts. It may not be used by several goroutines
// at once.
type Library struct {
	ids     map[string]uint32 // of words; 0 stands between sources
	words   []uint32          // of all sources, one after the other
	starts  []uint32          // where each word begins in the text of its source
	ends    []uint32
	sources []source
	known   map[string]int // sources by key; -1 for one without a document
	order   []uint32       // positions in words, sorted by the four words there; stale unless its length is that of words
}

// A source is a text of the library.
type source struct {
	key    string
	text   string // blocks joined by line feeds
	blocks []int  // where each block begins in the text
	kinds  []extract.Kind
	first  uint32 // of its words
	end    uint32
}

// NewLibrary returns a library without sources.
func NewLibrary() *Library {
	return &Library{ids: map[string]uint32{}, known: map[string]int{}}
}

// Add adds a source under a key that is the caller's. The document is not kept,
// only the text of its article: what stands around that is none of the source's
// words. With a nil document the source is known and nothing of it was seen.
// The first document under a key counts. A source that there is no room for is
// ErrFull, and like one that was not seen.
func (l *Library) Add(key string, d *extract.Document) error {
	if i, ok := l.known[key]; ok && (i >= 0 || d == nil) {
		return nil
	}
	l.known[key] = -1
	if d == nil {
		return nil
	}
	s := source{key: key, first: uint32(len(l.words)), blocks: make([]int, len(d.Blocks)), kinds: make([]extract.Kind, len(d.Blocks))}
	var text strings.Builder
	for i, b := range d.Blocks {
		if i > 0 {
			text.WriteByte('\n')
		}
		s.blocks[i], s.kinds[i] = text.Len(), b.Kind
		if b.Kind == extract.Byline || b.Kind == extract.Date {
			text.WriteString(b.Text)
			continue
		}
		for _, w := range wordsOf(b.Text) {
			if len(l.words) == MaxWords {
				l.words, l.starts, l.ends = l.words[:s.first], l.starts[:s.first], l.ends[:s.first]
				return ErrFull
			}
			l.words = append(l.words, l.learn(w.text))
			l.starts, l.ends = append(l.starts, uint32(text.Len()+w.start)), append(l.ends, uint32(text.Len()+w.end))
		}
		text.WriteString(b.Text)
	}
	s.text, s.end = text.String(), uint32(len(l.words))
	l.words, l.starts, l.ends = append(l.words, 0), append(l.starts, 0), append(l.ends, 0)
	l.known[key] = len(l.sources)
	l.sources = append(l.sources, s)
	return nil
}

// unknown is the number of words that no source has.
const unknown = ^uint32(0)

// learn returns the number of a word.
func (l *Library) learn(word string) uint32 {
	id, ok := l.ids[word]
	if !ok {
		id = uint32(len(l.ids) + 1)
		l.ids[strings.Clone(word)] = id
	}
	return id
}

func (l *Library) number(word string) uint32 {
	if id, ok := l.ids[word]; ok {
		return id
	}
	return unknown
}

// sourceAt returns the source that a word is of.
func (l *Library) sourceAt(position uint32) int {
	return sort.Search(len(l.sources), func(i int) bool { return l.sources[i].end >= position })
}

// places returns where the words from one position up to another stand, one
// place for each block.
func (l *Library) places(s *source, from, to uint32) []textdiff.Place {
	start, end := int(l.starts[from]), int(l.ends[to-1])
	first := sort.SearchInts(s.blocks, start+1) - 1
	var out []textdiff.Place
	for b := first; b < len(s.blocks) && s.blocks[b] < end; b++ {
		stop := len(s.text)
		if b+1 < len(s.blocks) {
			stop = s.blocks[b+1] - 1
		}
		if lo, hi := max(start, s.blocks[b]), min(end, stop); lo < hi {
			out = append(out, textdiff.Place{Block: b, Span: textdiff.Span{Start: lo - s.blocks[b], End: hi - s.blocks[b]}})
		}
	}
	return out
}
