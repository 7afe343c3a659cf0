package quote

// A token of a wanted passage: a word, or room for words of the source.
type token struct {
	id   uint32
	kind tokenKind
}

type tokenKind uint8

const (
	wordToken tokenKind = iota
	wildToken           // a bracket: up to maxWild words
	gapToken            // an ellipsis: up to maxGap characters
)

const (
	maxWild = 6    // words that a bracket may stand for
	maxGap  = 2000 // characters that an ellipsis may stand for
)

// wanted is the passage that a quotation says a source has.
type wanted struct {
	tokens []token
	runs   []run // of words, between the other tokens
	count  int   // of words
}

// A run is a range of tokens that are words.
type run struct {
	from, to int
}

// want reads the fragments of a quotation.
func (l *Library) want(fragments []string) wanted {
	var w wanted
	add := func(t token) {
		if n := len(w.tokens); t.kind == wordToken || n > 0 && w.tokens[n-1].kind == wordToken {
			w.tokens = append(w.tokens, t)
		} else if n > 0 && t.kind == gapToken {
			w.tokens[n-1] = t
		}
	}
	for i, f := range fragments {
		if i > 0 {
			add(token{kind: gapToken})
		}
		for _, p := range pieces(f) {
			if p.wild {
				add(token{kind: wildToken})
				continue
			}
			for _, word := range wordsOf(p.text) {
				add(token{id: l.number(word.text)})
			}
		}
	}
	return wantTokens(w.tokens)
}

// wantTokens finds the runs of words in tokens, those of no use at the end left
// out.
func wantTokens(tokens []token) wanted {
	for len(tokens) > 0 && tokens[len(tokens)-1].kind != wordToken {
		tokens = tokens[:len(tokens)-1]
	}
	w := wanted{tokens: tokens}
	for i := 0; i < len(tokens); i++ {
		if tokens[i].kind != wordToken {
			continue
		}
		r := run{from: i}
		for i < len(tokens) && tokens[i].kind == wordToken {
			i++
		}
		r.to = i
		w.count += r.to - r.from
		w.runs = append(w.runs, r)
	}
	return w
}

// numbers returns the words of a range of tokens, at most shingle.
func (w *wanted) numbers(from, to int) []uint32 {
	ids := make([]uint32, min(to-from, shingle))
	for i := range ids {
		ids[i] = w.tokens[from+i].id
	}
	return ids
}
