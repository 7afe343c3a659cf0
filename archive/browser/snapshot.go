package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
)

const (
	evaluateTime = 5 * time.Second // that a script of ours waits for those of the page
	pictureTime  = 15 * time.Second
	partOfDOM    = 1 << 20 // code units that are read at a time
)

// snapshot records the page as it stands. From now on it goes nowhere.
func (p *page) snapshot(ctx context.Context, request Request, r *Rendering) error {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	// A page that goes on while it is read would be another one in its picture.
	p.send(p.session, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	return p.watchful(ctx, func(ctx context.Context) error {
		if err := p.readDOM(ctx, r); err != nil {
			return fmt.Errorf("reading the page: %w", err)
		}
		if !strings.HasPrefix(r.FinalURL, "http:") && !strings.HasPrefix(r.FinalURL, "https:") {
			r.Failure = &fetch.Failure{Reason: fetch.Network, Detail: plain("the browser ended at " + r.FinalURL)}
			return nil
		}
		// What follows is worth less than the page: without it, there is still that.
		p.shoot(ctx, r)
		if request.PDF {
			p.print(ctx, r)
		}
		p.certificates(ctx, r)
		return ctx.Err()
	})
}

// world makes a place for our scripts that those of the page cannot see.
func (p *page) world(ctx context.Context) (int, error) {
	ctx, cancel := briefly(ctx)
	defer cancel()
	var made struct {
		ID int `json:"executionContextId"`
	}
	err := p.call(ctx, p.session, "Page.createIsolatedWorld", map[string]any{"frameId": p.target, "worldName": "walkback"}, &made)
	return made.ID, err
}

// briefly bounds what a page could keep from ending by a part of the time left, so
// that there is some for another try.
func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline()
	return context.WithTimeout(ctx, min(evaluateTime, time.Until(deadline)/4))
}

// evaluate runs a script in such a place.
func (p *page) evaluate(ctx context.Context, world int, expression string, result any) error {
	ctx, cancel := briefly(ctx)
	defer cancel()
	var got struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	err := p.call(ctx, p.session, "Runtime.evaluate", map[string]any{"expression": expression, "contextId": world, "returnByValue": true}, &got)
	if err != nil {
		return err
	}
	if got.Exception != nil {
		return errors.New(plain("the page cannot be read: " + got.Exception.Text))
	}
	return json.Unmarshal(got.Result.Value, result)
}

// serialise makes one string of the page and says what it is.
const serialise = `(() => {
	const d = document, t = d.doctype;
	let s = t ? new XMLSerializer().serializeToString(t) + "\n" : "";
	globalThis.walkback = s + (d.documentElement ? d.documentElement.outerHTML : "") + "\n";
	return {length: globalThis.walkback.length, url: d.location.href, title: String(d.title).slice(0, 1000)};
})()`

// readDOM reads the page, again if it was still moving. A script that does not
// end is ended.
func (p *page) readDOM(ctx context.Context, r *Rendering) error {
	var err error
	for range 4 {
		if err = p.readOnce(ctx, r); err == nil || ctx.Err() != nil {
			return err
		}
		var protocol *ProtocolError
		if !errors.As(err, &protocol) {
			p.limit(LimitScripts)
			p.send(p.session, "Runtime.terminateExecution", nil, nil)
		}
	}
	return err
}

func (p *page) readOnce(ctx context.Context, r *Rendering) error {
	world, err := p.world(ctx)
	if err != nil {
		return err
	}
	var made struct {
		Length int    `json:"length"`
		URL    string `json:"url"`
		Title  string `json:"title"`
	}
	if err := p.evaluate(ctx, world, serialise, &made); err != nil {
		return err
	}
	limit := min(int64(maxDocument), p.options.MaxBytes)
	var dom []byte
	truncated := fetch.Truncation("")
	for at := 0; at < made.Length; at += partOfDOM {
		var part string
		// toWellFormed: a lone surrogate is no character of any encoding.
		if err := p.evaluate(ctx, world, fmt.Sprintf("walkback.slice(%d, %d)", at, at+partOfDOM), &part); err != nil {
			return err
		}
		if dom = append(dom, part...); int64(len(dom)) > limit {
			dom, truncated = []byte(strings.ToValidUTF8(string(dom[:limit]), "")), fetch.Length
			p.limit(LimitDOM)
			break
		}
	}
	r.DOM, r.DOMTruncated, r.FinalURL, r.Title = dom, truncated, withoutFragment(made.URL), made.Title
	return nil
}

// shoot takes a picture of the whole page.
func (p *page) shoot(ctx context.Context, r *Rendering) {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	var metrics struct {
		Size struct {
			Width  float64 `json:"width"`
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	if p.call(ctx, p.session, "Page.getLayoutMetrics", nil, &metrics) != nil {
		return
	}
	height := max(int(metrics.Size.Height), 1)
	if height > maxHeight {
		height = maxHeight
		p.limit(LimitHeight)
	}
	var shot struct {
		Data string `json:"data"`
	}
	err := p.call(ctx, p.session, "Page.captureScreenshot", map[string]any{
		"format": "png", "captureBeyondViewport": true,
		"clip": map[string]any{"x": 0, "y": 0, "width": windowWidth, "height": height, "scale": 1},
	}, &shot)
	if err != nil {
		return
	}
	if png, err := base64.StdEncoding.DecodeString(shot.Data); err == nil && len(png) > 0 {
		r.Screenshot = &Picture{PNG: png, Width: windowWidth, Height: height}
	}
}

// print makes a PDF of the page.
func (p *page) print(ctx context.Context, r *Rendering) {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	var printed struct {
		Stream string `json:"stream"`
	}
	err := p.call(ctx, p.session, "Page.printToPDF", map[string]any{"printBackground": true, "transferMode": "ReturnAsStream"}, &printed)
	if err != nil {
		return
	}
	defer p.send(p.session, "IO.close", map[string]any{"handle": printed.Stream}, nil)
	var pdf []byte
	for {
		data, eof, err := p.readStream(ctx, p.session, printed.Stream, 1<<20)
		if err != nil {
			return
		}
		if pdf = append(pdf, data...); len(pdf) > maxPDF {
			p.limit(LimitBytes)
			return
		}
		if eof {
			r.PDF = pdf
			return
		}
	}
}

// certificates asks for the chain that the page's server proved itself with.
func (p *page) certificates(ctx context.Context, r *Rendering) {
	if !strings.HasPrefix(r.FinalURL, "https:") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, evaluateTime)
	defer cancel()
	var shown struct {
		Chain []string `json:"tableNames"`
	}
	origin := "https://" + hostPort(r.FinalURL)
	origin = strings.TrimSuffix(origin, ":443")
	if p.call(ctx, p.session, "Network.getCertificate", map[string]any{"origin": origin}, &shown) != nil {
		return
	}
	for _, encoded := range shown.Chain {
		if der, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			r.chain = append(r.chain, der)
		}
	}
}
