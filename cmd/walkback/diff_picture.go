package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/picture"
)

// diffPicture compares the pictures of two versions and writes a third.
func (p *program) diffPicture(c *cli.Context, before, after *archive.Page) error {
	file := c.String("picture")
	for _, other := range []string{"json", "html", "stat"} {
		if c.Bool(other) {
			return &usage{message: "--picture and --" + other + " do not go together", hint: "ask for one after the other"}
		}
	}
	if file == "" {
		return &usage{message: "--picture names no file", hint: "for example --picture changed.png"}
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("writing picture: %s: %w", file, fs.ErrExist)
	}
	was, err := pictureOf(before)
	if err != nil {
		return err
	}
	now, err := pictureOf(after)
	if err != nil {
		return err
	}
	difference, err := picture.Compare(was, now)
	if err != nil {
		return fmt.Errorf("comparing pictures: %w", err)
	}
	if err := drawTo(file, difference); err != nil {
		return fmt.Errorf("writing picture: %w", err)
	}
	p.printf("%s: snapshots %d and %d: %s\n", archive.SpokenName(after.Name), before.Capture.Sequence, after.Capture.Sequence, regions(difference))
	p.printf("%s\n", file)
	if len(difference.Regions) > 0 {
		return exit(exitChanged)
	}
	return nil
}

// regions says what was found.
func regions(d *picture.Difference) string {
	var n [3]int
	for _, region := range d.Regions {
		n[region.Kind]++
	}
	if len(d.Regions) == 0 {
		return "the pictures are the same"
	}
	return fmt.Sprintf("%s changed, %d inserted, %d deleted", count(n[picture.Changed], "region"), n[picture.Inserted], n[picture.Deleted])
}

// maxPicture bounds a stored picture, in bytes.
const maxPicture = 128 << 20

// pictureOf returns the picture of a version, which may have none.
func pictureOf(page *archive.Page) ([]byte, error) {
	c := page.Capture
	if len(c.Screenshots) == 0 {
		return nil, &usage{
			message: fmt.Sprintf("snapshot %d of %s has no picture: it was %s", c.Sequence, archive.SpokenName(page.Name), c.Method),
			hint:    "capture --browser takes pictures",
		}
	}
	if size := c.Screenshots[0].Size; size > maxPicture {
		return nil, fmt.Errorf("the picture of snapshot %d has %d bytes: that is too many to compare", c.Sequence, size)
	}
	return page.Picture()
}

// drawTo makes the file, which must be new. A drawing that fails leaves none.
func drawTo(file string, difference *picture.Difference) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(file)
		}
	}()
	w := bufio.NewWriter(f)
	if err := difference.Draw(w); err != nil {
		return err
	}
	return w.Flush()
}
