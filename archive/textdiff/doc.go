// Package textdiff tells which words of a text changed, where its paragraphs
// went, and where a passage stands. It is pure: no input or output, no clock,
// the same answer each time.
//
// # Comparing texts
//
// [Compare] takes two texts as they are stored in text.md, one sentence a line,
// and works in two steps: lines first, then the words inside each run of
// replaced lines. [Blocks] takes two texts as lists of paragraphs, headings and
// the like, and tells in addition which of them moved; [BlockDiff.Project]
// follows a passage through its result. [Similarity] is how much two texts have
// in common, in one figure.
//
// Both steps find a longest common subsequence: nothing smaller could be
// marked between the same neighbours. Its time is the product of the two
// lengths divided by 64 at the worst, and near their sum where texts have much
// in common or words are rare. Effort is bounded by work, never by time, so
// that a result does not depend on the speed of the machine: sequences beyond
// the bound (two texts of 130,000 words that have nothing in common at either
// end) are cut in two, at an item that occurs once on each side where there is
// one, until the parts are within their share of it. So results get coarser by
// degrees as texts grow. Memory is some 100 bytes a token of replaced text. Texts
// are shorter than 2 GiB.
//
// A minimal diff may match stray words between two rewritten halves of a
// passage. Counts and verdicts rest on the minimal one; [Diff.Readable] is what
// to show to people.
//
// # Tokens
//
// Tokens follow UAX #29 word boundaries, which means that Chinese, Japanese
// kana and other scripts without spaces are cut per character, with these
// additions: a number with its separators (1,234.5, 12:30, 1/2) is one token,
// a URL is one token, a run of white space is one token, a line end is one
// token. A change never starts or ends inside a token.
//
// # Forms of a text
//
// The display form ([Display]) is what a person reads: NFC, white space
// collapsed to single spaces, invisible and control characters removed. The
// compare form ([Fold]) is what equality of passages is judged by: NFKC, typographic
// quotation marks and dashes folded, case folded. Both keep a map back to the
// text they were made from.
package textdiff
