package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/walkback-dev/walkback/archive/fetch/robots"
)

// robotsFile is what the robots.txt of one scheme and authority says.
type robotsFile struct {
	turn   chan struct{} // full while somebody asks for it
	policy *robots.Policy
	denied string // why nothing may be asked for, when it cannot be had
}

// maxRobots bounds how many files are remembered.
const maxRobots = 4096

// permit asks robots.txt whether the address may be asked for.
func (f *fetch) permit(ctx context.Context, at *address) *Failure {
	if !f.request.Robots || at.path == "/robots.txt" {
		return nil
	}
	place := at.scheme + "://" + at.host
	file, failure := f.robotsFile(ctx, at, place)
	switch {
	case failure != nil:
		return failure
	case file == nil: // the host cannot be reached, which the page will say better
		return nil
	case file.denied != "":
		return fail(Robots, "%s/robots.txt cannot be had, so nothing of the host may be asked for: %s", place, file.denied)
	}
	if file.policy.Delay > 0 {
		f.slow(at, file.policy.Delay)
	}
	if v := file.policy.Check(at.target); !v.Allowed {
		return fail(Robots, "%s/robots.txt line %d, for %s: %s", place, v.Line, v.Agent, v.Rule)
	}
	return nil
}

// robotsFile returns the file, which is asked for once. It is nil when there is
// no connection to the host.
func (f *fetch) robotsFile(ctx context.Context, at *address, place string) (*robotsFile, *Failure) {
	f.mu.Lock()
	file := f.rules[place]
	if file == nil {
		if len(f.rules) >= maxRobots {
			clear(f.rules)
		}
		file = &robotsFile{turn: make(chan struct{}, 1)}
		f.rules[place] = file
	}
	f.mu.Unlock()
	select {
	case file.turn <- struct{}{}:
		defer func() { <-file.turn }()
	case <-ctx.Done():
		return nil, classify(ctx, "waiting for "+place+"/robots.txt", ctx.Err())
	}
	if file.policy != nil || file.denied != "" {
		return file, nil
	}
	x, err := f.fetch(ctx, Request{URL: place + "/robots.txt", MaxBytes: robots.MaxSize + 1, Buffers: f.request.Buffers}, true)
	if err != nil {
		f.unkept = err
		return nil, fail(Network, "%v", err)
	}
	defer x.Close()
	policy, denied, failure := f.readRobots(x)
	if policy == nil && denied == "" {
		return nil, failure
	}
	f.mu.Lock() // for Wake
	file.policy, file.denied = policy, denied
	f.mu.Unlock()
	return file, nil
}

// readRobots reads what came of asking for the file (RFC 9309 §2.3.1): what the
// server says is not there allows everything, what it cannot give forbids
// everything. Without either there is a failure that the page shares, or no
// connection to the host.
func (f *fetch) readRobots(x *Exchange) (policy *robots.Policy, denied string, failure *Failure) {
	token := robots.Token(f.options.UserAgent)
	if x.Failure != nil {
		switch x.Failure.Reason {
		case DNS, Refused, Unreachable, TLSFailed, BadURL, PrivateAddress:
			if len(x.Hops) <= 1 {
				return nil, "", nil
			}
		case TooManyRedirects, RedirectLoop, UnsupportedScheme, UserInfo:
		case Malformed, HeadTooLarge:
			return nil, x.Failure.Detail, nil
		default:
			return nil, "", fail(x.Failure.Reason, "robots.txt, which is asked for first: %s", x.Failure.Detail)
		}
		return robots.Parse(nil, token), "", nil
	}
	final := x.Final()
	switch {
	case final.Status >= 500, final.Status == http.StatusTooManyRequests:
		return nil, strings.TrimSpace(fmt.Sprintf("HTTP %d %s", final.Status, http.StatusText(final.Status))), nil
	case final.Status/100 != 2:
		return robots.Parse(nil, token), "", nil
	case x.Truncated == Time || x.Truncated == Disconnect:
		return nil, x.Shortfall, nil
	}
	var text []byte
	if x.Payload != nil {
		text = make([]byte, min(x.Payload.Size(), robots.MaxSize+1))
		if _, err := x.Payload.ReadAt(text, 0); err != nil && err != io.EOF {
			return nil, "", fail(Network, "reading robots.txt: %v", err)
		}
	}
	if strings.EqualFold(final.Header.Get("Content-Encoding"), "gzip") {
		text = unzipped(text)
	}
	return robots.Parse(text, token), "", nil
}

// unzipped returns as much as a file may have of what some servers compress
// though they were asked not to.
func unzipped(b []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return b
	}
	text, _ := io.ReadAll(io.LimitReader(r, robots.MaxSize+1)) // a part is better than nothing
	return text
}
