package extract

import "strings"

// A formatting is what the parser keeps of elements like <b> that are open. Those
// that no tag has closed are opened anew in each block that follows, as the HTML
// standard asks, which a page can use to make a tree of any size.
type formatting struct {
	open []string // their tags
	far  bool     // there were more than are kept account of
}

const (
	maxFormatting = 256 // elements that are open
	maxAlike      = 3   // of the same tag, that are opened anew
)

// formattingElements are opened anew.
var formattingElements = wordSet("a b big code em font i nobr s small strike strong tt u")

// start takes the tag of an element.
func (f *formatting) start(name, tag string) {
	if name == "a" || name == "nobr" {
		f.end(name) // one of them ends the one before
	}
	alike := 0
	for _, other := range f.open {
		if other == tag {
			alike++
		}
	}
	switch {
	case alike >= maxAlike:
	case len(f.open) >= maxFormatting:
		f.far = true
	default:
		f.open = append(f.open, tag)
	}
}

// end takes the end tag of an element.
func (f *formatting) end(name string) {
	for i := len(f.open) - 1; i >= 0; i-- {
		if tag := f.open[i]; len(tag) > len(name)+1 && endsName(tag[len(name)+1]) && strings.EqualFold(tag[1:len(name)+1], name) {
			f.open = append(f.open[:i], f.open[i+1:]...)
			return
		}
	}
}
