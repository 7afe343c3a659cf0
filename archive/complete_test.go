package archive

import (
	"fmt"
	"slices"
	"testing"
)

func TestCompleting(t *testing.T) {
	var few, many, hosts []string
	for n := range 5 {
		few = append(few, fmt.Sprintf("https://a.example/news/%d", n))
	}
	for n := range 1000 {
		many = append(many, fmt.Sprintf("https://a.example/%d/%d", n%7, n))
		hosts = append(hosts, fmt.Sprintf("https://%03d.example/a", n))
	}
	stem := func(n int) string { return fmt.Sprintf("https://%03d.example/", n) }
	var first []string
	for n := range completions {
		first = append(first, stem(n))
	}
	for name, c := range map[string]struct {
		names  []string
		prefix string
		want   []string
	}{
		"none":                           {few, "ftp", nil},
		"few are told":                   {few, "https://a.example/n", few},
		"the name itself":                {few, few[0], few[:1]},
		"many are cut at the next slash": {many, "https://a.exa", []string{"https://a.example/"}},
		"and again":                      {many, "https://a.example/", []string{"https://a.example/0/", "https://a.example/1/", "https://a.example/2/", "https://a.example/3/", "https://a.example/4/", "https://a.example/5/", "https://a.example/6/"}},
		"two slashes are one":            {many, "h", []string{"https://"}},
		"the last of many":               {hosts, "https://", append(slices.Clone(first), stem(999))},
		"given posts by what they are":   {[]string{"urn:walkback:post:my%20note"}, "my n", []string{"my note"}},
	} {
		c2 := completing{prefix: c.prefix}
		for _, n := range slices.Backward(c.names) {
			c2.add(n)
		}
		if got := c2.result(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
