package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"
	"testing"
)

// page draws a page of lines of text, each 20 rows high: rows of a line differ from
// all others but for the four below it, which are white.
func page(lines ...int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 320, 20*len(lines)))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for i, line := range lines {
		for y := range 16 {
			for x := range 100 {
				m.Set(10+x, 20*i+y, color.RGBA{uint8(line), uint8(y * 10), uint8(x), 0xff})
			}
		}
	}
	return m
}

func encode(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func compare(tb testing.TB, before, after image.Image) *Difference {
	tb.Helper()
	d, err := Compare(encode(tb, before), encode(tb, after))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestCompare(t *testing.T) {
	was := page(1, 2, 3, 4, 5)
	dotted := page(1, 2, 3, 4, 5)
	draw.Draw(dotted, image.Rect(200, 45, 210, 50), image.Black, image.Point{}, draw.Src)
	faint := page(1, 2, 3, 4, 5)
	faint.Set(300, 99, color.RGBA{0xfa, 0xff, 0xff, 0xff})
	for _, test := range []struct {
		name  string
		after *image.RGBA
		want  []Region
	}{
		{"same", page(1, 2, 3, 4, 5), nil},
		{"faint", faint, nil},
		{"dot", dotted, []Region{{Kind: Changed, Before: image.Rect(192, 45, 224, 50), After: image.Rect(192, 45, 224, 50)}}},
		{"inserted", page(1, 2, 9, 3, 4, 5), []Region{{Kind: Inserted, After: image.Rect(0, 40, 320, 60)}}},
		{"inserted first", page(9, 1, 2, 3, 4, 5), []Region{{Kind: Inserted, After: image.Rect(0, 0, 320, 20)}}},
		{"deleted", page(1, 2, 4, 5), []Region{{Kind: Deleted, Before: image.Rect(0, 40, 320, 60)}}},
		{"deleted last", page(1, 2, 3, 4), []Region{{Kind: Deleted, Before: image.Rect(0, 80, 320, 100)}}},
		{"other line", page(1, 2, 60, 4, 5), []Region{{Kind: Changed, Before: image.Rect(0, 40, 112, 56), After: image.Rect(0, 40, 112, 56)}}},
	} {
		d := compare(t, was, test.after)
		got := slices.Clone(d.Regions)
		for i := range got {
			got[i].drawn = image.Rectangle{}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		var drawn bytes.Buffer
		if err := d.Draw(&drawn); err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(&drawn)
		if err != nil {
			t.Fatal(err)
		}
		if m.Bounds() != image.Rect(0, 0, 320+16+320, len(d.rows)) || len(d.rows) < max(was.Rect.Dy(), test.after.Rect.Dy()) {
			t.Errorf("%s: the drawing is %v", test.name, m.Bounds())
		}
		if test.name == "inserted" {
			checkPixel(t, m, 10, 50, grey)       // nothing stood there before
			checkPixel(t, m, 336+160, 37, green) // its frame
			checkPixel(t, m, 336+300, 50, color.RGBA{0xff, 0xff, 0xff, 0xff})
			checkPixel(t, m, 10+5, 65, color.RGBA{3, 50, 5, 0xff}) // what follows stands beside what it was
			checkPixel(t, m, 336+15, 65, color.RGBA{3, 50, 5, 0xff})
		}
		if test.name == "dot" {
			checkPixel(t, m, 189, 47, orange)
			checkPixel(t, m, 336+189, 47, orange)
		}
	}
}

func checkPixel(t *testing.T, m image.Image, x, y int, want color.RGBA) {
	t.Helper()
	if got := color.RGBAModel.Convert(m.At(x, y)); got != want {
		t.Errorf("at %d,%d: %v, want %v", x, y, got, want)
	}
}

func TestOtherWidth(t *testing.T) {
	narrow := image.NewGray(image.Rect(0, 0, 50, 30))
	if d := compare(t, page(1, 2), narrow); len(d.Regions) == 0 || d.Draw(&bytes.Buffer{}) != nil {
		t.Errorf("%+v", d.Regions)
	}
}

// header makes a PNG that promises a size and holds nothing.
func header(width, height uint32) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)...)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	b = append(b, chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func TestHostileSizes(t *testing.T) {
	small := encode(t, page(1))
	for _, size := range [][2]uint32{{1 << 20, 1 << 10}, {1, 1 << 30}, {1 << 30, 1}, {40_001, 1000}} {
		var tooLarge *SizeError
		if _, err := Compare(small, header(size[0], size[1])); !errors.As(err, &tooLarge) {
			t.Errorf("%v: %v", size, err)
		}
		if _, err := Compare(header(size[0], size[1]), small); !errors.As(err, &tooLarge) {
			t.Errorf("%v: %v", size, err)
		}
	}
	for _, bad := range [][]byte{nil, []byte("GIF89a"), header(10, 10), small[:len(small)/2]} {
		if _, err := Compare(small, bad); err == nil {
			t.Errorf("%.20q was compared", bad)
		}
	}
}

func TestManyRegions(t *testing.T) {
	before, after := image.NewRGBA(image.Rect(0, 0, 1280, 2000)), image.NewRGBA(image.Rect(0, 0, 1280, 2000))
	draw.Draw(before, before.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(after, after.Rect, image.White, image.Point{}, draw.Src)
	for y := 0; y < 2000; y += 20 {
		for x := 0; x < 1280; x += 64 {
			after.Set(x, y, color.Black)
		}
	}
	d := compare(t, before, after)
	if len(d.Regions) != maxRegions {
		t.Errorf("%d regions", len(d.Regions))
	}
	if err := d.Draw(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{1, 3})
	f.Add([]byte{0}, []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) == 0 || len(b) == 0 || len(a) > 200 || len(b) > 200 {
			return
		}
		column := func(rows []byte) image.Image {
			m := image.NewRGBA(image.Rect(0, 0, 2, len(rows)))
			for y, v := range rows {
				m.Set(0, y, color.RGBA{v, v, v, 0xff})
				m.Set(1, y, color.RGBA{v, 0, 0, 0xff})
			}
			return m
		}
		d := compare(t, column(a), column(b))
		var before, after []int
		for _, row := range d.rows { // each row of each picture once, in order
			if row.before >= 0 {
				before = append(before, row.before)
			}
			if row.after >= 0 {
				after = append(after, row.after)
			}
		}
		for _, side := range []struct{ got, rows int }{{len(before), len(a)}, {len(after), len(b)}} {
			if side.got != side.rows {
				t.Fatalf("%d rows of %d", side.got, side.rows)
			}
		}
		if !slices.IsSorted(before) || !slices.IsSorted(after) {
			t.Fatal("rows out of order")
		}
		if bytes.Equal(a, b) != (len(d.Regions) == 0) && len(d.Regions) == 0 && !alike(a, b) {
			t.Fatal("a difference is not told")
		}
		if err := d.Draw(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}

// alike reports whether rows are within the tolerance, one by one.
func alike(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if diff := int(a[i]) - int(b[i]); diff > tolerance || diff < -tolerance {
			return false
		}
	}
	return true
}
