package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/walkback-dev/walkback/archive/feed"
)

// The bounds of a list: of the whole, and of one line of it.
const (
	maxList = 256 << 20
	maxLine = 1 << 20
)

// readList reads the posts that a list names: one a line, or a list of another
// kind that is known by what it says (bookmarks, a sitemap, a feed, OPML).
func (p *program) readList(name string) ([]string, error) {
	var in io.Reader = p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading list: %w", err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxList+1))
	if err == nil && len(content) > maxList {
		err = fmt.Errorf("it is larger than %s", size(maxList))
	}
	if err != nil {
		return nil, fmt.Errorf("reading list %s: %w", name, err)
	}
	if isMarkup(content) {
		return p.recognised(name, content)
	}
	targets, err := listLines(content)
	if err != nil {
		return nil, fmt.Errorf("reading list %s: %w", name, err)
	}
	if len(targets) == 0 {
		return nil, &usage{message: "the list " + name + " names no post", hint: "write one URL or file a line"}
	}
	return targets, nil
}

// isMarkup tells lists of other kinds from lines: no file or address begins like
// that.
func isMarkup(content []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(start, []byte("<")) || bytes.HasPrefix(content, []byte("\x1f\x8b")) ||
		bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) ||
		bytes.HasPrefix(start, []byte("{")) && bytes.Contains(start[:min(len(start), 1024)], []byte("jsonfeed.org"))
}

// recognised reads a list of another kind.
func (p *program) recognised(name string, content []byte) ([]string, error) {
	list, err := feed.Read(feed.Input{Content: content})
	if errors.Is(err, feed.ErrNoList) || err == nil && list.Kind == feed.Page {
		return nil, &usage{message: "the list " + name + " is markup, but neither bookmarks, a sitemap, OPML nor a feed", hint: "write one URL or file a line, or capture the file itself: walkback capture FILE"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading list %s: %w", name, err)
	}
	if len(list.Entries) == 0 && len(list.Lists) > 0 {
		return nil, &usage{
			message: fmt.Sprintf("the list %s (%s) names %s, and no page", name, list.Kind, count(len(list.Lists), "further list")),
			hint:    "capture what these name: walkback capture --feed " + shellWord(name),
		}
	}
	if len(list.Entries) == 0 {
		return nil, &usage{message: fmt.Sprintf("the list %s (%s) names no page that can be captured", name, list.Kind), hint: "an address looks like https://example.com/post"}
	}
	words := fmt.Sprintf("%s is read as %s: %s", name, list.Kind, count(len(list.Entries), "page"))
	if list.Unfit > 0 {
		words += fmt.Sprintf(", %d without an address that can be captured", list.Unfit)
	}
	if list.Cut > 0 {
		words += fmt.Sprintf(", %d more left out", list.Cut)
	}
	if len(list.Lists) > 0 {
		words += fmt.Sprintf(", and %s for --feed", count(len(list.Lists), "further list"))
	}
	p.say("note", "%s", words)
	targets := make([]string, len(list.Entries))
	for i, entry := range list.Entries {
		targets[i] = entry.URL
	}
	return targets, nil
}

// listLines reads one post a line: an address, a file, or a JSON object with a
// url, as in the pages.jsonl of web archives. Lines of JSON without one say
// something else, and count for nothing.
func listLines(content []byte) ([]string, error) {
	var targets []string
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.HasPrefix(line, "{") {
			targets = append(targets, line)
			continue
		}
		var page struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal([]byte(line), &page); err != nil {
			return nil, fmt.Errorf("a line that begins with { is no JSON object: %w", err)
		}
		if page.URL != "" {
			targets = append(targets, page.URL)
		}
	}
	return targets, lines.Err()
}
