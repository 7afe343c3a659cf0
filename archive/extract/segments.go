package extract

import "strings"

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

// segments returns where the text between the tags of a page stands, the text of
// scripts and styles included, in the order of the page. It cuts where the
// tokenizer of golang.org/x/net/html cuts, which says where no longer once it
// has built a tree, at a small part of its cost. Its time is linear.
func segments(text string) []span {
	out := make([]span, 0, strings.Count(text, "<"))
	start := 0 // of the text that is being read
	for i := 0; i < len(text); {
		n := strings.IndexByte(text[i:], '<')
		if n < 0 {
			break
		}
		i += n
		end, raw := markup(text, i)
		if end == i {
			i++ // a character like any other
			continue
		}
		if i > start {
			out = append(out, span{start, i})
		}
		i, start = end, end
		if raw == "" {
			continue
		}
		if i = rawEnd(text, i, raw); i > start {
			out = append(out, span{start, i})
		}
		start = i
	}
	if start < len(text) {
		out = append(out, span{start, len(text)})
	}
	return out
}

// markup returns the end of the tag, comment or declaration that starts at i, or
// i if none does, and its name if all that follows is text up to its end tag.
func markup(text string, i int) (end int, raw string) {
	if i+1 >= len(text) {
		return i, ""
	}
	switch c := text[i+1]; {
	case isLetter(c):
		end = tagEnd(text, i+1)
		if name := tagName(text, i+1); rawElements[name] {
			raw = name
		}
		return end, raw
	case c == '/':
		switch {
		case i+2 >= len(text):
			return i, ""
		case isLetter(text[i+2]):
			return tagEnd(text, i+2), ""
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

// tagEnd returns the index behind the tag whose name starts at i.
func tagEnd(text string, i int) int {
	for i < len(text) && !endsName(text[i]) {
		i++
	}
	for i < len(text) {
		switch c := text[i]; {
		case c == '>':
			return i + 1
		case c == '/' || isBlank(c):
			i++
		default:
			i = attributeEnd(text, i)
		}
	}
	return len(text)
}

// attributeEnd returns the index behind the attribute that starts at i.
func attributeEnd(text string, i int) int {
	for i++; i < len(text) && text[i] != '=' && !endsName(text[i]); i++ {
	}
	after := blanks(text, i)
	if after >= len(text) || text[after] != '=' {
		return i
	}
	i = blanks(text, after+1)
	if i >= len(text) {
		return i
	}
	if quote := text[i]; quote == '"' || quote == '\'' {
		return past(text, i+1, text[i:i+1])
	}
	for i < len(text) && text[i] != '>' && !isBlank(text[i]) {
		i++
	}
	return i
}

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
	for {
		n := strings.Index(text[i:], "</")
		if n < 0 {
			return len(text)
		}
		i += n
		end := i + 2 + len(name)
		if end >= len(text) {
			return len(text)
		}
		if endsName(text[end]) && strings.EqualFold(text[i+2:end], name) {
			return i
		}
		i += 2
	}
}

// rawElements hold text only.
var rawElements = wordSet("iframe noembed noframes noscript plaintext script style textarea title xmp")
