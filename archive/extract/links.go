package extract

import (
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// A resolver makes addresses absolute.
type resolver struct {
	base *whatwg.Url // nil when the address of the page is not known
	page string      // address of the page, without fragment
}

// newResolver resolves against base, itself taken relative to the page.
func newResolver(page, base string) resolver {
	var r resolver
	if len(page) > maxLink || len(base) > maxLink {
		return r
	}
	if u, err := whatwg.Parse(page); err == nil {
		r.base, r.page = u, u.Href(true)
	}
	if base == "" {
		return r
	}
	if r.base == nil {
		if u, err := whatwg.Parse(base); err == nil {
			r.base = u
		}
	} else if u, err := r.base.Parse(base); err == nil {
		r.base = u
	}
	return r
}

// maxLink is the length of the longest address that is looked at, in bytes:
// the URL parser takes quadratic time.
const maxLink = 8192

// resolve returns the absolute http or https address of a reference.
func (r resolver) resolve(ref string) (*whatwg.Url, bool) {
	var u *whatwg.Url
	var err error
	if ref = strings.TrimSpace(ref); ref == "" || len(ref) > maxLink {
		return nil, false
	}
	if r.base != nil {
		u, err = r.base.Parse(ref)
	} else {
		u, err = whatwg.Parse(ref)
	}
	if err != nil || u.Scheme() != "http" && u.Scheme() != "https" || u.Hostname() == "" {
		return nil, false
	}
	return u, true
}

// A linkCollector keeps the links of a text.
type linkCollector struct {
	base  resolver
	links []Link
}

// add takes a link of a block. In a short block, such as a byline, links to
// authors, sections and tags are left out.
func (c *linkCollector) add(a anchor, block int, short bool) {
	link := Link{URL: mailAddress(a.href), Block: block}
	if link.URL == "" {
		u, ok := c.base.resolve(a.href)
		if !ok || isShareIntent(u) || short && isIndex(u) {
			return
		}
		link.URL, link.Here = u.Href(false), u.Href(true) == c.base.page
	}
	link.Text = display(strings.ReplaceAll(a.text, string(cellBreak), " "))
	c.links = append(c.links, link)
}

// mailAddress returns the mailto address of a reference to a mailbox, without
// the subject and the like, or "". A mail to nobody is a share button.
func mailAddress(ref string) string {
	if len(ref) > maxLink {
		return ""
	}
	scheme, rest, found := strings.Cut(strings.TrimSpace(ref), ":")
	if !found || !strings.EqualFold(scheme, "mailto") {
		return ""
	}
	to, _, _ := strings.Cut(rest, "?")
	u, err := whatwg.Parse("mailto:" + strings.TrimSpace(to))
	if err != nil || !strings.Contains(to, "@") && !strings.Contains(to, "%40") {
		return ""
	}
	return u.Href(false)
}

// isShareIntent reports whether an address only asks its reader to pass the
// page on.
func isShareIntent(u *whatwg.Url) bool {
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	host = strings.TrimPrefix(host, "m.")
	path := strings.ToLower(u.Pathname())
	for _, prefix := range shareIntents[host] {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// isFurniture reports whether a block is nothing but links that steer through
// the site: share buttons, tags, sections, authors.
func (r resolver) isFurniture(b *pageBlock) bool {
	if len(b.anchors) == 0 || b.Kind == Code || len(b.Text) > maxButtons {
		return false
	}
	linked := 0
	for _, a := range b.anchors {
		u, ok := r.resolve(a.href)
		if ok && !isShareIntent(u) && !isIndex(u) || mailAddress(a.href) != "" {
			return false
		}
		linked += len(wordsOf(a.text))
	}
	all := len(wordsOf(b.Text))
	return all <= linked+2 && all <= 40
}

// maxButtons is the most bytes of a row of buttons.
const maxButtons = 600

// isIndex reports whether an address is that of a list of pages by tag,
// section or author.
func isIndex(u *whatwg.Url) bool {
	for part := range strings.SplitSeq(strings.ToLower(u.Pathname()), "/") {
		switch part {
		case "tag", "tags", "category", "categories", "author", "authors", "topic", "topics", "keyword", "keywords", "byline":
			return true
		}
	}
	return false
}

// shareIntents are the paths of share buttons, by host.
var shareIntents = map[string][]string{
	"facebook.com":           {"/sharer", "/share.php", "/dialog/"},
	"twitter.com":            {"/intent/", "/share", "/home"},
	"x.com":                  {"/intent/", "/share"},
	"linkedin.com":           {"/sharearticle", "/sharing/", "/cws/share", "/feed/"},
	"wa.me":                  {"/"},
	"api.whatsapp.com":       {"/send"},
	"web.whatsapp.com":       {"/send"},
	"whatsapp.com":           {"/send"},
	"t.me":                   {"/share"},
	"telegram.me":            {"/share"},
	"pinterest.com":          {"/pin/create", "/pin/find"},
	"reddit.com":             {"/submit"},
	"old.reddit.com":         {"/submit"},
	"tumblr.com":             {"/share", "/widgets/share"},
	"plus.google.com":        {"/share"},
	"news.ycombinator.com":   {"/submitlink"},
	"share.flipboard.com":    {"/"},
	"flipboard.com":          {"/bookmarklet"},
	"getpocket.com":          {"/save", "/edit"},
	"vk.com":                 {"/share.php"},
	"vkontakte.ru":           {"/share.php"},
	"connect.ok.ru":          {"/offer", "/dk"},
	"service.weibo.com":      {"/share"},
	"bsky.app":               {"/intent/"},
	"threads.net":            {"/intent/"},
	"xing.com":               {"/spi/", "/app/user"},
	"digg.com":               {"/submit"},
	"stumbleupon.com":        {"/submit", "/badge"},
	"delicious.com":          {"/save", "/post"},
	"addtoany.com":           {"/"},
	"addthis.com":            {"/bookmark"},
	"social-plugins.line.me": {"/lineit"},
	"line.me":                {"/r/msg"},
	"b.hatena.ne.jp":         {"/add", "/entry"},
	"mix.com":                {"/add"},
	"instapaper.com":         {"/hello2", "/edit"},
	"printfriendly.com":      {"/print"},
	"mastodonshare.com":      {"/"},
	"toot.kytta.dev":         {"/"},
	"s100.copyright.com":     {"/appdispatchservlet"},
	"translate.google.com":   {"/translate"},
	"buttons.reddit.com":     {"/"},
	"story.kakao.com":        {"/share"},
	"sharer.pinterest.com":   {"/"},
	"mail.google.com":        {"/mail/"},
	"compose.mail.yahoo.com": {"/"},
	"outlook.live.com":       {"/"},
	"accounts.google.com":    {"/"},
}
