package extract

import (
	"encoding/hex"
	"strings"

	"golang.org/x/net/html"
)

// prepare removes from a tree what no reader sees and what would cost the
// engine too much, and counts what is left.
//
//   - Comments go.
//   - Of more than two <br> in a row, two stay: they are one paragraph break.
//   - Addresses that Cloudflare hides are shown again. The same address is
//     written differently each time, which would look like an edit.
func prepare(root *html.Node) census {
	var c census
	breaks := 0
	var drop []*html.Node
	for n := range root.Descendants() {
		switch n.Type {
		case html.CommentNode:
			drop = append(drop, n)
			continue
		case html.TextNode:
			c.text += len(n.Data)
			if strings.TrimSpace(n.Data) != "" {
				breaks = 0
			}
			continue
		case html.ElementNode:
		default:
			continue
		}
		c.elements++
		if n.Data == "p" {
			c.paragraphs++
		}
		if n.Data != "br" {
			breaks = 0
			revealAddress(n)
			continue
		}
		if breaks++; breaks > 2 {
			drop = append(drop, n)
			c.elements--
		}
	}
	for _, n := range drop {
		n.Parent.RemoveChild(n)
	}
	return c
}

// A census counts what the time of the engine depends on.
type census struct {
	elements   int
	paragraphs int
	text       int // bytes
}

// The engine cannot be interrupted, so it is given only what it finishes in a
// few seconds. Its time grows with the square of the number of siblings; and
// for each of its rules it joins the texts of all paragraphs one by one, which
// copies paragraphs·text/2 bytes.
const (
	maxEngineElements = 40_000
	maxEngineCopies   = 8 << 30
)

// fitsEngine reports whether the engine can be asked. No page of a newspaper
// comes near the limits; book-length single pages do.
func (c census) fitsEngine() bool {
	return c.elements <= maxEngineElements && (c.paragraphs == 0 || c.text <= maxEngineCopies/c.paragraphs)
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

// decodeAddress reverses the obfuscation: hex bytes, each XOR the first one.
func decodeAddress(code string) string {
	b, err := hex.DecodeString(code)
	if err != nil || len(b) < 2 {
		return ""
	}
	for i := range b[1:] {
		b[i+1] ^= b[0]
	}
	address, _, _ := strings.Cut(string(b[1:]), "?")
	if !strings.Contains(address, "@") {
		return ""
	}
	return address
}
