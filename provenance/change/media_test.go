package change

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/walkback-dev/walkback/schemas"
)

// picture draws something that depends on the seed, w pixels wide.
func picture(seed uint64, w int) image.Image {
	dice := rand.New(rand.NewPCG(seed, 1))
	type spot struct{ x, y, r, hue float64 }
	spots := make([]spot, 12)
	for i := range spots {
		spots[i] = spot{dice.Float64(), dice.Float64(), 0.05 + dice.Float64()/5, dice.Float64()}
	}
	h := w * 2 / 3
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := float64(x)/float64(w), float64(y)/float64(h)
			c := color.RGBA{uint8(200 * fx), uint8(200 * fy), 90, 255}
			for _, s := range spots {
				if (fx-s.x)*(fx-s.x)+(fy-s.y)*(fy-s.y) < s.r*s.r {
					c = color.RGBA{uint8(255 * s.hue), uint8(255 * (1 - s.hue)), uint8(255 * s.r), 255}
				}
			}
			m.Set(x, y, c)
		}
	}
	return m
}

func asJPEG(t *testing.T, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func figure(url, words, before string, content []byte) Figure {
	return Figure{
		URL: url, Words: words, Before: before, Digest: schemas.DigestOf(content), Size: int64(len(content)),
		Content: func() ([]byte, error) { return content, nil },
	}
}

func TestFigures(t *testing.T) {
	pier, storm := asJPEG(t, picture(1, 800), 90), asJPEG(t, picture(2, 800), 90)
	film, cut := bytes.Repeat([]byte("film"), 500), bytes.Repeat([]byte("cuts"), 500)
	retouched := picture(1, 800).(*image.RGBA)
	for y := 100; y < 200; y++ {
		for x := 100; x < 200; x++ {
			retouched.Set(x, y, color.Black)
		}
	}
	const a, b = "https://a.example/pier.jpg", "https://a.example/other.jpg"
	for name, test := range map[string]struct {
		was, is Figure
		want    schemas.Confidence // "" for nothing
	}{
		"same bytes":                    {figure(a, "", "", pier), figure(a, "", "", pier), ""},
		"same bytes, other address":     {figure(a, "the pier", "", pier), figure(b, "the pier", "", pier), ""},
		"other image behind an address": {figure(a, "", "", pier), figure(a, "", "", storm), schemas.Certain},
		"both changed, same caption":    {figure(a, "the pier", "", pier), figure(b, "The pier", "", storm), schemas.Certain},
		"both changed, same place":      {figure(a, "", "Words.", pier), figure(b, "", "Words.", storm), schemas.Likely},
		"retouched":                     {figure(a, "", "", pier), figure(a, "", "", asJPEG(t, retouched, 90)), schemas.Certain},
		"encoded anew":                  {figure(a, "", "", pier), figure(a, "", "", asJPEG(t, picture(1, 800), 60)), ""},
		"another format":                {figure(a, "x", "", pier), figure("https://a.example/pier.png", "x", "", asPNG(t, picture(1, 800))), ""},
		"another size":                  {figure(a, "x", "", pier), figure("https://a.example/pier.jpg?w=400", "x", "", asJPEG(t, picture(1, 400), 80)), ""},
		"large and small":               {figure(a, "", "", asJPEG(t, picture(1, 1600), 80)), figure(a, "", "", asJPEG(t, picture(1, 333), 80)), ""},
		"another film":                  {figure(a, "", "", film), figure(a, "", "", cut), schemas.Likely},
		"another film, other address":   {figure(a, "film", "", film), figure(b, "film", "", cut), schemas.Suspect},
		"another size, not decoded":     {figure("https://a.example/p-800x600.webp", "p", "", film), figure("https://a.example/p-400x300.webp", "p", "", cut), ""},
		"a pixel":                       {figure(a, "", "", []byte("GIF89a1")), figure(a, "", "", []byte("GIF89a2")), ""},
		"a placeholder":                 {figure(a, "", "", []byte("GIF89a1")), figure(a, "", "", pier), ""},
		"another figure, another place": {figure(a, "the pier", "One.", pier), figure(b, "a storm", "Two.", storm), ""},
		"cut short":                     {figure(a, "", "", pier), figure(a, "", "", pier[:len(pier)/2]), schemas.Likely},
	} {
		t.Run(name, func(t *testing.T) {
			c := &comparison{}
			side := func(f Figure) Side { return Side{Figures: func() ([]Figure, error) { return []Figure{f}, nil }} }
			if err := c.compareFigures(side(test.was), side(test.is)); err != nil {
				t.Fatal(err)
			}
			got := schemas.Confidence("")
			if len(c.fields) > 0 {
				got = c.fields[0].confidence
			}
			if got != test.want {
				t.Errorf("%q, want %q: %+v", got, test.want, c.fields)
			}
		})
	}
}

func TestPairFigures(t *testing.T) {
	content := func(s string) []byte { return []byte(s) }
	was := []Figure{figure("1", "", "P", content("a")), figure("2", "", "P", content("b")), figure("3", "", "Q", content("c"))}
	is := []Figure{figure("4", "", "P", content("d")), figure("3", "", "Q", content("e")), figure("5", "", "P", content("f")), figure("6", "", "Q", content("g"))}
	pairs := pairFigures(was, is)
	got := ""
	for _, p := range pairs {
		got += p.was.URL + p.is.URL + " "
	}
	if got != "33 14 25 " { // one more came after Q: it is in nobody's place
		t.Errorf("pairs %s", got)
	}
}

func FuzzImages(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"), []byte("\xff\xd8\xff\xe0"))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00,"), []byte("BM"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if _, err := compareImages(figure("a", "", "", a), figure("b", "", "", b)); err != nil {
			t.Fatal(err)
		}
	})
}
