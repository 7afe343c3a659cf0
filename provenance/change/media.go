package change

import (
	"fmt"
	"path"
	"strings"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// Figure is an image, a film or a sound of the text of a page, with what came
// when it was asked for.
type Figure struct {
	URL    string
	Words  string // its caption or alternative text
	Before string // the paragraph that it stands after
	Digest schemas.Digest
	Size   int64 // in bytes
	// Content returns the bytes, without content-coding; nil when they are too many
	// to be looked at.
	Content func() ([]byte, error)
}

// leastFigure is the size, in bytes, of the smallest file that shows anything:
// pixels that count visitors and what stands in for an image that comes later
// have less.
const leastFigure = 600

// mostDecoded bounds how many pairs of images are looked at on one page.
const mostDecoded = 40

// compareFigures finds figures that have others in their places. The same bytes
// at another address are none, nor is an image that looks the same: another size
// or another encoding of it.
func (c *comparison) compareFigures(before, after Side) error {
	if before.Figures == nil || after.Figures == nil || c.unstable {
		return nil
	}
	was, err := before.Figures()
	if err != nil || len(was) == 0 {
		return err
	}
	is, err := after.Figures()
	if err != nil {
		return err
	}
	decoded := 0
	for _, p := range pairFigures(was, is) {
		if p.was.Digest == p.is.Digest || p.was.Size < leastFigure || p.is.Size < leastFigure {
			continue
		}
		alike := imagesUnseen
		if decoded++; decoded <= mostDecoded {
			if alike, err = compareImages(p.was, p.is); err != nil {
				return err
			}
		}
		c.figure(p, alike)
	}
	return nil
}

func (c *comparison) figure(p figurePair, alike likeness) {
	confidence := schemas.Certain
	switch {
	case alike == imagesAlike:
		return
	case alike == imagesUnseen && p.was.URL != p.is.URL && sizeless(p.was.URL) == sizeless(p.is.URL):
		return // the address says that it is another size of it
	case alike == imagesUnseen && p.was.URL != p.is.URL:
		confidence = schemas.Suspect
	case alike == imagesUnseen, p.was.URL != p.is.URL && p.by == byPlace:
		confidence = schemas.Likely
	}
	name := p.is.Words
	if name == "" {
		name = path.Base(p.is.URL)
	}
	c.fields = append(c.fields, finding{
		class: schemas.MediaChange, rule: "figure-differs", confidence: confidence,
		evidence: []string{fmt.Sprintf("“%s”: %d bytes (%.23s) before, %d bytes (%.23s) now", name, p.was.Size, p.was.Digest, p.is.Size, p.is.Digest)},
		field: &schemas.ChangedField{
			Field: "figure", Before: oneLine(p.was.URL + " " + p.was.Digest.String()), After: oneLine(p.is.URL + " " + p.is.Digest.String()),
		},
	})
}

// figurePair is a figure and what stands in its place now.
type figurePair struct {
	was, is Figure
	by      int
}

// What two figures are paired by, in this order.
const (
	byAddress = iota
	byWords
	byPlace
)

// pairFigures pairs figures by their addresses, else by their captions or
// alternative texts, else by the paragraph that they stand after, where as many
// stand there as before. What came or went is not paired.
func pairFigures(was, is []Figure) []figurePair {
	var pairs []figurePair
	keys := []func(Figure) string{
		func(f Figure) string { return f.URL },
		func(f Figure) string { return textdiff.FoldText(f.Words) },
		func(f Figure) string { return textdiff.FoldText(f.Before) },
	}
	for by, key := range keys {
		gone, come := byKey(was, key), byKey(is, key)
		paired := [2]map[int]bool{{}, {}}
		for i := range was {
			k := key(was[i])
			if k == "" || len(gone[k]) != len(come[k]) || by != byPlace && len(gone[k]) != 1 {
				continue
			}
			j := come[k][0]
			come[k], gone[k] = come[k][1:], gone[k][1:]
			pairs = append(pairs, figurePair{was[i], is[j], by})
			paired[0][i], paired[1][j] = true, true
		}
		was, is = without(was, paired[0]), without(is, paired[1])
	}
	return pairs
}

func byKey(figures []Figure, key func(Figure) string) map[string][]int {
	at := map[string][]int{}
	for i, f := range figures {
		k := key(f)
		at[k] = append(at[k], i)
	}
	return at
}

func without(figures []Figure, drop map[int]bool) []Figure {
	var left []Figure
	for i, f := range figures {
		if !drop[i] {
			left = append(left, f)
		}
	}
	return left
}

// sizes are the parts of an address by which sites ask for one size of an image.
var sizes = pattern.New(`(?i)[?&;](w|h|width|height|q|quality|dpr|fit|crop|format|auto|resize|size|s|v|ver|t)=[^&;]*|[-_/@](\d{2,4}x\d{2,4}|\d{2,4}[wpx]|w_?\d{2,4}|h_?\d{2,4}|[1-4]x|\d{2,4})\b|[-_](small|medium|large|thumb(nail)?|scaled|full)\b`)

var imageTypes = pattern.New(`(?i)\.(jpe?g|png|webp|avif|gif)\b`)

// sizeless is an address without what says how large an image is wanted, and in
// what format.
func sizeless(address string) string {
	address = imageTypes().ReplaceAllString(sizes().ReplaceAllString(address, ""), "")
	return strings.TrimRight(address, "?&")
}
