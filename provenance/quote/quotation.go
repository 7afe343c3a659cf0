package quote

import (
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Mark says what tells that a passage is quoted.
type Mark string

// The marks.
const (
	Blockquote Mark = "blockquote" // set off from the text
	Element    Mark = "q"          // an element of the page around words in a line
	Markdown   Mark = "markdown"   // lines that begin with ">"
	Paired     Mark = "paired"     // quotation marks
	Unmarked   Mark = "unmarked"   // nothing but the words that a source has, too
)

// A Quotation is a passage of a post that is someone else's.
type Quotation struct {
	Mark Mark
	// Places are where it stands in the post, without its marks, one for each
	// block: indices into the blocks of the document and bytes of their text.
	Places []textdiff.Place
	Text   string // as the post has it, blocks joined by a line feed
	// Fragments are the parts of the text that stand for consecutive words of
	// the source, brackets as written.
	Fragments []string
	Speaker   string // whom the sentence names as the speaker, in its words; "" where it is not clear
	// Sentence and Paragraph are the links around it, as indices into the links
	// of the document: those of its sentence, and those of its block (of the
	// block before it, too, where it is set off from the text).
	Sentence, Paragraph []int
}
