package replay

import (
	"golang.org/x/net/html"
)

// Banner says what a file shows.
type Banner struct {
	Page   string   // its name
	Line   string   // when and how it was captured
	Detail []string // lines for who wants to verify it
}

// The looks of the banner are its own, whatever the page's style sheets say.
const (
	bannerStyle = "all:initial!important;display:block!important;position:relative!important;z-index:2147483647!important;box-sizing:border-box!important;width:100%!important;" +
		"padding:6px 12px!important;background:#f6f3ea!important;color:#333!important;border-bottom:1px solid #cbc3ad!important;" +
		"font:12px/1.5 system-ui,sans-serif!important;overflow-wrap:anywhere!important"
	summaryStyle = "all:revert!important;cursor:pointer!important;color:#333!important;font:12px/1.5 system-ui,sans-serif!important"
	preStyle     = "all:initial!important;display:block!important;white-space:pre-wrap!important;margin:6px 0!important;color:#333!important;font:11px/1.5 monospace!important;overflow-wrap:anywhere!important"
)

func (b Banner) node() *html.Node {
	details := element("details", "id", "walkback-banner", "style", bannerStyle)
	summary := element("summary", "style", summaryStyle)
	summary.AppendChild(&html.Node{Type: html.TextNode, Data: b.Page + " — " + b.Line})
	pre := element("pre", "style", preStyle)
	text := ""
	for _, line := range b.Detail {
		text += line + "\n"
	}
	pre.AppendChild(&html.Node{Type: html.TextNode, Data: text})
	details.AppendChild(summary)
	details.AppendChild(pre)
	return details
}
