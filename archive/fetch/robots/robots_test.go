package robots

import (
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, file, target string
		allowed            bool
		line               int
	}{
		{"an empty file", "", "/a", true, 0},
		{"a page instead of a file", "<html><body>Disallow: /</body></html>", "/a", true, 0},
		{"all", "User-agent: *\nDisallow: /", "/a", false, 2},
		{"nothing", "User-agent: *\nDisallow:\n", "/a", true, 0},
		{"our own group instead of the one for all", "user-agent: *\ndisallow: /\n\nuser-agent: walkback\ndisallow: /b", "/a", true, 0},
		{"our own group", "user-agent: *\nallow: /\n\nuser-agent: WalkBack\ndisallow: /b", "/b", false, 5},
		{"groups of one token together", "user-agent: walkback\ndisallow: /a\n\nuser-agent: x\ndisallow: /\n\nuser-agent: walkback\ndisallow: /b", "/b/c", false, 8},
		{"a version after the token", "user-agent: walkback/2.0\ndisallow: /", "/a", false, 2},
		{"a token that begins like ours", "user-agent: walkbackbot\ndisallow: /", "/a", true, 0},
		{"a token that ours begins with", "user-agent: walk\ndisallow: /", "/a", true, 0},
		{"several tokens in one group", "user-agent: x\nuser-agent: walkback\nuser-agent: y\ndisallow: /", "/a", false, 4},
		{"another record within the names", "user-agent: walkback\nsitemap: /s.xml\nuser-agent: x\ndisallow: /", "/a", false, 4},
		{"an empty line ends no group", "user-agent: *\n\n\ndisallow: /", "/a", false, 4},
		{"a rule before any group", "disallow: /\nuser-agent: x\nallow: /", "/a", true, 0},
		{"the longest wins", "user-agent: *\nallow: /example/page/\ndisallow: /example/page/disallowed.gif", "/example/page/disallowed.gif", false, 3},
		{"the longest wins, in any order", "user-agent: *\ndisallow: /\nallow: /p", "/page", true, 3},
		{"allow among equals", "user-agent: *\ndisallow: /page\nallow: /page", "/page", true, 3},
		{"allow among equals, in any order", "user-agent: *\nallow: /page\ndisallow: /page", "/page", true, 2},
		{"case counts in paths", "user-agent: *\ndisallow: /A", "/a", true, 0},
		{"a star", "user-agent: *\ndisallow: /*.php", "/a/b.php?x", false, 2},
		{"a star for nothing", "user-agent: *\ndisallow: /a*b", "/ab", false, 2},
		{"an end", "user-agent: *\ndisallow: /*.php$", "/a.php?x", true, 0},
		{"an end that comes twice", "user-agent: *\ndisallow: /*.php$", "/a.php/b.php", false, 2},
		{"an end alone", "user-agent: *\ndisallow: /$", "/", false, 2},
		{"an end alone, and more", "user-agent: *\ndisallow: /$", "/a", true, 0},
		{"a dollar within", "user-agent: *\ndisallow: /a$b", "/a$b", true, 0},
		{"pieces that overlap", "user-agent: *\ndisallow: /ab*ba$", "/aba", true, 0},
		{"the query counts", "user-agent: *\ndisallow: /*?s=", "/a?s=1", false, 2},
		{"encoded where it need not be", "user-agent: *\ndisallow: /foo/bar/%62%61%7A", "/foo/bar/baz", false, 2},
		{"the same in the address", "user-agent: *\ndisallow: /foo/bar/baz", "/foo/bar/%62%61%7a", false, 2},
		{"not ASCII in the file", "user-agent: *\ndisallow: /foo/bar/ツ", "/foo/bar/%e3%83%84", false, 2},
		{"reserved stays reserved", "user-agent: *\ndisallow: /foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", true, 0},
		{"an encoded star is a star", "user-agent: *\ndisallow: /path/file-with-a-%2A.html", "/path/file-with-a-*.html", false, 2},
		{"and nothing else", "user-agent: *\ndisallow: /path/file-with-a-%2A.html", "/path/file-with-a-b.html", true, 0},
		{"an encoded dollar", "user-agent: *\ndisallow: /price-%24", "/price-$", false, 2},
		{"comments and blanks", "\xef\xbb\xbf  User-Agent :  *  # all\n\tDisallow : /a # not this", "/a", false, 2},
		{"old line ends", "user-agent: *\rdisallow: /a\rallow: /", "/a", false, 2},
		{"the file itself", "user-agent: *\ndisallow: /", "/robots.txt", true, 0},
		{"a pattern that begins with no slash", "user-agent: *\ndisallow: a", "/a", true, 0},
		{"an agent that names nothing", "user-agent:\ndisallow: /", "/a", true, 0},
	} {
		got := Parse([]byte(c.file), "walkback").Check(c.target)
		if got.Allowed != c.allowed || got.Line != c.line {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestEvidence(t *testing.T) {
	got := Parse([]byte("User-agent: *\n  Disallow: /Private/  # please\n"), "walkback").Check("/Private/x")
	if want := (Verdict{Line: 2, Agent: "*", Rule: "Disallow: /Private/"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestDelay(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"10": 10 * time.Second, "0.5": 500 * time.Millisecond, "-1": 0, "soon": 0, "NaN": 0, "Inf": 24 * time.Hour, "1e300": 24 * time.Hour,
	} {
		if got := Parse([]byte("user-agent: *\ncrawl-delay: "+value), "walkback").Delay; got != want {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
}

// A file is read up to the limit, and half a line at the limit is none.
func TestLimit(t *testing.T) {
	head := "user-agent: *\ndisallow: /before\n"
	filling := strings.Repeat("# filling\n", MaxSize/10)
	p := Parse([]byte(head+filling+"disallow: /after\n"), "walkback")
	if p.Check("/before").Allowed || !p.Check("/after").Allowed {
		t.Errorf("before %+v, after %+v", p.Check("/before"), p.Check("/after"))
	}
	cut := head + filling[:MaxSize-len(head)-len("disallow: /")]
	cut = cut[:len(cut)-1] + "\n"
	if p := Parse([]byte(cut+"disallow: /private/\n"), "walkback"); !p.Check("/public").Allowed {
		t.Errorf("half a rule counts: %+v", p.Check("/public"))
	}
}

func TestToken(t *testing.T) {
	for agent, want := range map[string]string{
		"walkback/1 (+https://example.com)": "walkback", "My_Bot-x": "My_Bot-x", "": "", "/1": "", "Bot2": "Bot",
	} {
		if got := Token(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

// FuzzParse holds what is true of every file: a rule that decides is in it, and
// what it says of an address does not depend on how the address is encoded.
func FuzzParse(f *testing.F) {
	f.Add([]byte("user-agent: *\ndisallow: /*.php$\nallow: /a%2ab\ncrawl-delay: 2"), "/a.php?x=%41")
	f.Add([]byte("\xef\xbb\xbfUser-agent: walkback\rDisallow: /ツ*"), "/%e3%83%84")
	f.Fuzz(func(t *testing.T, file []byte, target string) {
		p := Parse(file, "walkback")
		v := p.Check(target)
		if !v.Allowed && (v.Line == 0 || v.Line > strings.Count(string(file), "\n")+strings.Count(string(file), "\r")+1) {
			t.Fatalf("%q forbids %q by line %d", file, target, v.Line)
		}
		if again := p.Check(normalise(target, true)); again != v && !strings.HasPrefix(target, "/robots.txt") && !strings.HasPrefix(normalise(target, true), "/robots.txt") {
			t.Fatalf("%q: %+v, and encoded %+v", target, v, again)
		}
		if p.Delay < 0 {
			t.Fatal(p.Delay)
		}
	})
}
