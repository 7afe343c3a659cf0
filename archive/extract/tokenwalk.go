package extract

import (
	"context"
	"io"

	"golang.org/x/net/html"
)

// walkTokens reads a page without building a tree: all its visible text, in
// order. It serves pages that are too large or nested too deeply for a tree.
// Its time and memory are linear in the size of the page.
func walkTokens(ctx context.Context, text string) (blocks []pageBlock, title string, err error) {
	return newOutline(text).walkTokens(ctx)
}

// walkTokens does so with what is worth parsing.
func (o *outline) walkTokens(ctx context.Context) (blocks []pageBlock, title string, err error) {
	text, way := o.text, wayToPage{spans: o.worth}
	o.parts = nil
	z := html.NewTokenizer(o.reader())
	var w blockWriter
	at := span{}           // of the token in what is worth parsing
	silent, name := "", "" // name of the silent element that is open; of the last one
	for tokens := 0; ; tokens++ {
		if tokens%4096 == 0 && ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if len(w.blocks) > MaxBlocks {
			return nil, "", errBlocks()
		}
		kind := z.Next()
		at = span{at.end, at.end + len(z.Raw())}
		switch kind {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				return nil, "", z.Err()
			}
			return w.finish(), title, nil
		case html.TextToken:
			switch t := string(z.Text()); {
			case silent == "":
				w.write(t, 0, trimSpan(text, way.of(at)))
			case silent == "title" && title == "":
				title = display(html.UnescapeString(t))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			name = t.Data
			if silent == "" && silentElements[name] && opensScope(name) {
				silent = name
			}
			if silent == "" {
				w.open(name, func(key string) string { return tokenAttribute(t, key) })
			}
		case html.EndTagToken:
			tag, _ := z.TagName()
			name = string(tag)
			switch {
			case silent == name:
				silent = ""
			case silent == "":
				w.close(name)
			}
		}
	}
}

// A wayToPage tells where in a page stands what was parsed. Places must be asked
// for in rising order.
type wayToPage struct {
	spans []narrowSpan // of the page, which were parsed
	done  int          // bytes of the spans before
}

func (w *wayToPage) of(at span) span {
	start := w.to(at.start)
	return span{start, w.to(at.end-1) + 1}
}

func (w *wayToPage) to(place int) int {
	for {
		s := w.spans[0].wide()
		if place < w.done+s.end-s.start {
			return s.start + place - w.done
		}
		w.done += s.end - s.start
		w.spans = w.spans[1:]
	}
}

// opensScope reports whether a silent element ends with a tag of its own. The
// head does not count: its end tag is often left out.
func opensScope(name string) bool {
	switch name {
	case "meta", "link", "embed", "head", "frameset", "object", "map", "svg", "math", "canvas", "audio", "video":
		return false
	}
	return true
}

func tokenAttribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
