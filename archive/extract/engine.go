package extract

import (
	nurl "net/url"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/markusmobius/go-htmldate"
	"github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"
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
