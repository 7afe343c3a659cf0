package archivetest

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Page is one answer. The zero Page is an empty HTML document with status 200.
type Page struct {
	Status int      // 200 when zero
	Type   string   // Content-Type; text/html; charset=utf-8 when empty and there is a body
	Header []string // further lines of the head, sent as they stand and in this order, without line ends
	Body   string

	// ETag and Modified are sent as ETag and Last-Modified. A request that
	// carries one of them back gets 304. An ETag of AutoETag follows the body.
	ETag, Modified string

	Coding  string // content-coding put on the body: gzip, deflate, br, zstd
	Chunked bool   // transfer-coding chunked in place of Content-Length
	Length  int    // the Content-Length to claim when it is not to be true; NoLength: none, the body ends with the connection
	Endless bool   // the body is repeated until the client hangs up; implies NoLength unless Chunked

	Before string // sent before the head as it stands, such as a 103 head
	Fault  Fault

	// Raw is the whole answer, byte for byte; of the other fields only Fault
	// and Keep count then. The connection is closed after it unless Keep.
	Raw  string
	Keep bool

	encoded bool // Body has its content-coding already
}

// AutoETag is an entity tag made from the body: it changes with every edit.
const AutoETag = "auto"

// NoLength leaves out Content-Length.
const NoLength = -1

// Place is a place in an answer.
type Place int

// The places where an answer can go wrong.
const (
	BeforeHead Place = iota
	InHead           // after half of it
	InBody           // after half of it
)

// Fault is a way in which an answer goes wrong; the zero Fault is none.
type Fault struct {
	act   act
	place Place
}

type act int

const (
	noFault act = iota
	stall
	hangUp
	reset
)

// Stall stops sending, and waits for the client to hang up.
func Stall(at Place) Fault { return Fault{stall, at} }

// HangUp closes the connection in good order, with FIN.
func HangUp(at Place) Fault { return Fault{hangUp, at} }

// Reset ends the connection with RST.
func Reset(at Place) Fault { return Fault{reset, at} }

// site is what one address answers.
type site struct {
	pages []Page // one for each request, the last one for all further
	asked int
	first []Page // answered before anything else, each once
	once  []Page // for the next requests, before all else
	over  *Page  // in place of pages until Restore
	fault *Fault // added to what is answered until Restore
}

// Serve puts pages at an address and thereby brings its host into being. With
// several pages each request gets the next one; the last one stays.
func (w *Web) Serve(address string, pages ...Page) {
	if len(pages) == 0 {
		pages = []Page{{}}
	}
	w.put(address, func(*site) *site { return &site{pages: slices.Clone(pages)} })
}

// First puts pages before what an address answers: each of the next requests
// gets one of them, those after these what they would have got.
func (w *Web) First(address string, pages ...Page) {
	w.put(address, func(s *site) *site {
		s.first = append(s.first, pages...)
		return s
	})
}

// Otherwise answers for all addresses that nothing was put at, in place of a
// plain 404.
func (w *Web) Otherwise(page Page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unknown = &page
}

// Edit replaces every occurrence of old in the page's body. It is a mistake
// when there is none.
func (w *Web) Edit(address, old, new string) {
	w.mu.Lock()
	s, edited := w.sites[w.key(address)], false
	if s != nil {
		for i := range s.pages {
			edited = edited || strings.Contains(s.pages[i].Body, old)
			s.pages[i].Body = strings.ReplaceAll(s.pages[i].Body, old, new)
		}
	}
	w.mu.Unlock()
	if !edited {
		w.fail("editing %s: %q is not on the page", address, old)
	}
}

// Redirect answers the address with 301 and a Location, which is sent as it
// stands.
func (w *Web) Redirect(address, location string) {
	w.Serve(address, Page{Status: http.StatusMovedPermanently, Header: []string{"Location: " + location}})
}

// Retract answers the address with 410 Gone until Restore.
func (w *Web) Retract(address string) {
	w.override(address, Page{Status: http.StatusGone, Body: "<h1>Gone</h1><p>This page has been retracted.</p>"})
}

// Remove answers the address with 404 Not Found until Restore.
func (w *Web) Remove(address string) { w.override(address, notFound) }

// Replace answers the address with another page until Restore.
func (w *Web) Replace(address string, page Page) { w.override(address, page) }

// Once answers the next requests for the address with these pages, one each, and
// then as before.
func (w *Web) Once(address string, pages ...Page) {
	w.put(address, func(s *site) *site { s.once = append(s.once, pages...); return s })
}

// Break lets answers of the address go wrong until Restore.
func (w *Web) Break(address string, fault Fault) {
	w.put(address, func(s *site) *site { s.fault = &fault; return s })
}

// Restore undoes Retract, Remove, Replace and Break.
func (w *Web) Restore(address string) {
	w.put(address, func(s *site) *site { s.over, s.fault = nil, nil; return s })
}

func (w *Web) override(address string, page Page) {
	w.put(address, func(s *site) *site { s.over = &page; return s })
}

// put changes what an address answers.
func (w *Web) put(address string, change func(*site) *site) {
	key := w.key(address)
	_, authority, _, _ := splitAddress(address)
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sites[key]
	if s == nil {
		s = &site{pages: []Page{notFound}}
	}
	w.sites[key] = change(s)
	w.host(hostname(authority))
}

// key returns the form of the address under which its site is kept.
func (w *Web) key(address string) string {
	scheme, authority, target, err := splitAddress(address)
	if err != nil {
		w.fail("%v", err)
	}
	return scheme + "://" + authority + target
}

// next takes the page that the next request gets.
func (w *Web) next(key string) Page {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sites[key]
	if s == nil && w.unknown != nil {
		return *w.unknown
	}
	if s == nil {
		return notFound
	}
	if len(s.once) > 0 {
		page := s.once[0]
		s.once = s.once[1:]
		return page
	}
	if len(s.first) > 0 {
		page := s.first[0]
		s.first = s.first[1:]
		return page
	}
	page := s.pages[min(s.asked, len(s.pages)-1)]
	s.asked++
	if s.over != nil {
		page = *s.over
	}
	if s.fault != nil {
		page.Fault = *s.fault
	}
	return page
}

var notFound = Page{Status: http.StatusNotFound, Body: "<h1>Not Found</h1><p>There is no such page.</p>"}

func (p Page) etag() string {
	if p.ETag != AutoETag {
		return p.ETag
	}
	return fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256([]byte(p.Body)))[:16])
}
