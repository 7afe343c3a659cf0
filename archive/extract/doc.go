// Package extract turns the bytes of a web page, a Markdown file or a plain
// text into the text that a reader sees, with its title, dates and links.
// It is pure: no input or output, no clock; the same input gives the same
// bytes on each machine. All input is hostile: sizes, ratios, nesting and the
// cost of third-party parsers are bounded.
//
// # What is read
//
// HTML and XHTML are read as an article, in one pass over the tree and a few over
// its block elements and blocks, each linear. Blocks of prose are worth their
// weight, less where they stand among links. The root of the article is the
// element that holds most of this worth and not much else; names and roles of
// elements (navigation, comments, article body, ...) are believed as far as the
// text agrees. Of the root all is read that is prose or stands among prose:
// headings, lists, tables, quotations, captions that are sentences; and from
// around it the introduction, the byline, and correction notices, which often
// stand in a footer. Boxes that are added elsewhere do not change the text.
// What is folded away and opened by the reader (accordions, tabs) is read. A page
// that has a script write its text is read from the articleBody of its JSON-LD, if
// that is free for all to read.
// Where no article is found, or the page has hardly any text, it is all text of
// the innermost of article, main and body. Beyond 400,000 tags, a tree
// of 72 MiB or 512 nested elements it is all text of the page. Markdown is
// CommonMark with tables. Other text/*, JSON and XML are plain text: paragraphs
// between blank lines. All else is [ErrNoText].
// What has more than [MaxText] bytes without its codings, or more than 200,000
// blocks or a million lines, is not read.
//
// Dates are those that the page states: in JSON-LD, <meta> and microdata, then in
// <time> elements and written dates around the headline, then in the address.
// Nothing is guessed: a date of numbers alone counts only if no other reading of
// it is possible, and no date lies after the fetch. The language is the one that
// the page states, or none.
//
// # Blocks, notices and places
//
// What is read comes as blocks, each with its kind and with the bytes of the
// decoded payload that it was made from, so that a change can be shown where it
// was made. HTML is cut twice: the parser builds the tree, and a scan that cuts
// the page where the tokenizer of the parser cuts it finds where the text stands;
// text nodes and cuts are matched in order, and by their words where the parser
// moved text. The scan also leaves out what the parser need not see: comments,
// scripts, and attributes that nothing here reads. [Document.Outside] is what
// else readers see. [Document.Root] names the element that was read, so that a
// choice that flips is not taken for an edit.
//
// A notice is a passage in which a page says that it was changed. It is told by
// its words, at the beginning of a block, or of a sentence in the first or last
// three blocks of the text; below a label; in an element that is named for
// notices; or in the JSON-LD of the article, as correction or in articleBody. The
// words are narrow: labels that have other uses (Editor's note) need words of
// change behind them, times alone (Updated 3 p.m.) are dates, and lines that ask
// readers for corrections, comments, menus and links are passed over.
//
// # The text.md format
//
// [Document.Markdown] writes UTF-8 in NFC, without control characters, each
// line ending with one LF, no line with spaces at its end, never two blank
// lines in a row. It is Markdown for people and for diffs, not for rendering:
// nothing is escaped, so text that looks like markup looks so here too, and
// there is no markup inside a line. Its parts, in this order:
//
//   - "# " and the title, if there is one. A block that repeats the title is
//     left out.
//   - The blocks, with a blank line before each, but not between two items of
//     lists nor between two rows of tables.
//   - If the text has links: a blank line, a line "* * *", and a line
//     "[words](address)" for each link in reading order. Links are absolute
//     http, https and mailto addresses in WHATWG serialisation, tracking parameters
//     and all, each once (the fragment not counted); without links to the page
//     itself, share buttons, and lists of tags, sections and authors. The
//     last line "* * *" of the file starts this part; an article may have such
//     lines of its own.
//
// A paragraph, quotation, item or caption is written one sentence a line, so
// that `git log -p --word-diff` and `git blame` speak of sentences; a line
// break of the page ends a line too. Sentences are those of UAX #29, joined
// again after abbreviations, initials and quoted questions.
//
//	heading     "## " to "###### "; the first two levels are both "## "
//	item        "- ", after two spaces for each outer list; further lines are
//	            indented by two more
//	quotation   "> " before each line
//	code        four spaces before each line, kept as it is
//	row         cells joined by " | "
//
// An example:
//
//	# River floods two towns
//
//	The river rose by 3.5 metres on 4 May, U.S. officials said.
//	At least 17 people were hurt.
//
//	- The upper town lost its bridge.
//	  It was built in 1902.
//	- The lower town lost its power.
//
//	* * *
//	[officials](https://agency.example/report)
package extract
