package extract

import (
	"encoding/hex"
	"strings"

	"golang.org/x/net/html"
)

// prepare removes from a tree what no reader sees.
//
//   - Comments go.
//   - Of more than two <br> in a row, two stay: they are one paragraph break.
//   - Addresses that Cloudflare hides are shown again. The same address is
//     written differently each time, which would look like an edit.
func prepare(root *html.Node) {
	breaks := 0
	var drop []*html.Node
	for n := range root.Descendants() {
		switch n.Type {
		case html.CommentNode:
			drop = append(drop, n)
			continue
		case html.TextNode:
			if strings.TrimSpace(n.Data) != "" {
				breaks = 0
			}
			continue
		case html.ElementNode:
		default:
			continue
		}
		if n.Data != "br" {
			breaks = 0
			revealAddress(n)
			continue
		}
		if breaks++; breaks > 2 {
			drop = append(drop, n)
		}
	}
	for _, n := range drop {
		n.Parent.RemoveChild(n)
	}
}

// revealAddress puts an e-mail address back in the place of its obfuscation.
func revealAddress(n *html.Node) {
	for i, a := range n.Attr {
		if _, code, found := strings.Cut(a.Val, "/cdn-cgi/l/email-protection#"); found && a.Key == "href" {
			if address := decodeAddress(code); address != "" {
				n.Attr[i].Val = "mailto:" + address
			}
		}
	}
	address := decodeAddress(attribute(n, "data-cfemail"))
	if address == "" {
		return
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: address})
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
