package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/resource"
	"github.com/walkback-dev/walkback/schemas"
)

// ResourceOptions bound what is asked for beside the payload of a page. Zero
// values are the defaults.
type ResourceOptions struct {
	MaxBytes     int64         // of one, more is not kept; default 16 MiB
	MaxPageBytes int64         // of all those of a page; default 64 MiB
	MaxNumber    int           // of those of a page; default 300
	Timeout      time.Duration // for all those of a page; default 2 minutes
}

func (o ResourceOptions) withDefaults() ResourceOptions {
	setDefault(&o.MaxBytes, 16<<20)
	setDefault(&o.MaxPageBytes, 64<<20)
	setDefault(&o.MaxNumber, 300)
	setDefault(&o.Timeout, 2*time.Minute)
	return o
}

func setDefault[T int | int64 | time.Duration](option *T, value T) {
	if *option <= 0 {
		*option = value
	}
}

const (
	// maxListed bounds the resources that a capture names; of more it says only
	// how many there are.
	maxListed = 1000
	// maxSheets is how deep style sheets that import style sheets are followed.
	maxSheets = 4
	// maxResourceHeads bounds resources.http, in bytes.
	maxResourceHeads = 4 << 20
	// resourcesAtOnce bounds how many resources of one page are asked for at a time.
	resourcesAtOnce = 6
)

// The reasons of failures in which nobody was asked for a resource.
const (
	tooMany  = "too-many"
	tooLarge = "too-large"
	tooLate  = "too-late"
)

// addResources asks for what a new capture of a page is made of, and adds that to
// the draft. What fails is on record there. An error is one of our own side, or
// ctx is done.
func (r *Run) addResources(ctx context.Context, d *PageDraft) error {
	c := d.Capture
	if r.options.Resources == nil || c.Method != schemas.Fetched || c.Access.Outcome != schemas.Served || c.Body == nil || !isPage(d) {
		return nil
	}
	wanted, err := r.asksFor(ctx, d)
	if err != nil || len(wanted) == 0 {
		return err
	}
	g := &gathering{run: r, draft: d, options: r.options.Resources.withDefaults(), seen: map[string]bool{}}
	g.left.Store(g.options.MaxPageBytes)
	g.until = time.Now().Add(g.options.Timeout)
	for sheets := 0; len(wanted) > 0; sheets++ {
		if wanted, err = g.gather(ctx, wanted); err != nil {
			g.letGo()
			return err
		}
		if sheets == maxSheets {
			break
		}
	}
	return g.keep()
}

func isPage(d *PageDraft) bool {
	return extract.IsPage(d.Capture.Body.MediaType) || d.Document != nil && extract.IsPage(d.Document.MediaType)
}

// asksFor reads the payload of a draft for what it asks for. A page that is too
// large to be read as text, or no text after all, asks for nothing.
func (r *Run) asksFor(ctx context.Context, d *PageDraft) ([]resource.Reference, error) {
	body := d.files[d.Capture.Body.File]
	if body == nil || body.from == nil || body.size > extract.MaxText {
		return nil, nil
	}
	done, err := r.reader.wait(ctx, body.size)
	if err != nil {
		return nil, err
	}
	defer done()
	payload := make([]byte, body.size)
	if _, err := io.ReadFull(io.NewSectionReader(body.from, 0, body.size), payload); err != nil {
		return nil, fmt.Errorf("reading what %s sent: %w", d.Name, err)
	}
	text, _, err := extract.Characters(inputOf(d.Capture, payload))
	if err != nil {
		return nil, nil
	}
	references, err := resource.OfPage(text, d.Capture.FinalURL)
	if err != nil {
		return nil, nil
	}
	return references, nil
}

// gathering is the asking for the resources of one page.
type gathering struct {
	run     *Run
	draft   *PageDraft
	options ResourceOptions
	until   time.Time
	left    atomic.Int64 // bytes that may still come

	seen    map[string]bool // addresses that are listed, or were left out
	got     []*gathered     // by place in the capture's list; nil for what nobody was asked for
	held    []*content      // likewise; nil for what has no file
	omitted int64
}

// gather asks for resources and returns what their style sheets ask for.
func (g *gathering) gather(ctx context.Context, wanted []resource.Reference) (next []resource.Reference, err error) {
	c := g.draft.Capture
	first := len(c.Resources)
	for _, reference := range wanted {
		if g.seen[reference.URL] {
			continue
		}
		g.seen[reference.URL] = true
		if len(c.Resources) == maxListed {
			g.omitted++
			continue
		}
		c.Resources = append(c.Resources, schemas.Resource{URL: reference.URL, Kind: reference.Kind})
	}
	g.got = append(g.got, make([]*gathered, len(c.Resources)-first)...)
	g.held = append(g.held, make([]*content, len(c.Resources)-first)...)
	within, cancel := context.WithDeadline(ctx, g.until)
	defer cancel()
	group, within := errgroup.WithContext(within)
	group.SetLimit(resourcesAtOnce)
	for i := first; i < len(c.Resources); i++ {
		if why := g.refuses(i); why != nil {
			c.Resources[i].Failure = why
			continue
		}
		group.Go(func() error { return g.ask(ctx, within, i) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, got := range g.got[first:] {
		if got != nil {
			next = append(next, got.asks...)
		}
	}
	return next, ctx.Err()
}

// refuses says why nobody is asked for the i-th resource; nil when it may be.
func (g *gathering) refuses(i int) *schemas.Failure {
	switch {
	case i >= g.options.MaxNumber:
		return &schemas.Failure{Reason: tooMany, Detail: fmt.Sprintf("the page asks for more than %d resources", g.options.MaxNumber)}
	case g.left.Load() <= 0:
		return &schemas.Failure{Reason: tooLarge, Detail: fmt.Sprintf("the resources of the page have more than %d bytes", g.options.MaxPageBytes)}
	case !time.Now().Before(g.until):
		return &schemas.Failure{Reason: tooLate, Detail: fmt.Sprintf("the resources of the page took longer than %v", g.options.Timeout)}
	}
	return nil
}

// ask fills in the i-th resource.
func (g *gathering) ask(ctx, within context.Context, i int) error {
	listed := &g.draft.Capture.Resources[i]
	// It may have been long in line.
	if why := g.refuses(i); why != nil {
		listed.Failure = why
		return nil
	}
	got, held, err := g.run.resource(within, listed.URL, resourceAsk{
		limit: g.options.MaxBytes, before: g.draft.Before, robots: g.draft.Capture.Robots == followed,
	})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		listed.Failure = &schemas.Failure{Reason: tooLate, Detail: fmt.Sprintf("the resources of the page took longer than %v", g.options.Timeout)}
		return nil
	default:
		return err
	}
	url, kind := listed.URL, listed.Kind
	*listed = got.resource
	listed.URL, listed.Kind = url, kind
	if listed.FinalURL == url {
		listed.FinalURL = ""
	}
	g.got[i], g.held[i] = got, held
	if held != nil {
		g.left.Add(-held.size)
	}
	return nil
}

// keep stages the files of the resources and their heads.
func (g *gathering) keep() error {
	d := g.draft
	c := d.Capture
	var heads bytes.Buffer
	for i, got := range g.got {
		listed := &c.Resources[i]
		if got == nil {
			continue
		}
		if heads.Len()+len(got.heads) <= maxResourceHeads {
			listed.Request, listed.Response = shifted(listed.Request, heads.Len()), shifted(listed.Response, heads.Len())
			heads.Write(got.heads)
		} else {
			listed.Request, listed.Response = nil, nil
		}
		if held := g.held[i]; held != nil {
			file := d.putContent(resourceFile(held.sum, listed.MediaType), held)
			listed.File = &file
		}
	}
	if heads.Len() > 0 {
		file := d.put(resourceHeads, heads.Bytes())
		c.ResourceHeads = &file
	}
	c.ResourcesOmitted = g.omitted
	return nil
}

func shifted(s *schemas.Span, by int) *schemas.Span {
	if s == nil {
		return nil
	}
	return &schemas.Span{Offset: s.Offset + int64(by), Length: s.Length}
}

// letGo lets go of what was gathered for a draft that will not be.
func (g *gathering) letGo() {
	for _, held := range g.held {
		if held != nil {
			held.free()
		}
	}
}
