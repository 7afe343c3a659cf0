package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"slices"
)

const (
	maxPixels = 40_000_000
	maxMemory = 160_000_000 // bytes
)

// SizeError is returned for a picture that is too large to be compared.
type SizeError struct{ Width, Height int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("the picture of %d×%d pixels is too large to be compared", e.Width, e.Height)
}

// decode reads a PNG whose header promises a size within the limits.
func decode(data []byte) (*image.RGBA, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	pixels, each := int64(config.Width)*int64(config.Height), int64(4)
	switch config.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		each = 12 // and the copy of it
	case color.RGBAModel:
	default:
		each = 8
	}
	if config.Width <= 0 || config.Height <= 0 || pixels > maxPixels || pixels*each > 2*maxMemory || pixels*4 > maxMemory {
		return nil, &SizeError{config.Width, config.Height}
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if rgba, ok := decoded.(*image.RGBA); ok && rgba.Rect.Min == (image.Point{}) {
		return rgba, nil
	}
	rgba := image.NewRGBA(image.Rect(0, 0, config.Width, config.Height))
	draw.Draw(rgba, rgba.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(rgba, rgba.Rect, decoded, decoded.Bounds().Min, draw.Over)
	return rgba, nil
}

// Kind is how a region differs.
type Kind int

// The kinds.
const (
	Changed Kind = iota
	Inserted
	Deleted
)

// Region is a part of the pictures that differs.
type Region struct {
	Kind   Kind
	Before image.Rectangle // in the picture before; empty when inserted
	After  image.Rectangle // in the picture after; empty when deleted

	drawn image.Rectangle // columns of a picture, rows of the drawing
}

// Difference is what differs between two pictures.
type Difference struct {
	Regions []Region // from top to bottom

	before, after *image.RGBA
	rows          []pair
}

// pair is a row of the drawing: rows of the two pictures, -1 for none.
type pair struct{ before, after int }

// Compare compares two pictures in PNG.
func Compare(before, after []byte) (*Difference, error) {
	d := &Difference{}
	var err error
	if d.before, err = decode(before); err != nil {
		return nil, fmt.Errorf("reading the picture before: %w", err)
	}
	if d.after, err = decode(after); err != nil {
		return nil, fmt.Errorf("reading the picture after: %w", err)
	}
	d.rows = align(d.before, d.after)
	d.find()
	return d, nil
}

func rowOf(m *image.RGBA, y int) []byte {
	return m.Pix[y*m.Stride : y*m.Stride+4*m.Rect.Dx()]
}

const (
	tolerance = 8  // of a channel
	cell      = 16 // pixels; regions begin and end at multiples of it
	near      = 12 // rows without a difference that do not part two regions
)

// find finds the regions that differ.
func (d *Difference) find() {
	cells := (max(d.before.Rect.Dx(), d.after.Rect.Dx()) + cell - 1) / cell
	marks := make([]bool, cells)
	var kind Kind
	first, last := -1, -1
	flush := func() {
		if first >= 0 {
			d.addRegions(kind, first, last+1, marks)
		}
		first = -1
		clear(marks)
	}
	for y, row := range d.rows {
		now, differs := Changed, false
		switch {
		case row.before < 0:
			now, differs = Inserted, true
		case row.after < 0:
			now, differs = Deleted, true
		default:
			differs = d.differs(row, marks)
		}
		if !differs {
			if first >= 0 && y-last > near {
				flush()
			}
			continue
		}
		if first >= 0 && now != kind {
			flush()
			if now == Changed {
				d.differs(row, marks)
			}
		}
		if first < 0 {
			first, kind = y, now
		}
		if last = y; now != Changed {
			for i := range marks {
				marks[i] = true
			}
		}
	}
	flush()
}

// differs compares two rows and marks the cells that differ.
func (d *Difference) differs(row pair, marks []bool) bool {
	a, b := rowOf(d.before, row.before), rowOf(d.after, row.after)
	if bytes.Equal(a, b) {
		return false
	}
	found := false
	for i := 0; i < max(len(a), len(b)); i += 4 {
		if i+4 <= len(a) && i+4 <= len(b) && close(a[i:i+4], b[i:i+4]) {
			continue
		}
		found = true
		marks[i/4/cell] = true
	}
	return found
}

func close(a, b []byte) bool {
	for i := range 4 {
		if diff := int(a[i]) - int(b[i]); diff > tolerance || diff < -tolerance {
			return false
		}
	}
	return true
}

// maxRegions bounds the list: of more, the rest is one.
const maxRegions = 1000

// addRegions adds a region for each run of marked cells.
func (d *Difference) addRegions(kind Kind, from, to int, marks []bool) {
	for x := 0; x < len(marks); x++ {
		if !marks[x] {
			continue
		}
		end := x
		for gap := 0; end < len(marks) && gap < 2; end++ { // a cell between two does not part them
			if gap++; marks[end] {
				gap = 0
			}
		}
		for end > x && !marks[end-1] {
			end--
		}
		d.addRegion(kind, image.Rect(x*cell, from, end*cell, to))
		x = end
	}
}

func (d *Difference) addRegion(kind Kind, drawn image.Rectangle) {
	if len(d.Regions) == maxRegions {
		last := &d.Regions[maxRegions-1]
		last.drawn = last.drawn.Union(drawn)
		drawn, kind = last.drawn, Changed
		d.Regions = d.Regions[:maxRegions-1]
	}
	r := Region{Kind: kind, drawn: drawn}
	side := func(m *image.RGBA, of func(pair) int) image.Rectangle {
		low, high := -1, -1
		for _, row := range d.rows[drawn.Min.Y:drawn.Max.Y] {
			if y := of(row); y >= 0 {
				if low < 0 {
					low = y
				}
				high = y + 1
			}
		}
		if low < 0 {
			return image.Rectangle{}
		}
		return image.Rect(drawn.Min.X, low, drawn.Max.X, high).Intersect(m.Rect)
	}
	r.Before = side(d.before, func(p pair) int { return p.before })
	r.After = side(d.after, func(p pair) int { return p.after })
	d.Regions = append(d.Regions, r)
}

// The colours of the drawing.
var (
	grey   = color.RGBA{0xd0, 0xd0, 0xd0, 0xff}
	orange = color.RGBA{0xff, 0x8c, 0x00, 0xff}
	green  = color.RGBA{0x00, 0x96, 0x32, 0xff}
	red    = color.RGBA{0xd2, 0x1e, 0x1e, 0xff}
)

const (
	gutter = 16 // pixels between the two pictures
	frame  = 3  // pixels
)

// Draw writes a PNG with both pictures side by side and the regions framed.
func (d *Difference) Draw(w io.Writer) error {
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	return encoder.Encode(w, &drawing{Difference: d, row: -1})
}

// drawing makes each pixel when it is asked for it: all of it could be larger than
// both pictures. The encoder goes row by row, so the frames of one row are kept.
type drawing struct {
	*Difference
	row    int
	frames []Region // that touch row
}

func (d *drawing) ColorModel() color.Model { return color.RGBAModel }

func (d *drawing) Bounds() image.Rectangle {
	return image.Rect(0, 0, d.before.Rect.Dx()+gutter+d.after.Rect.Dx(), max(len(d.rows), 1))
}

// Opaque lets the encoder leave transparency out.
func (d *drawing) Opaque() bool { return true }

func (d *drawing) At(x, y int) color.Color {
	if y != d.row {
		d.row, d.frames = y, d.frames[:0]
		for _, r := range d.Regions {
			if r.drawn = r.drawn.Inset(-frame - 1); y >= r.drawn.Min.Y && y < r.drawn.Max.Y { // around it, not upon it
				d.frames = append(d.frames, r)
			}
		}
	}
	left := d.before.Rect.Dx()
	switch {
	case x < left:
		return d.pixel(d.before, d.rows[y].before, x, y, Inserted)
	case x < left+gutter:
		return grey
	}
	return d.pixel(d.after, d.rows[y].after, x-left-gutter, y, Deleted)
}

// pixel returns a pixel of one side, which has no frames of one kind.
func (d *drawing) pixel(m *image.RGBA, row, x, y int, not Kind) color.Color {
	for _, r := range d.frames {
		left, right := max(r.drawn.Min.X, 0), min(r.drawn.Max.X, m.Rect.Dx())
		if r.Kind == not || x < left || x >= right {
			continue
		}
		edge := min(x-left, right-1-x, y-r.drawn.Min.Y, r.drawn.Max.Y-1-y)
		if edge < frame {
			return [...]color.RGBA{Changed: orange, Inserted: green, Deleted: red}[r.Kind]
		}
	}
	if row < 0 {
		return grey
	}
	pixel := rowOf(m, row)[4*x : 4*x+4]
	return color.RGBA{pixel[0], pixel[1], pixel[2], 0xff}
}

// align pairs the rows of two pictures.
func align(before, after *image.RGBA) []pair {
	h, k := before.Rect.Dy(), after.Rect.Dy()
	var rows []pair
	if before.Rect.Dx() != after.Rect.Dx() {
		return between(rows, 0, h, 0, k)
	}
	anchors := slices.Clip(anchorsOf(before, after))
	same := func(i, j int) bool { return bytes.Equal(rowOf(before, i), rowOf(after, j)) }
	i, j := 0, 0
	for _, a := range append(anchors, pair{h, k}) {
		if a.before < i || a.after < j {
			continue // taken already
		}
		// Equal rows before the anchor, and after the last one.
		endI, endJ := a.before, a.after
		for endI > i && endJ > j && same(endI-1, endJ-1) {
			endI, endJ = endI-1, endJ-1
		}
		rows = between(rows, i, endI, j, endJ)
		for i, j = endI, endJ; i < h && j < k && same(i, j); i, j = i+1, j+1 {
			rows = append(rows, pair{i, j})
		}
	}
	return rows
}

// between pairs rows that are not the same: in place, then what is left over.
func between(rows []pair, i, endI, j, endJ int) []pair {
	for ; i < endI && j < endJ; i, j = i+1, j+1 {
		rows = append(rows, pair{i, j})
	}
	for ; i < endI; i++ {
		rows = append(rows, pair{i, -1})
	}
	for ; j < endJ; j++ {
		rows = append(rows, pair{-1, j})
	}
	return rows
}
