package change

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// likeness is what is known of two images.
type likeness int

const (
	imagesUnseen likeness = iota // one of them could not be decoded
	imagesAlike
	imagesDiffer
)

const (
	// maxPixels bounds an image that is looked at: a small file can hold a huge
	// one.
	maxPixels = 30_000_000
	// grid is how many cells an image is cut into, each way, to be compared.
	grid = 32
	// meanDiffers and cellDiffers are how far the mean colours of the cells of two
	// encodings of one image are apart, at most, of 255: on average, and in one cell.
	meanDiffers = 3.0
	cellDiffers = 24.0
	// shapeDiffers is how far their proportions are.
	shapeDiffers = 0.03
)

// compareImages reports whether two figures look the same, but for their sizes
// and encodings. It sees differences of a thirtieth of the width and more.
func compareImages(a, b Figure) (likeness, error) {
	var cells [2][]float64
	var shape [2]float64
	for i, f := range []Figure{a, b} {
		content, err := f.Content()
		if err != nil {
			return imagesUnseen, err
		}
		seen := decodeImage(content)
		if seen == nil {
			return imagesUnseen, nil
		}
		size := seen.Bounds().Size()
		cells[i], shape[i] = cellsOf(seen), float64(size.X)/float64(size.Y)
	}
	if shape[0]/shape[1] > 1+shapeDiffers || shape[1]/shape[0] > 1+shapeDiffers {
		return imagesDiffer, nil
	}
	sum, most := 0.0, 0.0
	for i := range cells[0] {
		d := max(cells[0][i]-cells[1][i], cells[1][i]-cells[0][i])
		sum, most = sum+d, max(most, d)
	}
	if sum/float64(len(cells[0])) > meanDiffers || most > cellDiffers {
		return imagesDiffer, nil
	}
	return imagesAlike, nil
}

// decodeImage returns nil for what is no image, or one that is not read.
func decodeImage(content []byte) image.Image {
	config, decode := jpeg.DecodeConfig, jpeg.Decode
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		config, decode = png.DecodeConfig, png.Decode
	case bytes.HasPrefix(content, []byte("GIF8")):
		config, decode = gif.DecodeConfig, gif.Decode
	case !bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return nil
	}
	size, err := config(bytes.NewReader(content))
	if err != nil || size.Width <= 0 || size.Height <= 0 || size.Width > maxPixels/size.Height {
		return nil
	}
	seen, err := decode(bytes.NewReader(content))
	if err != nil {
		return nil
	}
	return seen
}

// cellsOf returns the mean red, green and blue of each cell, 0 to 255.
func cellsOf(seen image.Image) []float64 {
	b := seen.Bounds()
	cells := make([]float64, grid*grid*3)
	counts := make([]float64, grid*grid)
	// Of a large image, no more than eight points each way in a cell.
	stepX, stepY := max(1, b.Dx()/(grid*8)), max(1, b.Dy()/(grid*8))
	for y := b.Min.Y; y < b.Max.Y; y += stepY {
		row := (y - b.Min.Y) * grid / b.Dy()
		for x := b.Min.X; x < b.Max.X; x += stepX {
			cell := row*grid + (x-b.Min.X)*grid/b.Dx()
			red, green, blue, _ := seen.At(x, y).RGBA()
			cells[3*cell] += float64(red >> 8)
			cells[3*cell+1] += float64(green >> 8)
			cells[3*cell+2] += float64(blue >> 8)
			counts[cell]++
		}
	}
	for i := range cells {
		if n := counts[i/3]; n > 0 {
			cells[i] /= n
		}
	}
	return cells
}
