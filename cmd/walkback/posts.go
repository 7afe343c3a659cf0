package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// postRequests reads the posts that a command line asks for.
func (p *program) postRequests(c *cli.Context) ([]archive.PostRequest, error) {
	targets := c.Args().Slice()
	if list := c.String("list"); list != "" {
		listed, err := p.readList(list)
		if err != nil {
			return nil, err
		}
		targets = append(targets, listed...)
	}
	if len(targets) == 0 && !c.IsSet("feed") {
		return nil, &usage{message: "nothing to capture", hint: "name a URL or a file: walkback capture https://example.com/post"}
	}
	if err := checkSingle(c, targets); err != nil {
		return nil, err
	}
	sources, err := sourceRefs(c.StringSlice("source"))
	if err != nil {
		return nil, err
	}
	limit, err := p.sourceLimit(c)
	if err != nil {
		return nil, err
	}
	var requests []archive.PostRequest
	asked := make(map[schemas.PageID]bool, len(targets))
	for i, target := range targets {
		request, err := p.postRequest(c, target)
		var wrong *usage
		if i >= c.Args().Len() && errors.As(err, &wrong) {
			return nil, &usage{message: "list " + c.String("list") + ": " + wrong.message, hint: wrong.hint}
		}
		if err != nil {
			return nil, err
		}
		if asked[request.Page.ID] {
			continue
		}
		asked[request.Page.ID] = true
		request.Sources, request.MaxSources = sources, limit
		requests = append(requests, request)
	}
	return requests, nil
}

// sourceLimit returns how many linked sources of a post are captured.
func (p *program) sourceLimit(c *cli.Context) (int, error) {
	limit := c.Int("max-sources")
	if configured := p.settings().MaxSources; configured != nil && !c.IsSet("max-sources") {
		limit = *configured
	}
	if limit < 0 {
		return 0, &usage{message: "--max-sources must not be negative", hint: "--no-sources captures none"}
	}
	if c.Bool("no-sources") {
		limit = 0
	}
	return limit, nil
}

// checkSingle refuses options that speak of one file when there are several
// posts, since they would be true of one at most.
func checkSingle(c *cli.Context, targets []string) error {
	for _, name := range []string{"name", "date", "url", "source"} {
		if c.IsSet(name) && c.IsSet("feed") {
			return &usage{message: fmt.Sprintf("--%s speaks of one post, and a feed has any number", name), hint: "capture that post by itself"}
		}
		if c.IsSet(name) && len(targets) > 1 {
			return &usage{message: fmt.Sprintf("--%s speaks of one post, but there are %d", name, len(targets)), hint: "capture them one by one"}
		}
	}
	return nil
}

func sourceRefs(addresses []string) ([]archive.PageRef, error) {
	var refs []archive.PageRef
	for _, address := range addresses {
		ref, err := addressed(address)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// addressed reads an address that a person typed.
func addressed(s string) (archive.PageRef, error) {
	complete, ok := archive.CompleteAddress(s)
	if !ok {
		return archive.PageRef{}, &usage{message: fmt.Sprintf("%q is not an address", s), hint: "for example https://example.com/page"}
	}
	ref, err := archive.PageAt(complete)
	var scheme *archive.UnsupportedSchemeError
	if errors.As(err, &scheme) {
		return ref, &usage{message: err.Error(), hint: "save the page to a file and capture that: walkback capture FILE --url " + shellWord(s)}
	}
	if err != nil {
		hint := hintFor(err)
		if hint == "" {
			hint = "an address looks like https://example.com/post"
		}
		return ref, &usage{message: err.Error(), hint: hint}
	}
	return ref, nil
}

// postRequest tells files from addresses: what exists here is a file.
func (p *program) postRequest(c *cli.Context, target string) (archive.PostRequest, error) {
	if !strings.Contains(target, "://") {
		info, err := os.Stat(target)
		switch {
		case err == nil && info.IsDir():
			return archive.PostRequest{}, &usage{message: target + " is a folder", hint: "name the files in it: walkback capture " + shellWord(target) + "/*"}
		case err == nil:
			return givenPost(c, target)
		case !errors.Is(err, fs.ErrNotExist):
			return archive.PostRequest{}, fmt.Errorf("reading post: %w", err)
		}
		if _, ok := archive.CompleteAddress(target); !ok {
			return archive.PostRequest{}, &usage{
				message: fmt.Sprintf("there is no file %q, and it is not an address either", target),
				hint:    "an address looks like https://example.com/post",
			}
		}
	}
	for _, name := range []string{"name", "date", "url"} {
		if c.IsSet(name) {
			return archive.PostRequest{}, &usage{message: fmt.Sprintf("--%s is for a post handed in as a file, and %s is an address", name, target), hint: "leave it out"}
		}
	}
	ref, err := addressed(target)
	return archive.PostRequest{Page: ref}, err
}

// maxPost bounds a post handed in as a file.
const maxPost = 64 << 20

func givenPost(c *cli.Context, file string) (archive.PostRequest, error) {
	content, err := readFile(file, maxPost)
	if err != nil {
		return archive.PostRequest{}, fmt.Errorf("reading post: %w", err)
	}
	name := c.String("name")
	if name == "" {
		name = archive.GivenName(file)
	}
	ref, err := archive.PagePost(name)
	if err != nil {
		return archive.PostRequest{}, err
	}
	given := &archive.Given{Content: content, MediaType: postType(file), ClaimedDate: c.String("date")}
	if date := given.ClaimedDate; date != "" {
		_, dayErr := time.Parse(time.DateOnly, date)
		_, timeErr := time.Parse(time.RFC3339, date)
		if dayErr != nil && timeErr != nil {
			return archive.PostRequest{}, &usage{message: fmt.Sprintf("--date %q is not a date", date), hint: "for example --date 2017-02-10"}
		}
	}
	if claimed := c.String("url"); claimed != "" {
		ref, err := addressed(claimed)
		if err != nil {
			return archive.PostRequest{}, err
		}
		given.ClaimedURL = ref.Name
	}
	return archive.PostRequest{Page: ref, Given: given}, nil
}

func readFile(file string, limit int64) ([]byte, error) {
	// A pipe or a device could keep us waiting, or never end.
	if info, err := os.Stat(file); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %s", file, size(limit))
	}
	return content, err
}

// postType goes by the file's name alone, so that the same file is the same
// post on every machine.
func postType(file string) string {
	switch lower := strings.ToLower(file); {
	case strings.HasSuffix(lower, ".html"), strings.HasSuffix(lower, ".htm"):
		return "text/html"
	case strings.HasSuffix(lower, ".xhtml"):
		return "application/xhtml+xml"
	case strings.HasSuffix(lower, ".pdf"):
		return "application/pdf"
	case strings.HasSuffix(lower, ".md"), strings.HasSuffix(lower, ".markdown"):
		return "text/markdown"
	case strings.HasSuffix(lower, ".mhtml"), strings.HasSuffix(lower, ".mht"):
		return "multipart/related"
	case strings.HasSuffix(lower, ".eml"):
		return "message/rfc822"
	}
	return "text/plain"
}
