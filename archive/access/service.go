package access

import (
	"github.com/walkback-dev/walkback/schemas"
)

// Service is what the API of a service says of a post, where it was asked in place
// of the page.
type Service struct {
	Name string // of its reader, such as mastodon/1
	// Absence is the way in which the post is not there: not-found, deleted,
	// removed, withheld; "" when it is there, or the answer is not the service's.
	Absence string
	Words   string // the service's own, for an absence
	Post    bool   // the post is there
}

// byService believes the service: a post is never taken for a wall because of its
// words, and one that the service says was deleted is gone at once. That there is
// none is not as sure, as with a 404.
func byService(c *look) *schemas.Access {
	s := c.Service
	evidence := []string{statusLine(c.Answer), s.Name + ": " + s.Words}
	switch {
	case s.Post && c.Status/100 == 2:
		if broken := cutOff(c); broken != nil {
			return broken
		}
		return verdict(schemas.Served, "api-post", schemas.Certain, statusLine(c.Answer), "read by "+s.Name)
	case s.Absence == "not-found":
		return notFound(c, "api-not-found", schemas.Certain, evidence...)
	case s.Absence == "deleted", s.Absence == "removed":
		return verdict(schemas.Gone, "api-"+s.Absence, schemas.Certain, evidence...)
	case s.Absence == "withheld":
		return verdict(schemas.Blocked, "api-withheld", schemas.Certain, evidence...)
	}
	return nil
}

// notOfService tells a success that is no answer of the service in place of one.
func notOfService(c *look) *schemas.Access {
	return verdict(schemas.WrongType, "api-foreign", schemas.Likely, statusLine(c.Answer), "no answer of "+c.Service.Name)
}
