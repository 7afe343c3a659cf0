package resource

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// A Figure is an image, a film or a sound that belongs to the text of a page.
type Figure struct {
	Reference        // what is asked for first
	Alt       string // the alternative text, white space collapsed
	Start     int    // where its tag begins, in bytes of the page
	End       int    // where the figure element around it ends, or else its tag
}

// Range is a range of bytes of a page.
type Range struct{ Start, End int }

// maxFigures bounds the figures of a page.
const maxFigures = 200

// FiguresOf returns the figures of a page that was served from an address: what
// stands between the blocks of its article, given in order, or in the same
// article or main element directly before or after them. What other text shares
// that place with (outside), what is in a menu, an aside or a form, what its
// element says is an advertisement, a portrait of the author or a button, and
// what is a few pixels wide is none. The page is as received, without its
// content-coding, in any encoding that has ASCII in it.
func FiguresOf(page []byte, address string, article, outside []Range) []Figure {
	if len(article) == 0 || bytes.Count(page, []byte("<")) > maxTags {
		return nil
	}
	w := figureWalk{base: newBase(address), article: article}
	w.walk(page)
	figures := slices.DeleteFunc(w.figures, func(f Figure) bool {
		from, to := w.gap(f.Start, len(page))
		return from < 0 || slices.ContainsFunc(outside, func(r Range) bool { return r.End > r.Start && r.Start >= from && r.End <= to })
	})
	return figures[:min(len(figures), maxFigures)]
}

// figureWalk looks at the tags of a page in order.
type figureWalk struct {
	base    Base
	article []Range
	figures []Figure
	open    []opened
	bodies  []Range // article and main elements
}

// opened is an element that has not ended.
type opened struct {
	name  string
	start int
	apart bool // it calls itself what is no part of a text
	first int  // the first of the figures in it
}

func (w *figureWalk) walk(page []byte) {
	z := html.NewTokenizer(bytes.NewReader(page))
	at := 0
	for {
		kind := z.Next()
		end := at + len(z.Raw())
		switch kind {
		case html.ErrorToken:
			for len(w.open) > 0 {
				w.leave(len(w.open)-1, len(page))
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			w.enter(z.Token(), at, end)
		case html.EndTagToken:
			name, _ := z.TagName()
			for i := len(w.open) - 1; i >= 0; i-- {
				if w.open[i].name == string(name) {
					for len(w.open) > i {
						w.leave(len(w.open)-1, end)
					}
					break
				}
			}
		}
		at = end
	}
}

// maxOpen bounds the nesting that is kept track of.
const maxOpen = 512

func (w *figureWalk) enter(token html.Token, at, end int) {
	n := &html.Node{Type: html.ElementNode, Data: token.Data, Attr: token.Attr}
	apart := isApart(n)
	switch token.Data {
	case "article", "main", "aside", "nav", "footer", "form", "figure", "picture", "div", "section", "li", "ul", "a", "p", "header", "span", "ins":
		if len(w.open) < maxOpen {
			w.open = append(w.open, opened{name: token.Data, start: at, apart: apart, first: len(w.figures)})
		}
	case "source":
		if len(w.open) > 0 && w.open[len(w.open)-1].name == "picture" {
			n.Parent = &html.Node{Type: html.ElementNode, Data: "picture"}
		}
		fallthrough
	case "img", "video", "audio":
		if !apart && !isTiny(n) {
			w.add(n, at, end)
		}
	}
}

// add takes the figure of an element: the first of its references that leads
// anywhere. Of a picture it is that of its first source.
func (w *figureWalk) add(n *html.Node, at, end int) {
	if top := len(w.open) - 1; top >= 0 && w.open[top].name == "picture" && len(w.figures) > w.open[top].first {
		if last := &w.figures[len(w.figures)-1]; last.Alt == "" {
			last.Alt = strings.Join(strings.Fields(Attribute(n, "alt")), " ")
		}
		return
	}
	for _, use := range UsesOf(n) {
		address, ok := w.base.Resolve(use.Reference)
		if !ok || use.Kind != schemas.ResourceImage && use.Kind != schemas.ResourceMedia {
			continue
		}
		w.figures = append(w.figures, Figure{
			Reference: Reference{URL: address, Kind: use.Kind}, Start: at, End: end,
			Alt: strings.Join(strings.Fields(Attribute(n, "alt")), " "),
		})
		return
	}
}

// leave ends the i-th open element, the last one. What calls itself apart and
// holds text of the article is none of that.
func (w *figureWalk) leave(i, end int) {
	o := w.open[i]
	w.open = w.open[:i]
	if o.apart && !slices.ContainsFunc(w.article, func(r Range) bool { return r.Start >= o.start && r.End <= end }) {
		w.figures = w.figures[:o.first]
	}
	switch o.name {
	case "figure":
		for k := o.first; k < len(w.figures); k++ {
			w.figures[k].End = end
		}
	case "article", "main":
		w.bodies = append(w.bodies, Range{o.start, end})
	}
}

// apartNames are parts of the names by which pages call what is no part of their
// text; as whole words between the marks that join words in names.
var apartNames = pattern.New(`(?i)(^|[\s_-])(ads?|adverts?|advertisements?|advertising|adslot|adunit|sponsor(ed|s)?|promo(tion)?s?|banners?|teasers?|related|recommended|` +
	`share|sharing|social|avatars?|gravatar|logos?|icons?|emojis?|smileys?|author|byline|newsletter|comments?|pixel|tracking|beacon|widget)([\s_-]|$)`)

func isApart(n *html.Node) bool {
	switch n.Data {
	case "aside", "nav", "footer", "form":
		return true
	}
	return apartNames().MatchString(Attribute(n, "class")) || apartNames().MatchString(Attribute(n, "id"))
}

// isTiny reports whether an element says that it is a few pixels wide or high.
func isTiny(n *html.Node) bool {
	for _, key := range []string{"width", "height"} {
		if size, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(Attribute(n, key)), "px")); err == nil && size <= 40 {
			return true
		}
	}
	return false
}

// gap returns the bytes between the blocks of the article that a place is
// between; before the first and after the last of them, those within the same
// article or main element. It is -1 where the place is not among the text.
func (w *figureWalk) gap(at, size int) (from, to int) {
	first, last := w.article[0].Start, w.article[len(w.article)-1].End
	from, to = 0, size
	for _, block := range w.article {
		switch {
		case block.End <= block.Start:
		case block.End <= at:
			from = max(from, block.End)
		case block.Start > at:
			to = min(to, block.Start)
		default:
			return at, at // within a block
		}
	}
	if at >= first && at <= last {
		return from, to
	}
	for _, body := range w.bodies { // those that end first are innermost
		if body.Start <= at && at < body.End && body.Start <= first && last <= body.End {
			return max(from, body.Start), min(to, body.End)
		}
	}
	return -1, -1
}
