package archive

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// siblings are the answers for made-up names that a run has asked for, one for
// each folder of a host.
type siblings struct {
	mu     sync.Mutex
	random io.Reader
	asked  map[string]func() (*access.Sibling, error)
}

// sibling asks the host of an address for a made-up name in the same folder,
// unless the run has done so before. It is nil when there is no answer.
func (r *Run) sibling(ctx context.Context, address string) (*access.Sibling, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil
	}
	u.Path = u.Path[:strings.LastIndexByte(u.Path, '/')+1]
	u.RawPath, u.RawQuery, u.Fragment = "", "", ""
	folder := u.String()
	s := &r.siblings
	s.mu.Lock()
	ask := s.asked[folder]
	if ask == nil {
		name, err := s.name()
		if err != nil {
			s.mu.Unlock()
			return nil, err
		}
		u.Path += name
		ask = sync.OnceValues(func() (*access.Sibling, error) { return r.askSibling(ctx, u.String()) })
		if s.asked == nil {
			s.asked = map[string]func() (*access.Sibling, error){}
		}
		s.asked[folder] = ask
	}
	s.mu.Unlock()
	return ask()
}

// nameLength is that of a made-up name: nothing has it by chance.
const nameLength = 25

// name makes up a name. The caller holds s.mu.
func (s *siblings) name() (string, error) {
	name := make([]byte, nameLength)
	if _, err := io.ReadFull(s.random, name); err != nil {
		return "", fmt.Errorf("making up a name: %w", err)
	}
	for i := range name {
		name[i] = 'a' + name[i]%26
	}
	return string(name), nil
}

func (r *Run) askSibling(ctx context.Context, address string) (*access.Sibling, error) {
	x, err := r.options.Fetch.Fetch(ctx, fetch.Request{URL: address, Buffers: r.buffers, Robots: !r.options.IgnoreRobots, Along: true})
	if err != nil {
		return nil, err
	}
	defer x.Close()
	final := x.Final()
	if err := ctx.Err(); err != nil || x.Failure != nil || final == nil {
		return nil, err
	}
	sibling := &access.Sibling{Address: address, Status: final.Status}
	if x.Payload == nil || final.Status/100 != 2 {
		return sibling, nil
	}
	capture := &schemas.Capture{FinalURL: final.URL, CapturedAt: schemas.TimeOf(x.Started), Body: &schemas.Body{
		ContentType: plain(final.Header.Get("Content-Type")), ContentEncoding: contentEncoding(final.Header),
	}}
	was, err := r.reader.read(ctx, capture, x.Payload.Reader(), x.Payload.Size())
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	sibling.Reading = reading(was.document)
	return sibling, nil
}

// judge gives the outcome of an answer. Where it depends on how the host says
// "not found", the host is asked for that.
func (r *Run) judge(ctx context.Context, d *PageDraft, answer access.Answer) error {
	earlier := d.earlier()
	outcome := access.Judge(answer, earlier)
	if r.options.Probe && access.WantsSibling(answer, earlier, outcome) {
		sibling, err := r.sibling(ctx, answer.Final)
		if err != nil {
			return err
		}
		answer.Sibling = sibling
		outcome = access.Judge(answer, earlier)
	}
	d.Capture.Access = printable(outcome)
	return nil
}
