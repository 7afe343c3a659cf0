// Package quote finds the quotations of a post, binds each to the passage of a
// source that it was taken from, and says what became of that passage when the
// source changes. It is pure: no input or output, no clock, the same answer each
// time. All input is hostile; time is near the size of the texts.
//
// # Finding
//
// [Find] reads quotations off their marks: a quotation set off from the text,
// a quoted element of the page, a Markdown ">", and paired marks of any style
// (“ ” „ “ « » ‹ › 「 」 『 』 ‘ ’ and straight ones, which open after a space and
// close before one). Of nested marks the outermost count. One that is not closed
// goes on in the next block if that begins with the mark again. In scare quotes
// (fewer than three words, and no link in the sentence) nobody is quoted; single
// marks need three words, straight ones four, so that apostrophes are none.
//
// The text of a quotation is cut into fragments where it says that words were
// left out (… ... . . . […]). Words in brackets are the writer's own: they
// stand for up to six words of the source, or mend the case of a letter, as in
// [T]he. [sic], (emphasis added) and the numbers of footnotes are dropped.
//
// # Binding
//
// Passages are compared by words in compare form (package textdiff), signs of
// currency, percentage and sign counted as words, other punctuation not. A
// [Library] holds the sources and an index of their four-word sequences.
// A passage that has all words of a quotation in order is looked for first,
// fragments at most 2,000 characters apart; else the one that fewest words
// differ in, an alignment at which at most a fifth of five words or more may
// be replaced, missing or added. Three or four words must be found word for
// word in one place alone; fewer also, and not in sources that the post does
// not name. This bar is never lowered to find something.
//
// Sources are preferred in tiers that the caller states: those linked in the
// sentence, in the paragraph, in the post, then all others. A passage word for
// word in a later tier is preferred to an altered one in an earlier tier; of
// passages that are equal in this, those of the earliest tier count, and of
// these those in running text. If there is still more than one, the quotation
// is ambiguous, unless its surroundings in the post stand there, too.
//
// Runs of eight words or more that a post shares with a source and that no mark
// says are quoted are quotations too, with the mark unmarked: posts often lose
// their markup.
//
// # Judging again
//
// A [Revision] compares two versions of a source once and then follows passages
// through the comparison; it searches only for what is not kept there, by the
// same bar.
package quote
