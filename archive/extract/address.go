package extract

import (
	"encoding/hex"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// hiddenAddress is where Cloudflare makes links to hidden addresses lead.
const hiddenAddress = "/cdn-cgi/l/email-protection"

// revealAddress puts an e-mail address back in the place of its obfuscation. It
// returns the address, "" when there is none.
func revealAddress(n *html.Node, places *aligner) (address string) {
	code := ""
	for i, a := range n.Attr {
		switch a.Key {
		case "href":
			if _, code, found := strings.Cut(a.Val, hiddenAddress+"#"); found {
				if address = decodeAddress(code); address != "" {
					n.Attr[i].Val = "mailto:" + address
				}
			}
		case "data-cfemail":
			code = a.Val
		}
	}
	shown := decodeAddress(code)
	if shown == "" {
		return address
	}
	for i, a := range n.Attr {
		if a.Key == "href" && strings.HasSuffix(a.Val, hiddenAddress) {
			n.Attr[i].Val = "mailto:" + shown
		}
	}
	var at span
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			places.place(c)
			at = at.cover(places.of(c))
		}
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	text := &html.Node{Type: html.TextNode, Data: shown}
	places.put(text, at)
	n.AppendChild(text)
	return shown
}

// inText returns which of the addresses the text of a document has, in order,
// each once.
func inText(addresses []string, d *Document) []string {
	slices.Sort(addresses)
	return slices.DeleteFunc(slices.Compact(addresses), func(address string) bool {
		return !slices.ContainsFunc(d.Blocks, func(b Block) bool { return strings.Contains(b.Text, address) })
	})
}

// decodeAddress reverses the obfuscation: hex bytes, each XOR the first one. Some
// sites write the address in entities, chosen anew each time, before that.
func decodeAddress(code string) string {
	b, err := hex.DecodeString(code)
	if err != nil || len(b) < 2 {
		return ""
	}
	for i := range b[1:] {
		b[i+1] ^= b[0]
	}
	address, _, _ := strings.Cut(html.UnescapeString(string(b[1:])), "?")
	if !strings.Contains(address, "@") {
		return ""
	}
	return address
}
