package resource

import (
	"iter"
	"strings"

	"golang.org/x/net/html"
)

// elements returns the elements of a page in the order of their tags, each with
// those attributes that references stand in, and of a style element with its
// content. No tree is built: that of a long page takes ten times its memory. The
// only parent that is told is a <picture>.
func elements(page string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		picture := &html.Node{Type: html.ElementNode, Data: "picture"}
		open := map[string]int{} // pictures and drawings
		z := html.NewTokenizer(strings.NewReader(page))
		for {
			switch kind := z.Next(); kind {
			case html.ErrorToken:
				return
			case html.EndTagToken:
				if name, _ := z.TagName(); open[string(name)] > 0 {
					open[string(name)]--
				}
			case html.StartTagToken, html.SelfClosingTagToken:
				name, more := z.TagName()
				n := &html.Node{Type: html.ElementNode, Data: nameOf(name)}
				n.Attr = attributes(z, more)
				switch n.Data {
				case "picture", "svg":
					if kind == html.StartTagToken || n.Data == "picture" {
						open[n.Data]++
					}
				case "noscript":
					z.NextIsNotRawText() // no scripts are run
				case "image":
					if open["svg"] == 0 {
						n.Data = "img" // as the HTML standard has it
					}
				case "style":
					if z.Next() == html.TextToken {
						n.AppendChild(&html.Node{Type: html.TextNode, Data: string(z.Text())})
					}
				}
				if open["picture"] > 0 {
					n.Parent = picture
				}
				if !yield(n) {
					return
				}
			}
		}
	}
}

// nameOf returns the name of a tag, "" where its element asks for nothing but what
// its style does.
func nameOf(name []byte) string {
	if asking[string(name)] {
		return string(name)
	}
	return ""
}

// attributes returns the attributes of the tag that references stand in, or that
// tell what they are for.
func attributes(z *html.Tokenizer, more bool) []html.Attribute {
	var attr []html.Attribute
	for more {
		var key, value []byte
		if key, value, more = z.TagAttr(); telling[string(key)] {
			attr = append(attr, html.Attribute{Key: string(key), Val: string(value)})
		}
	}
	return attr
}

// asking are the elements that UsesOf and BaseOf look at, and those that they stand
// in; telling are their attributes.
var (
	asking  = setOf(`img picture source video audio track input image feimage link body table td th style base noscript svg`)
	telling = setOf(`src srcset poster href xlink:href background type rel as onload style
		data-srcset data-lazy-srcset data-src data-original data-lazy-src data-lazy`)
)

func setOf(words string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// The limits of a single tag: from which length its attributes are counted, and how
// many it may have. A tokenizer keeps account of all of them at once.
const (
	longTag       = 512 << 10
	maxAttributes = 100_000
)

// hasMonster reports whether a page has a tag beyond the limits.
func hasMonster(page string) bool {
	for {
		i := strings.IndexByte(page, '<')
		if i < 0 {
			return false
		}
		page = page[i+1:]
		end := strings.IndexByte(page, '<')
		if end < 0 {
			end = len(page)
		}
		if end > longTag && tagAttributes(page) > maxAttributes {
			return true
		}
	}
}

// tagAttributes returns how many attributes the tag has at most that a text starts
// with.
func tagAttributes(text string) (n int) {
	for i := 0; i < len(text) && text[i] != '>'; i++ {
		switch c := text[i]; c {
		case '"', '\'':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 || i == 0 || text[i-1] != '=' {
				continue
			}
			i += end + 1
			n++
		case ' ', '\n', '\r', '\t', '\f', '/':
			n++
		}
	}
	return n
}
