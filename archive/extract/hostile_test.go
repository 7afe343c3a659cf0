package extract_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/extract"
)

// TestHostilePagesAreLinear reads large pages that would take minutes if any step
// were quadratic. The bound is many times what they take.
func TestHostilePagesAreLinear(t *testing.T) {
	const size = 2 << 20
	sentence := "A sentence stands here and goes on for a while, as they do. "
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	for _, c := range []struct{ name, page string }{
		{"paragraphs", fill("<p>" + sentence)},
		{"short paragraphs", fill("<p>a")},
		{"breaks", fill("a<br>")},
		{"links", fill("<a href=/x>a</a> ")},
		{"headings", "<title>b</title>" + fill("<h1>b</h1>")},
		{"nested", fill(strings.Repeat("<div>", 400) + sentence + strings.Repeat("</div>", 400))},
		{"classes", fill("<div class='related-story a-b-c-d-e'>a</div>")},
		{"one class", "<div class='" + fill("related-") + "'>" + sentence},
		{"tables", fill("<table><tr><td>a<td>b</table>")},
		{"one table", "<table>" + fill("<tr><td>a<td>b")},
		{"lists", fill("<ul><li>" + sentence + "</ul>")},
		{"times", "<h1>Headline here</h1>" + fill("<time datetime=2024-01-02>2 Jan</time> ")},
		{"dates", fill("2 January 2006 ")},
		{"scripts", fill("<script type=application/ld+json>{}</script>")},
		{"one word", "<article><p>" + fill("a")},
		{"one line", "<article><p>" + fill(sentence)},
		{"copies", "<article>" + fill("<p>"+strings.Repeat(sentence, 3))},
		{"metas", fill("<meta name=author content=A>")},
		{"figures", fill("<figure><figcaption>" + sentence + "</figcaption></figure>")},
	} {
		start := time.Now()
		_, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.page), ContentType: "text/html; charset=utf-8", At: fetched})
		spent := time.Since(start)
		t.Logf("%s: %v %v", c.name, spent.Round(time.Millisecond), err)
		var limit *extract.LimitError
		if err != nil && !errors.Is(err, extract.ErrNoText) && !errors.As(err, &limit) {
			t.Errorf("%s: %v", c.name, err)
		}
		if spent > 20*time.Second {
			t.Errorf("%s: %v for %d bytes", c.name, spent, len(c.page))
		}
	}
}
