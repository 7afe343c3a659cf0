package social

import (
	"strings"

	"golang.org/x/net/html"
)

// withoutMentions takes the links off mentions and hashtags of a status, which
// lead to nobody's words, and drops the line that repeats a quoted post for old
// programs (class quote-inline).
func withoutMentions(content string) string {
	if !strings.Contains(content, "class=") {
		return content
	}
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(content))
	dropLink, dropLine := false, false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out.String()
		}
		raw := string(z.Raw())
		t := z.Token()
		switch {
		case kind == html.StartTagToken && t.Data == "a":
			if dropLink = hasClass(t, "mention", "hashtag"); dropLink {
				continue
			}
		case kind == html.EndTagToken && t.Data == "a" && dropLink:
			dropLink = false
			continue
		case kind == html.StartTagToken && t.Data == "p":
			dropLine = hasClass(t, "quote-inline")
		}
		if !dropLine {
			out.WriteString(raw)
		}
		if kind == html.EndTagToken && t.Data == "p" {
			dropLine = false
		}
	}
}

func hasClass(t html.Token, names ...string) bool {
	for _, a := range t.Attr {
		if a.Key != "class" {
			continue
		}
		for _, class := range strings.Fields(a.Val) {
			for _, name := range names {
				if class == name {
					return true
				}
			}
		}
	}
	return false
}
