// Package textdiff tells which words of a text changed, and finds passages in
// a text. It is pure: no input or output, no clock, the same answer each time.
//
// # Comparing
//
// [Compare] takes two texts as they are stored in text.md, one sentence a
// line. It works in two steps: lines first, then the words inside each run of
// replaced lines. Both steps use the O(ND) algorithm of Myers without a time
// limit, so that a result never depends on the speed of the machine; effort is
// bounded by sizes instead. A replaced run of more than [MaxBlockTokens] tokens
// is reported as replaced as a whole; line sequences that are too long for the
// algorithm are first anchored on the lines that occur once in each text; and
// what is left when the work allowed for one comparison is used up is reported
// as replaced.
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
