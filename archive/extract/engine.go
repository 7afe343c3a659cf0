package extract

import (
	nurl "net/url"
	"slices"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/markusmobius/go-htmldate"
	"github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// runEngine asks go-trafilatura, with go-readability as its second opinion,
// which part of a page is the article. It returns nil when that finds nothing
// or fails: the page then speaks for itself. root is not changed.
//
// The options are part of [Name].
func runEngine(root *html.Node, in Input) (content *html.Node, language string) {
	defer func() {
		if recover() != nil {
			content, language = nil, ""
		}
	}()
	address, err := nurl.Parse(in.URL)
	if err != nil || !address.IsAbs() {
		address = &nurl.URL{Scheme: "http", Host: "unknown.invalid", Path: "/"}
	}
	root = forEngine(root)
	result, err := trafilatura.ExtractDocument(root, trafilatura.Options{
		OriginalURL:        address,
		EnableFallback:     true,
		FallbackCandidates: &trafilatura.FallbackCandidates{Readability: secondOpinion(root, address)},
		ExcludeComments:    true,
		HtmlDateMode:       trafilatura.Disabled,
		HtmlDateOverride:   &htmldate.Result{},
	})
	if err != nil || result.ContentNode == nil {
		return nil, ""
	}
	return result.ContentNode, result.Metadata.Language
}

// secondOpinion returns the article as go-readability sees it, or nil.
func secondOpinion(root *html.Node, address *nurl.URL) (article *html.Node) {
	defer func() {
		if recover() != nil {
			article = nil
		}
	}()
	a, err := readability.FromDocument(root, address)
	if err != nil {
		return nil
	}
	return a.Node
}

// forEngine returns a copy of a tree in which elements that the engine cuts
// out of a sentence, together with the rest of it, are plain.
func forEngine(root *html.Node) *html.Node {
	c := &html.Node{Type: root.Type, DataAtom: root.DataAtom, Data: root.Data, Namespace: root.Namespace, Attr: slices.Clone(root.Attr)}
	if c.Type == html.ElementNode && cutElements[c.Data] && root.Parent != nil && sentenceElements[root.Parent.Data] {
		c.Data, c.DataAtom, c.Attr = "span", atom.Span, nil
	}
	for n := range root.ChildNodes() {
		c.AppendChild(forEngine(n))
	}
	return c
}

var (
	cutElements      = wordSet("time ins label data output")
	sentenceElements = wordSet("p li blockquote td dd em strong b i a span")
)
