package access

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// glimpse is what a quick look at markup tells: enough to know a wall by.
type glimpse struct {
	title    string
	heading  string // the first of them
	words    int    // outside of scripts, styles and the title
	text     string // the first of these words
	password bool   // there is a field for one
	short    bool   // the whole body was looked at
}

const (
	// maxGlance bounds how much of a body is looked at, in bytes.
	maxGlance = 64 << 10
	// maxGlimpse bounds the text that is kept of it.
	maxGlimpse = 4 << 10
)

// few reports whether a page as a whole says no more than n words.
func (g *glimpse) few(n int) bool { return g.short && g.words <= n }

// titles returns what a page calls itself, and the pieces of it: many sites add
// their own name.
func (g *glimpse) titles() []string {
	var all []string
	for _, whole := range []string{g.title, g.heading} {
		if whole == "" {
			continue
		}
		all = append(all, whole)
		pieces := strings.FieldsFunc(whole, func(r rune) bool { return r == '|' || r == '–' || r == '—' || r == '·' || r == '»' || r == '«' })
		if len(pieces) == 1 {
			pieces = strings.Split(whole, " - ")
		}
		if len(pieces) == 1 {
			pieces = strings.Split(whole, " :: ")
		}
		if len(pieces) > 1 {
			for _, piece := range pieces {
				if piece = strings.TrimSpace(piece); piece != "" {
					all = append(all, piece)
				}
			}
		}
	}
	return all
}

// glance looks at the body once.
func (c *look) glance() *glimpse {
	if c.glanced == nil {
		c.glanced = glanceAt(c.Body)
		if c.Reading != nil && c.glanced.title == "" {
			c.glanced.title = c.Reading.Title
		}
	}
	return c.glanced
}

// glanceAt reads the beginning of a body as HTML, whatever it is.
func glanceAt(body []byte) *glimpse {
	g := &glimpse{short: len(body) <= maxGlance}
	if !g.short {
		body = body[:maxGlance]
		g.title = titleOf(body)
		return g // no rule asks more of a long page
	}
	var text strings.Builder
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(maxGlance)
	within := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			g.text = text.String()
			return g
		case html.StartTagToken:
			name, more := z.TagName()
			switch string(name) {
			case "title", "h1", "script", "style", "template", "svg":
				if within == "" {
					within = string(name)
				}
			case "input":
				g.password = g.password || more && hasAttribute(z, "type", "password")
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == within {
				within = ""
			}
		case html.TextToken:
			g.take(within, string(z.Text()), &text)
		}
	}
}

func (g *glimpse) take(within, raw string, text *strings.Builder) {
	words := strings.Fields(html.UnescapeString(raw))
	switch within {
	case "script", "style", "template", "svg":
		return
	case "title":
		if g.title == "" {
			g.title = strings.Join(words, " ")
		}
		return
	case "h1":
		if g.heading == "" {
			g.heading = strings.Join(words, " ")
		}
	}
	for _, word := range words {
		if strings.IndexFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			g.words += (len([]rune(word)) + 19) / 20 // scripts without spaces have long "words"
		}
		if text.Len() < maxGlimpse {
			text.WriteString(word)
			text.WriteByte(' ')
		}
	}
}

func hasAttribute(z *html.Tokenizer, key, value string) bool {
	for {
		k, v, more := z.TagAttr()
		if string(k) == key && strings.EqualFold(string(v), value) {
			return true
		}
		if !more {
			return false
		}
	}
}

// titleOf finds a title without reading markup: for pages that are too long to
// be walls.
func titleOf(body []byte) string {
	at := bytes.Index(body, []byte("<title"))
	if at < 0 {
		return ""
	}
	rest := body[at:]
	from := bytes.IndexByte(rest, '>')
	to := bytes.Index(rest, []byte("</title"))
	if from < 0 || to < from {
		return ""
	}
	return strings.Join(strings.Fields(html.UnescapeString(string(rest[from+1:to]))), " ")
}
