package extract

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestZZDebug(t *testing.T) {
	path := os.Getenv("DBG")
	if path == "" {
		t.Skip()
	}
	f, _ := os.Open(path)
	var rd io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		rd, _ = gzip.NewReader(f)
	}
	raw, _ := io.ReadAll(rd)
	text, _, _, _ := decodeText(raw, "text/html", "")
	root, _ := html.Parse(strings.NewReader(text))
	prepare(root)
	m := readMetadata(root, newResolver("", ""), Input{})
	p := readPage(root)
	kept := map[string]int{}
	a := newArticle(p, m.title)
	for _, b := range a.selected() {
		kept[b.Text]++
	}
	name := func(i int) string {
		n := p.elements[i].node
		s := n.Data
		for _, x := range n.Attr {
			if x.Key == "class" || x.Key == "id" || x.Key == "itemprop" {
				s += fmt.Sprintf("[%.40s]", x.Val)
			}
		}
		return s
	}
	chain := func(i, k int) string {
		var out []string
		for ; i > 0 && k > 0; k-- {
			out = append(out, fmt.Sprintf("%s(h%d,f%v,g%d,p%d)", name(i), p.elements[i].hint, a.furniture[i], a.sums[i].gain, a.sums[i].prose))
			i = p.elements[i].parent
		}
		return strings.Join(out, " < ")
	}
	fmt.Println("TITLE", m.title)
	fmt.Println("ROOT", chain(a.root, 30))
	for i, b := range p.blocks {
		w := a.weights[i]
		k := " "
		if kept[b.Text] > 0 {
			k = "K"
		}
		r := " "
		if a.inRoot(i) {
			r = "R"
		}
		fmt.Printf("%s%s %-9s w%-4d l%-4d prose=%v aside=%v hid=%v worth %d: %.110q\n        %s\n", k, r, b.Kind, w.weight, w.linked, w.prose, w.aside, b.hidden, a.worth(i), b.Text, chain(b.in, 4))
	}
}
