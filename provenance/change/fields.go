package change

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// compareFields compares what a page states about itself.
func (c *comparison) compareFields() {
	b, a := c.before, c.after
	c.field(schemas.HeadlineChange, "headline", b.Title, a.Title, b.Meta.Headline, a.Meta.Headline)
	c.field(schemas.BylineChange, "byline", b.Byline, a.Byline, b.Meta.Byline, a.Meta.Byline)
	c.field(schemas.DateChange, "published", b.Published, a.Published, b.Meta.Published, a.Meta.Published)
	c.field("", "modified", b.Modified, a.Modified, b.Meta.Modified, a.Meta.Modified)
	c.field(schemas.MetadataOnly, "canonical", bareAddress(b.Canonical), bareAddress(a.Canonical), nil, nil)
	c.field(schemas.MetadataOnly, "section", first(b.Meta.Section), first(a.Meta.Section), b.Meta.Section, a.Meta.Section)
	c.field(schemas.MetadataOnly, "robots", first(b.Meta.Robots), first(a.Meta.Robots), b.Meta.Robots, a.Meta.Robots)
}

func first(s []extract.Statement) string {
	if len(s) == 0 {
		return ""
	}
	return s[0].Value
}

// field notes a statement that changed. When what is said now was said before
// too, by another part of the page, and the other way round, the page did not
// change: another of its statements was chosen.
func (c *comparison) field(class schemas.ChangeClass, name, was, is string, before, after []extract.Statement) {
	if same(was, is) || stated(before, is) && stated(after, was) {
		return
	}
	if (was == "" || is == "") && class != schemas.HeadlineChange && class != schemas.BylineChange && class != schemas.DateChange {
		return // a tag that comes or goes with a template says nothing
	}
	changed := &schemas.ChangedField{Field: name, Before: oneLine(was), After: oneLine(is)}
	for _, s := range after {
		if same(s.Value, is) && !slices.Contains(changed.Sources, string(s.Source)) {
			changed.Sources = append(changed.Sources, string(s.Source))
		}
	}
	confidence := schemas.Likely
	if len(changed.Sources) >= 2 && !stated(after, was) {
		confidence = schemas.Certain
	}
	if class == schemas.DateChange && (sameDay(was, is) || sameInstant(was, is)) {
		return // one source gives the time as well, or that of another zone
	}
	c.fields = append(c.fields, finding{
		class: class, rule: name, confidence: confidence, field: changed, evidence: []string{pair(was, is)}, weak: is == "",
	})
}

func same(a, b string) bool {
	return a == b || strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

func stated(statements []extract.Statement, value string) bool {
	return value != "" && slices.ContainsFunc(statements, func(s extract.Statement) bool { return same(s.Value, value) })
}

func sameDay(a, b string) bool {
	return len(a) >= 10 && len(b) >= 10 && a[:10] == b[:10] && (len(a) == 10 || len(b) == 10)
}

func sameInstant(a, b string) bool {
	was, err := time.Parse(time.RFC3339, a)
	if err != nil {
		return false
	}
	is, err := time.Parse(time.RFC3339, b)
	return err == nil && was.Equal(is)
}

func pair(was, is string) string {
	switch {
	case was == "":
		return "“" + is + "” now"
	case is == "":
		return "“" + was + "” before"
	}
	return "“" + was + "” → “" + is + "”"
}

// modified reports whether the page states another date of modification, and
// whether it states any.
func (c *comparison) modified() (moved, stated bool) {
	moved = slices.ContainsFunc(c.fields, func(f finding) bool { return f.rule == "modified" })
	return moved, c.after.Modified != "" || c.before.Modified != ""
}

// dated reports whether the page is of the kind that says when it was written.
func (c *comparison) dated() bool { return c.after.Published != "" || c.after.Modified != "" }

// compareLinks finds words that lead elsewhere now. A link that came or went
// with its words is part of that edit.
func (c *comparison) compareLinks() {
	was, is := linksOf(c.before), linksOf(c.after)
	gone, come := lessEqual(was, is), lessEqual(is, was)
	for _, key := range sortedKeys(gone) {
		targets := come[key]
		for i, target := range gone[key] {
			if i < len(targets) {
				c.link("link-target", key, target, targets[i])
			} else if c.keepsWords(c.after, key) && !c.hasTarget(is, target) {
				c.link("link-removed", key, target, "")
			}
		}
	}
	for _, key := range sortedKeys(come) {
		for i, target := range come[key] {
			if i >= len(gone[key]) && c.keepsWords(c.before, key) && !c.hasTarget(was, target) {
				c.link("link-added", key, "", target)
			}
		}
	}
}

func (c *comparison) link(rule, words, was, is string) {
	if sameTarget(was, is) {
		return
	}
	c.fields = append(c.fields, finding{
		class: schemas.LinkTarget, rule: rule, confidence: schemas.Certain, evidence: []string{words + ": " + pair(was, is)},
		weak:  is == "" || len(words) < len("click"), // "here" stands in every text
		field: &schemas.ChangedField{Field: rule, Before: oneLine(was), After: oneLine(is)},
	})
}

// keepsWords reports whether the words of a link stand on the other side, in the
// article, as a phrase.
func (c *comparison) keepsWords(d *extract.Document, words string) bool {
	if len(words) < 3 {
		return false
	}
	return slices.ContainsFunc(d.Blocks, func(b extract.Block) bool { return strings.Contains(textdiff.FoldText(b.Text), words) })
}

func (c *comparison) hasTarget(links map[string][]string, target string) bool {
	for _, targets := range links {
		if slices.ContainsFunc(targets, func(t string) bool { return sameTarget(t, target) }) {
			return true
		}
	}
	return false
}

// linksOf returns the targets by the words that carry them, in compare form.
func linksOf(d *extract.Document) map[string][]string {
	links := map[string][]string{}
	for _, l := range d.Links {
		key := textdiff.FoldText(l.Text)
		links[key] = append(links[key], bareAddress(l.URL))
	}
	return links
}

// lessEqual leaves out the targets that the same words have on the other side.
func lessEqual(links, other map[string][]string) map[string][]string {
	left := map[string][]string{}
	for key, targets := range links {
		rest := slices.Clone(other[key])
		for _, target := range targets {
			if i := slices.Index(rest, target); i >= 0 {
				rest = slices.Delete(rest, i, i+1)
			} else {
				left[key] = append(left[key], target)
			}
		}
	}
	return left
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

var (
	// trackers are parts of a query that say who follows a link, not where to.
	trackers = pattern.New(`(?i)^(utm_\w+|gclid|fbclid|dclid|msclkid|mc_[ce]id|igshid|yclid|_ga|_gl|ref|ref_src|cmpid|s_cid|icid|ns_\w+|` +
		`(php|j|asp)?sess(ion)?_?id|sid|phpsessid|cb|nonce|_|ts|timestamp|cache_?bust(er)?|v|ver|version|hash|token|csrf\w*|sig|signature|expires|x-amz-\w+|hsctatracking)$`)
	// session is one in a path.
	session = pattern.New(`(?i);(jsessionid|sid)=[^/?#]*`)
)

// bareAddress leaves out of an address what does not say where it leads.
func bareAddress(address string) string {
	if !strings.ContainsAny(address, "?;#") {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Path = session().ReplaceAllString(u.Path, "")
	u.RawPath = ""
	if u.RawQuery != "" {
		var kept []string
		for _, part := range strings.Split(u.RawQuery, "&") {
			if key, _, _ := strings.Cut(part, "="); part != "" && !trackers().MatchString(key) {
				kept = append(kept, part)
			}
		}
		u.RawQuery = strings.Join(kept, "&")
	}
	return u.String()
}

// sameTarget reports whether two addresses differ in form alone.
func sameTarget(a, b string) bool {
	form := func(s string) string { return strings.TrimSuffix(s, "#") }
	return form(a) == form(b)
}
