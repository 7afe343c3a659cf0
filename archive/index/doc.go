// Package index keeps what is asked of an archive most often in one SQLite
// file: its commits by sequence, its pages as they are now, which commits
// captured a page, and the words of every version. The file is disposable: all
// of it is read from the archive again when it is missing, damaged, older or of
// another archive. It knows SQLite and rows, not git.
//
// # The file
//
// Format 7. The application_id of the SQLite header is "wbk" and the format, and
// the user_version is the CRC-32C of the format and of the identity that [Open]
// is given, so a file of another format is set aside, and one of another identity
// left alone, before SQLite reads any of it. Beside it stand SQLite's
// own -wal and -shm, and a .lock: whoever makes the file anew or adds to it
// holds that lock; readers do not.
//
//	about     one row: identity, newest commit, number of pages and their digest
//	commits   sequence → git's name of the commit
//	pages     a page as the newest commit has it; its last look and when the next one
//	          is due (package schedule); counts and digest of its captures
//	captures  the commits that touched a page's folder, in their order, with the
//	          time, the outcome and the digest of what the page said when it was served
//	          then, what read that, and what is to be kept of the verdict on it
//	names     the names of pages, each with an LF, in blocks of 256 in the order of
//	          pages: what is looked for by a part of it is read from here
//	sorted    the same names as people write them, by their bytes, each with the page's
//	          n: how one goes on is read from here
//	quoted    the pages that the quotes of a post are bound to
//	words     FTS5, contentless: the words of each served capture that says
//	          something else than the one before, by the capture's n, each once;
//	          after them, for each two words that stand together, a token of theirs
//
// Versions are not numbered here: they are in the order of their capture times,
// which an import of older captures may change.
//
// SQLite notices damage to its own structure only. So every row carries a
// CRC-32C of itself, a block of names, too, a page that of all its captures, and the about row that of
// all pages, and that of a sorted name is also of the name that follows. What a damaged file says is never taken for true, and what it fails
// to say is noticed, but for the words, who quotes whom and the order in which pages are due. A damaged list of words can hide a
// version from a search until the file is made anew; it cannot invent one,
// since hits are held against the text ([Query.Find]).
//
// # Words
//
// The text is cut into words here and not by SQLite, so that index, queries and
// snippets agree. A word is a run of letters, digits and marks, folded: NFKD
// without U+0300 to U+036F, case folding, NFC; cut at 64 bytes. Scripts that are
// written without spaces, and Hangul, give one word a character, so any part of
// a Chinese or Thai sentence is found as a phrase. (FTS5's trigrams would take
// three times the space and not find words of two characters.)
//
// A phrase is searched for as the phrase of its pairs: two words that stand
// together have one of 2^20 tokens, U+0080 and four digits of base 32, from their
// FNV-1a. The positions of two very frequent words fill a tenth of the file, those
// of most pairs next to nothing. That pairs share tokens makes false hits, about
// one text of 5,000 for a phrase of two words, none for longer ones; whoever
// searches for a phrase holds each hit against the text ([Query.Exact]).
//
// A text of 256 KiB and more has each pair once and is written in parts, under one
// number, with the token U+0080 U+0080 in the first: of such texts a phrase finds
// those that have its pairs, wherever they stand.
package index
