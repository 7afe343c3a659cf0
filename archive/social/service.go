package social

import (
	"errors"
	"net/url"
	"strings"
)

// A Service reads the posts of one service, or of one kind of service.
type Service interface {
	// Name is the reader and its version, such as mastodon/1.
	Name() string
	// Request returns what to ask for the post at an address, "" when the address
	// has not the shape of a post of the service.
	Request(address *url.URL) string
	// Read reads the answer. The error is an [*AbsentError], or [ErrForeign],
	// perhaps wrapped.
	Read(Answer) (*Post, error)
}

// Answer is what an API answered.
type Answer struct {
	Address string // of the post's page
	Status  int
	Payload []byte // without content-codings
}

// Hosts are where the APIs are, without a path: https://api.example. An empty one
// is the service's own.
type Hosts struct {
	Bluesky    string
	HackerNews string
	Reddit     string
}

// Services returns all services that are known, in the order in which they are to
// be tried.
func Services(hosts Hosts) []Service {
	own := func(host, fallback string) string {
		if host == "" {
			return fallback
		}
		return strings.TrimRight(host, "/")
	}
	return []Service{
		bluesky{own(hosts.Bluesky, "https://public.api.bsky.app")},
		hackerNews{own(hosts.HackerNews, "https://hacker-news.firebaseio.com")},
		reddit{own(hosts.Reddit, "https://www.reddit.com")},
		mastodon{},
	}
}

// Match returns the service of an address and what to ask of it; nil when it is
// that of no post.
func Match(services []Service, address string) (Service, string) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, ""
	}
	for _, service := range services {
		if request := service.Request(u); request != "" {
			return service, request
		}
	}
	return nil, ""
}

// Named returns the service whose reader, of whatever version, has this name; nil
// when it is not known. Each reads what its forerunners did.
func Named(name string) Service {
	wanted, _, _ := strings.Cut(name, "/")
	for _, service := range Services(Hosts{}) {
		if known, _, _ := strings.Cut(service.Name(), "/"); known == wanted {
			return service
		}
	}
	return nil
}

// ErrForeign is returned for an answer that is not one of the service.
var ErrForeign = errors.New("no answer of the service")

// Absence says in which way a post is not there.
type Absence string

// The ways in which a post is not there.
const (
	NotFound Absence = "not-found" // there is none, or none any more
	Deleted  Absence = "deleted"   // its author deleted it
	Removed  Absence = "removed"   // others took it down
	Withheld Absence = "withheld"  // it is not shown to us
)

// AbsentError says that the service answered and that the post is not there.
type AbsentError struct {
	Absence Absence
	Words   string // what the service said
}

func (e *AbsentError) Error() string { return "the post is " + string(e.Absence) + ": " + e.Words }

// segments returns the parts of a path that are not empty.
func segments(u *url.URL) []string {
	return strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
}

func onlyOf(s, allowed string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, allowed) == ""
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)
