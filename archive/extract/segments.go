package extract

import (
	"io"
	"strings"
	"unicode"
)

// A span is a range of bytes; without any bytes it points nowhere.
type span struct{ start, end int }

// cover returns the span from the first to the last byte of both.
func (s span) cover(o span) span {
	switch {
	case o.start == o.end:
		return s
	case s.start == s.end:
		return o
	}
	return span{min(s.start, o.start), max(s.end, o.end)}
}

// plus moves a span; one without bytes stays where it is.
func (s span) plus(n int) span {
	if s.start == s.end {
		return s
	}
	return span{s.start + n, s.end + n}
}

// A narrowSpan is a span of a page as it is kept in lists: no page is so long that
// 32 bits are too few.
type narrowSpan struct{ start, end int32 }

func (s span) narrow() narrowSpan { return narrowSpan{int32(s.start), int32(s.end)} }

func (s narrowSpan) wide() span { return span{int(s.start), int(s.end)} }

// An outline says which bytes of a page are text, and which are worth parsing.
type outline struct {
	text    string
	parts   []narrowSpan // the text between tags, in order, without that of unread elements
	worth   []narrowSpan // all but comments, unread attributes and the content of unread elements
	scripts []script     // that hold data

	from  int // where the last of worth starts
	nodes int // that the tree will have beside text, by the tags
	attrs int // of tags, that are worth parsing
	again formatting
}

// A script is an element with data for programs, such as JSON-LD.
type script struct{ tag, content span }

// newOutline cuts a page where the tokenizer of golang.org/x/net/html cuts it,
// at a small part of its cost. It serves two ends: the parser says no longer
// where the text stood once it has built a tree, and it need not see what nobody
// reads, which is most of many pages. Its time is linear.
func newOutline(text string) *outline {
	o := outline{text: text, parts: make([]narrowSpan, 0, strings.Count(text, "<")/2)}
	start := 0 // of the text that is being read
	for i := 0; i < len(text); {
		n := strings.IndexByte(text[i:], '<')
		if n < 0 {
			break
		}
		i += n
		end, raw := o.markup(i)
		if end == i {
			i++ // a character like any other
			continue
		}
		if i > start {
			o.parts = append(o.parts, span{start, i}.narrow())
		}
		// Without the comment, what stands before it must not join what comes after.
		if strings.HasPrefix(text[i:end], "<!--") && (i == 0 || text[i-1] == '>' || isBlank(text[i-1])) {
			o.drop(span{i, end})
		} else {
			o.nodes += o.nodesOf(i, end)
		}
		tag := span{i, end}
		i, start = end, end
		if raw == "" {
			continue
		}
		i = rawEnd(text, i, raw)
		switch {
		case !unreadElements[raw]:
			continue
		case raw == "script" && strings.Contains(text[tag.start:tag.end], "json"):
			o.scripts = append(o.scripts, script{tag, span{end, i}})
		}
		o.drop(span{end, i})
		start = i
	}
	if start < len(text) {
		o.parts = append(o.parts, span{start, len(text)}.narrow())
	}
	o.drop(span{len(text), len(text)})
	return &o
}

// nodesOf returns how many nodes of a tree the tag makes that is text[i:end]: a table
// makes those that it is to have around its cells, the end of a paragraph one where
// none is open, and a block those that are opened anew in it.
func (o *outline) nodesOf(i, end int) int {
	if o.text[i+1] == '/' {
		switch name := tagName(o.text, i+2); {
		case formattingElements[name]:
			o.again.end(name)
		case name == "p":
			return 1 + len(o.again.open)
		}
		return 0
	}
	switch name := tagName(o.text, i+1); {
	case formattingElements[name]:
		o.again.start(name, o.text[i:end])
		return 1
	case name == "table":
		return 4 + len(o.again.open)
	case inlineElements[name] || name == "br":
		return 1
	}
	return 1 + len(o.again.open)
}

// The bytes that the nodes of a tree take.
const (
	nodeSize      = 112
	textSize      = 16 + nodeSize // with the least that its text takes until it is placed
	attributeSize = 96            // lists of them have room to grow
)

// treeSize returns how many bytes the tree of the page will take, but for long texts
// and values.
func (o *outline) treeSize() int {
	if o.again.far {
		return maxTree + 1
	}
	return o.nodes*nodeSize + len(o.parts)*textSize + o.attrs*attributeSize
}

// drop leaves bytes out of what is worth parsing. They must come in order.
func (o *outline) drop(s span) {
	if s.start > o.from {
		o.worth = append(o.worth, span{o.from, s.start}.narrow())
	}
	o.from = s.end
}

// reader returns what is worth parsing.
func (o *outline) reader() io.Reader { return &spanReader{text: o.text, left: o.worth} }

// A spanReader reads some spans of a text.
type spanReader struct {
	text string
	left []narrowSpan
	done int // bytes of the first of them
}

func (r *spanReader) Read(p []byte) (n int, err error) {
	for n < len(p) && len(r.left) > 0 {
		s := r.left[0].wide()
		k := copy(p[n:], r.text[s.start+r.done:s.end])
		n, r.done = n+k, r.done+k
		if s.start+r.done == s.end {
			r.left, r.done = r.left[1:], 0
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// markup returns the end of the tag, comment or declaration that starts at i, or
// i if none does, and its name if all that follows is text up to its end tag.
func (o *outline) markup(i int) (end int, raw string) {
	text := o.text
	if i+1 >= len(text) {
		return i, ""
	}
	switch c := text[i+1]; {
	case isLetter(c):
		end = o.tagEnd(i + 1)
		if name := tagName(text, i+1); rawElements[name] {
			raw = name
		}
		return end, raw
	case c == '/':
		switch {
		case i+2 >= len(text):
			return i, ""
		case isLetter(text[i+2]):
			return o.tagEnd(i + 2), ""
		}
		return past(text, i+2, ">"), ""
	case c == '!' && strings.HasPrefix(text[i:], "<!--"):
		return commentEnd(text, i+4), ""
	case c == '!' || c == '?':
		return past(text, i+2, ">"), ""
	}
	return i, ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// past returns the index behind the first occurrence of a mark, or the end.
func past(text string, i int, mark string) int {
	if n := strings.Index(text[i:], mark); n >= 0 {
		return i + n + len(mark)
	}
	return len(text)
}

// commentEnd returns the end of a comment whose content starts at i.
func commentEnd(text string, i int) int {
	switch rest := text[i:]; {
	case strings.HasPrefix(rest, ">"):
		return i + 1
	case strings.HasPrefix(rest, "->"):
		return i + 2
	}
	for {
		n := strings.Index(text[i:], "--")
		if n < 0 {
			return len(text)
		}
		i += n + 1
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "->"):
			return i + 2
		case strings.HasPrefix(rest, "-!>"):
			return i + 3
		}
	}
}

// tagName returns the name of the tag that starts at i, in lower case, if it is
// no longer than those of rawElements.
func tagName(text string, i int) string {
	end := i
	for end < len(text) && end-i < len("plaintext") && isLetter(text[end]) {
		end++
	}
	if end < len(text) && !endsName(text[end]) {
		return ""
	}
	return strings.ToLower(text[i:end])
}

func endsName(c byte) bool {
	return c == '>' || c == '/' || isBlank(c)
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' }

// maxAttributes is how many attributes of a tag are read.
const maxAttributes = 100

// tagEnd returns the index behind the tag whose name starts at i. It drops its
// attributes that nothing here reads.
func (o *outline) tagEnd(i int) int {
	text, read := o.text, 0
	for i < len(text) && !endsName(text[i]) {
		i++
	}
	for i < len(text) {
		switch c := text[i]; {
		case c == '>':
			o.attrs += read
			return i + 1
		case c == '/' || isBlank(c):
			i++
		default:
			name := i
			for i++; i < len(text) && text[i] != '=' && !endsName(text[i]); i++ {
			}
			end := valueEnd(text, i)
			if read < maxAttributes && isRead(text[name:i]) {
				read++
			} else {
				o.drop(span{name, end})
			}
			i = end
		}
	}
	return len(text)
}

// valueEnd returns the index behind the value of the attribute whose name ends
// at i.
func valueEnd(text string, i int) int {
	after := blanks(text, i)
	if after >= len(text) || text[after] != '=' {
		return i
	}
	i = blanks(text, after+1)
	if i >= len(text) {
		return i
	}
	if quote := text[i]; quote == '"' || quote == '\'' {
		if n := strings.IndexByte(text[i+1:], quote); n >= 0 {
			return i + 1 + n + 1
		}
		return len(text)
	}
	for i < len(text) && text[i] != '>' && !isBlank(text[i]) {
		i++
	}
	return i
}

// isRead reports whether the parser or this package reads an attribute. It is the
// attributes that cost a parser most, and most are for other programs.
func isRead(name string) bool {
	return readAttributes[name] || strings.ContainsFunc(name, unicode.IsUpper) && readAttributes[strings.ToLower(name)]
}

// readAttributes are those of this package, and those by which the parser
// decides where an element belongs.
var readAttributes = wordSet(`alt aria-hidden charset class content data-cfemail datetime hidden href http-equiv id itemprop
	lang name property pubdate rel role style xml:lang
	color encoding face size type`)

func blanks(text string, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

// rawEnd returns where the end tag of a raw element starts whose content starts
// at i.
func rawEnd(text string, i int, name string) int {
	if name == "plaintext" {
		return len(text)
	}
	for from := i; ; {
		n := strings.Index(text[i:], "</")
		if n < 0 {
			return len(text)
		}
		i += n
		if isTag(text, i+2, name) && !(name == "script" && isEscaped(text[from:i])) {
			return i
		}
		i += 2
	}
}

// isTag reports whether a tag has a name that starts at i.
func isTag(text string, i int, name string) bool {
	end := i + len(name)
	return end < len(text) && endsName(text[end]) && strings.EqualFold(text[i:end], name)
}

// isEscaped reports whether the end tag behind the beginning of a script ends
// another script: one that is written inside "<!--" and "-->" (HTML standard,
// "script data double escaped state").
func isEscaped(content string) bool {
	open := strings.LastIndex(content, "<!--")
	if open < 0 || strings.Contains(content[open+len("<!-"):], "-->") {
		return false
	}
	inner := 0
	for i := open; i < len(content); i++ {
		n := strings.IndexByte(content[i:], '<')
		if n < 0 {
			break
		}
		i += n
		switch {
		case isTag(content, i+1, "script"):
			inner = 1
		case strings.HasPrefix(content[i:], "</") && isTag(content, i+2, "script"):
			inner = 0
		}
	}
	return inner > 0
}

// rawElements hold text only; of unreadElements no reader sees it.
var (
	rawElements    = wordSet("iframe noembed noframes noscript plaintext script style textarea title xmp")
	unreadElements = wordSet("iframe noembed noframes noscript script style textarea")
)
