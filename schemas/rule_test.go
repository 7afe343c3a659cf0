package schemas

import (
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRules(t *testing.T) {
	for _, tc := range []struct {
		rule      string
		good, bad []string
	}{
		{
			"archive",
			[]string{"urn:uuid:6f9b3c52-8f0e-4f4e-9a1b-3d7c5e2a9b10"},
			[]string{"", "6f9b3c52-8f0e-4f4e-9a1b-3d7c5e2a9b10", "urn:uuid:6F9B3C52-8f0e-4f4e-9a1b-3d7c5e2a9b10", "urn:uuid:6f9b3c528f0e4f4e9a1b3d7c5e2a9b10"},
		},
		{
			"run",
			[]string{"20261123T052855Z-4f1d09ac"},
			[]string{"", "20261123T052855Z", "20261123T052855Z-4f1d09a", "20261123t052855z-4f1d09ac", "2026-1123T052855-4f1d09ac"},
		},
		{
			"name",
			[]string{"https://a.example/", "http://a.example:8080/b?c=%20#", "urn:walkback:post:a%20b.md"},
			[]string{"", "a.example", "ftp://a.example/", "https://", "httpss://a", "urn:walkback:post:", "urn:walkback:post:a b", "urn:isbn:1", "https://a.example/é", "https://a.example/ b", "HTTPS://a.example/"},
		},
		{
			"address",
			[]string{"https://a.example/#b", "mailto:a b@c.example", "ws+unix:x"},
			[]string{"", ":", "a:", "//a.example", "1a:b", "https://a.example/é", "a\n:b", "https://a.example/\x7f"},
		},
		{
			"path",
			[]string{"a", "a/b", ".gitattributes", "..a", "...", "a~b_c-d.e/0"},
			[]string{"", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/..", "a/../b", "a b", "a\\b", "C:a", "é", "a\x00"},
		},
		{"commit", []string{"0123456789abcdef0123456789abcdef01234567"}, []string{"", "0123", "0123456789ABCDEF0123456789abcdef01234567"}},
		{
			"fingerprint",
			[]string{"SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/abcde"},
			[]string{"", "SHA256:", "MD5:00", "SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/abcd="},
		},
		{"word", []string{"dns", "http-4xx", "a1-b2-c3"}, []string{"", "-", "a-", "-a", "a--b", "A", "a_b", "a b"}},
		{
			"date",
			[]string{"2026-11-20", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.5+01:00"},
			[]string{"", "2026", "2026-11-31", "20 November 2026", "2026-11-20 10:00", "2026-11-20T10:00:00"},
		},
		{"text", []string{"a", " "}, []string{""}},
	} {
		r := ruleNamed(tc.rule)
		for _, s := range tc.good {
			if !r.holds(s) {
				t.Errorf("%s: %q is refused", tc.rule, s)
			}
		}
		for _, s := range tc.bad {
			if r.holds(s) {
				t.Errorf("%s: %q is accepted", tc.rule, s)
			}
		}
	}
}

// A rule is written twice, as code and as the pattern of the JSON Schemas.
func TestRulesAgreeWithTheirPatterns(t *testing.T) {
	for i := range rules {
		r := &rules[i]
		if r.pattern == "" {
			continue
		}
		pattern := regexp.MustCompile(r.pattern)
		t.Run(r.name, rapid.MakeCheck(func(t *rapid.T) {
			s := matching(r.pattern).Draw(t, "s")
			b := []byte(s)
			if len(b) > 0 && rapid.Bool().Draw(t, "spoil") {
				at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
				b = slices.Replace(b, at, at+1, rapid.SliceOfN(rapid.ByteRange(0, 127), 0, 2).Draw(t, "with")...)
			}
			if r.max > 0 && len(b) > r.max {
				b = b[:r.max]
			}
			if got, want := r.holds(string(b)), pattern.Match(b); got != want {
				t.Errorf("%q: the code says %v, the pattern %v", b, got, want)
			}
		}))
	}
}

// matching draws strings that match an anchored pattern.
func matching(pattern string) *rapid.Generator[string] {
	return rapid.StringMatching(pattern[1 : len(pattern)-1])
}
