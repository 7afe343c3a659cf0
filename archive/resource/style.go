package resource

import (
	"strings"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/schemas"
)

// A styleUse is a place in a style sheet that refers to something.
type styleUse struct {
	start, end int // of the url() or the string
	reference  string
	kind       schemas.ResourceKind
	spare      bool // another font of the same rule is asked for
}

// RewriteStyle returns a style sheet with what replace returns in the place of
// each reference, as url("…"). kind is what the reference is for. What replace
// returns must be ASCII without quotes, backslashes and line ends.
func RewriteStyle(css string, replace func(reference string, kind schemas.ResourceKind) string) string {
	var out strings.Builder
	done := 0
	for _, use := range usesOf(css) {
		out.WriteString(css[done:use.start])
		if use.start > 0 && (isNameByte(css[use.start-1]) || css[use.start-1] == '\\') {
			out.WriteByte(' ') // @import"…"
		}
		out.WriteString(`url("` + replace(use.reference, use.kind) + `")`)
		done = use.end
	}
	out.WriteString(css[done:])
	return out.String()
}

// usesOf finds the references of a style sheet, or of the value of a style
// attribute (CSS Syntax Module Level 3, as far as it takes).
func usesOf(css string) []styleUse {
	s := styleScanner{css: css}
	for s.at < len(css) {
		s.next()
	}
	s.closeFont()
	return s.uses
}

// A styleScanner goes through the tokens of a style sheet.
type styleScanner struct {
	css  string
	at   int
	uses []styleUse

	rule   string // the at-rule whose prelude is being read: "import", "font-face", "namespace" …
	depth  int    // of blocks
	font   int    // depth inside an @font-face rule; 0 outside
	fonts  []int  // the uses of the @font-face rule
	image  int    // parentheses inside image-set(); 0 outside
	parens int
}

func (s *styleScanner) next() {
	switch c := s.css[s.at]; {
	case strings.HasPrefix(s.css[s.at:], "/*"):
		s.skipTo("*/")
	case c == '"' || c == '\'':
		s.text()
	case c == '@':
		s.at++
		s.rule = strings.ToLower(s.name())
	case isNameByte(c) || c == '\\':
		s.word()
	default:
		s.at++
		s.punctuation(c)
	}
}

func (s *styleScanner) punctuation(c byte) {
	switch c {
	case '{':
		s.depth++
		if s.rule == "font-face" {
			s.closeFont()
			s.font = s.depth
		}
		s.rule, s.parens, s.image = "", 0, 0
	case '}':
		if s.font == s.depth {
			s.closeFont()
		}
		s.depth = max(s.depth-1, 0)
		s.rule, s.parens, s.image = "", 0, 0
	case ';':
		s.rule, s.parens, s.image = "", 0, 0
	case '(':
		s.parens++
	case ')':
		if s.image == s.parens {
			s.image = 0
		}
		s.parens = max(s.parens-1, 0)
	}
}

// text takes a string, which is a reference after @import and in image-set().
func (s *styleScanner) text() {
	start := s.at
	value := s.quoted()
	switch {
	case s.rule == "import" && s.parens == 0:
		s.use(start, value, schemas.ResourceStyle)
		s.rule = "imported" // supports("…") is none
	case s.image > 0 && s.image == s.parens:
		s.use(start, value, schemas.ResourceImage)
	}
}

// word takes a name, and what stands in the parentheses of url().
func (s *styleScanner) word() {
	start := s.at
	name := strings.ToLower(s.name())
	if s.at == start {
		s.at++ // a backslash that escapes nothing
		return
	}
	if !strings.HasPrefix(s.css[s.at:], "(") {
		return
	}
	s.at++
	switch name {
	case "url", "src":
		value, ok := s.address(name == "url")
		if ok {
			s.use(start, value, s.kind())
		}
	case "image-set", "-webkit-image-set":
		s.parens++
		s.image = s.parens
	default:
		s.parens++
	}
}

func (s *styleScanner) kind() schemas.ResourceKind {
	switch {
	case s.rule == "import":
		s.rule = "imported"
		return schemas.ResourceStyle
	case s.font > 0:
		return schemas.ResourceFont
	}
	return schemas.ResourceImage
}

func (s *styleScanner) use(start int, reference string, kind schemas.ResourceKind) {
	if s.rule == "namespace" {
		return
	}
	if kind == schemas.ResourceFont {
		s.fonts = append(s.fonts, len(s.uses))
	}
	s.uses = append(s.uses, styleUse{start: start, end: s.at, reference: reference, kind: kind})
}

// closeFont chooses the one font of an @font-face rule that is asked for.
func (s *styleScanner) closeFont() {
	best, rank := -1, -1
	for _, i := range s.fonts {
		if r := fontRank(s.css, s.uses[i]); r > rank {
			best, rank = i, r
		}
	}
	for _, i := range s.fonts {
		s.uses[i].spare = i != best
	}
	s.fonts, s.font = nil, 0
}

// fontRank orders fonts by how likely a program of today reads them: by the
// format() behind the reference, else by its extension.
func fontRank(css string, use styleUse) int {
	said := strings.ToLower(strings.TrimLeft(css[use.end:min(len(css), use.end+64)], " \t\r\n\f"))
	if format, ok := strings.CutPrefix(said, "format("); ok {
		format, _, _ = strings.Cut(format, ")")
		switch strings.Trim(format, "\"' ") {
		case "woff2", "woff2-variations":
			return 4
		case "woff", "woff-variations":
			return 3
		case "truetype", "opentype", "truetype-variations", "opentype-variations":
			return 2
		}
		return 0
	}
	path, _, _ := strings.Cut(strings.ToLower(use.reference), "#")
	path, _, _ = strings.Cut(path, "?")
	switch {
	case strings.HasPrefix(path, "data:"):
		return 5
	case strings.HasSuffix(path, ".woff2"):
		return 4
	case strings.HasSuffix(path, ".woff"):
		return 3
	case strings.HasSuffix(path, ".eot"), strings.HasSuffix(path, ".svg"):
		return 0
	}
	return 1
}

// address reads what stands in url( up to the closing parenthesis, which is
// taken too. It is false for what is no address.
func (s *styleScanner) address(bare bool) (string, bool) {
	s.blanks()
	if s.at < len(s.css) && (s.css[s.at] == '"' || s.css[s.at] == '\'') {
		value := s.quoted()
		s.skipTo(")") // modifiers may stand there
		return value, true
	}
	var b strings.Builder
	for s.at < len(s.css) {
		switch c := s.css[s.at]; c {
		case ')':
			s.at++
			return strings.TrimSpace(b.String()), bare && b.Len() > 0
		case '\\':
			s.escape(&b)
		default:
			b.WriteByte(c)
			s.at++
		}
	}
	return strings.TrimSpace(b.String()), bare && b.Len() > 0
}

// quoted takes a string and returns its value. A line end ends it.
func (s *styleScanner) quoted() string {
	quote := s.css[s.at]
	s.at++
	var b strings.Builder
	for s.at < len(s.css) {
		switch c := s.css[s.at]; c {
		case quote:
			s.at++
			return b.String()
		case '\n', '\r', '\f':
			return b.String()
		case '\\':
			s.escape(&b)
		default:
			b.WriteByte(c)
			s.at++
		}
	}
	return b.String()
}

// name takes a name and returns it without escapes.
func (s *styleScanner) name() string {
	var b strings.Builder
	for s.at < len(s.css) {
		c := s.css[s.at]
		switch {
		case isNameByte(c):
			b.WriteByte(c)
			s.at++
		case c == '\\' && s.at+1 < len(s.css) && !isLineEnd(s.css[s.at+1]):
			s.escape(&b)
		default:
			return b.String()
		}
	}
	return b.String()
}

// escape takes a backslash and what it stands before: up to six hex digits and a
// blank, a line end, or any character.
func (s *styleScanner) escape(b *strings.Builder) {
	s.at++
	digits, value := 0, rune(0)
	for digits < 6 && s.at < len(s.css) && isHex(s.css[s.at]) {
		value = value<<4 | rune(hexValue(s.css[s.at]))
		s.at++
		digits++
	}
	switch {
	case digits > 0:
		if value == 0 || !utf8.ValidRune(value) {
			value = utf8.RuneError
		}
		b.WriteRune(value)
		if strings.HasPrefix(s.css[s.at:], "\r\n") {
			s.at += 2
		} else if s.at < len(s.css) && isBlank(s.css[s.at]) {
			s.at++
		}
	case s.at == len(s.css):
	case strings.HasPrefix(s.css[s.at:], "\r\n"):
		s.at += 2
	case isLineEnd(s.css[s.at]):
		s.at++
	default:
		b.WriteByte(s.css[s.at])
		s.at++
	}
}

func (s *styleScanner) skipTo(end string) {
	n := strings.Index(s.css[s.at:], end)
	if n < 0 {
		s.at = len(s.css)
		return
	}
	s.at += n + len(end)
}

func (s *styleScanner) blanks() {
	for s.at < len(s.css) && isBlank(s.css[s.at]) {
		s.at++
	}
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80
}

func isBlank(c byte) bool   { return c == ' ' || c == '\t' || isLineEnd(c) }
func isLineEnd(c byte) bool { return c == '\n' || c == '\r' || c == '\f' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
