package access

import (
	"hash/fnv"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// shingle is the length of the runs of words by which texts are compared.
const shingle = 5

// containment returns which part of the runs of five words of a former text, 0
// to 1, stand in another text too. Where nothing but the order of paragraphs
// changed it is nearly 1.
func containment(former, text string) float64 {
	old := shingles(former)
	if len(old.hashes) == 0 {
		return 1
	}
	now := shingles(text)
	of, kept := 0, 0
	for s := range old.hashes {
		if s&now.mask != 0 {
			continue
		}
		of++
		if _, ok := now.hashes[s]; ok {
			kept++
		}
	}
	if of == 0 {
		return 0 // the other text has so much more that hardly any were looked at
	}
	return float64(kept) / float64(of)
}

// maxShingles is how many runs of words of a text are compared. Of a longer one it is
// every second of them, or every fourth …, whichever text they stand in.
const maxShingles = 1 << 16

// sample is a set of hashes: those that have none of the bits of a mask.
type sample struct {
	hashes map[uint64]struct{}
	mask   uint64
}

func (s *sample) add(hash uint64) {
	if hash&s.mask != 0 {
		return
	}
	s.hashes[hash] = struct{}{}
	for len(s.hashes) > maxShingles {
		s.mask = s.mask<<1 | 1
		maps.DeleteFunc(s.hashes, func(hash uint64, _ struct{}) bool { return hash&s.mask != 0 })
	}
}

// shingles returns the runs of five words of a text, or its one shorter run.
func shingles(text string) *sample {
	set := sample{hashes: make(map[uint64]struct{})}
	hash := fnv.New64a()
	add := func(words []string) {
		hash.Reset()
		for _, word := range words {
			_, _ = io.WriteString(hash, word)
			_, _ = hash.Write([]byte{' '})
		}
		set.add(hash.Sum64())
	}
	var last []string
	n := 0
	for word := range eachWord(text) {
		if len(last) == shingle {
			last = last[:copy(last, last[1:])]
		}
		last = append(last, word)
		if n++; n >= shingle {
			add(last)
		}
	}
	if n > 0 && n < shingle {
		add(last)
	}
	return &set
}

// foldedWords cuts a text into words of letters and digits in lower case;
// letters of scripts without spaces are words of their own.
func foldedWords(text string) []string { return slices.Collect(eachWord(text)) }

// eachWord yields what foldedWords returns.
func eachWord(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := -1
		lower := strings.ToLower(text)
		for i, r := range lower {
			alone := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
			if !alone && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				if start < 0 {
					start = i
				}
				continue
			}
			if start >= 0 && !yield(lower[start:i]) || alone && !yield(string(r)) {
				return
			}
			start = -1
		}
		if start >= 0 {
			yield(lower[start:])
		}
	}
}

// wordCount returns how many words a text has, with white space between them.
func wordCount(text string) (n int) {
	for range strings.FieldsSeq(text) {
		n++
	}
	return n
}
