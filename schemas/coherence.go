package schemas

import (
	"fmt"
	"strings"
)

// incoherence implements cohering.
func (c *Capture) incoherence() (field, problem string) {
	isURN := strings.HasPrefix(c.URL, postPrefix)
	switch {
	case c.Method == Given && !isURN:
		return "url", "is an address, and a given post has a name"
	case isURN && c.Method != Given && c.Method != Imported:
		return "method", "says that the page was asked for, and it has no address"
	case c.Method == Given && len(c.Hops) > 0:
		return "hops", "stand in a post that was handed in as a file"
	case c.Text != nil && c.Text.Sequence > c.Sequence:
		return "text.sequence", "is that of a later commit"
	case c.LastServed != nil && c.Access.Outcome == Served:
		return "last_served", "stands beside an outcome that is served itself"
	case c.LastServed != nil && c.LastServed.Outcome != Served:
		return "last_served.outcome", fmt.Sprintf("is %q", c.LastServed.Outcome)
	case c.LastServed != nil && c.LastServed.Sequence >= c.Sequence:
		return "last_served.sequence", "is not that of an earlier commit"
	}
	for i := range c.Hops {
		hop := &c.Hops[i]
		switch {
		case hop.Request != nil && !c.Head.holds(hop.Request):
			return fmt.Sprintf("hops[%d].request", i), "lies outside the head file"
		case hop.Response != nil && !c.Head.holds(hop.Response):
			return fmt.Sprintf("hops[%d].response", i), "lies outside the head file"
		}
	}
	for i := range c.Resources {
		resource := &c.Resources[i]
		switch {
		case resource.Request != nil && !c.ResourceHeads.holds(resource.Request):
			return fmt.Sprintf("resources[%d].request", i), "lies outside the file of resource heads"
		case resource.Response != nil && !c.ResourceHeads.holds(resource.Response):
			return fmt.Sprintf("resources[%d].response", i), "lies outside the file of resource heads"
		}
	}
	return "", ""
}

// holds reports whether the span lies within the file, which may be nil.
func (f *File) holds(s *Span) bool {
	return f != nil && s.Offset <= f.Size && s.Length <= f.Size-s.Offset
}
