// Package robots reads robots.txt: the Robots Exclusion Protocol, RFC 9309. It
// is pure, asks for nothing, and takes any bytes for a file.
//
// # What is read
//
//	file   = *line, ended by LF, CR or CR LF; at most MaxSize bytes of it
//	line   = [name ":" value] ["#" comment], blanks around each left out
//	name   = user-agent / allow / disallow / crawl-delay, in any case
//
// Lines of another name are passed over; they end no group. A group is one or
// more lines user-agent and the rules up to the next user-agent. What is named
// there is a product token, letters, "-" and "_"; what follows it, such as a
// version, is left out. All groups that name our token count together, and
// those for "*" when none does (§2.2.1).
//
// The rule with the longest pattern that matches path and query decides, allow
// among equals, and what no rule matches is allowed (§2.2.2). In a pattern "*"
// is any number of bytes and a "$" at its end is the end. Pattern and address are
// compared with what need not be percent-encoded decoded and what must be
// encoded. /robots.txt is always allowed.
//
// Crawl-delay is no part of the RFC but widespread: seconds between two
// requests, with decimals.
package robots

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxSize is how much of a file is read, in bytes: the least that §2.5 allows.
const MaxSize = 500 << 10

// Policy is what a file says to one agent. The zero Policy allows everything.
type Policy struct {
	// Delay is how long to wait between two requests; 0 when nothing is said.
	Delay time.Duration

	agent string // as the file names it, for evidence
	rules []rule
}

type rule struct {
	allow   bool
	line    int
	text    string // as it stands in the file
	length  int    // of the pattern, by which the longest is found
	pieces  []string
	matches bool // the end of the pattern is the end of the address: $
}

// Verdict is what a Policy says of one address.
type Verdict struct {
	Allowed bool
	// Line, Agent and Rule say which rule decided; Line is 0 when none did.
	Line  int
	Agent string // "*" or the token as the file names it
	Rule  string // the line without its comment
}

// Token returns the product token of a User-Agent field: what robots.txt calls
// its sender by. "" when it has none.
func Token(userAgent string) string {
	end := strings.IndexFunc(userAgent, func(r rune) bool {
		return r != '-' && r != '_' && (r|0x20 < 'a' || r|0x20 > 'z')
	})
	if end >= 0 {
		return userAgent[:end]
	}
	return userAgent
}

// Parse reads what a file says to the agent with this product token.
func Parse(file []byte, token string) *Policy {
	if len(file) > MaxSize {
		file = file[:MaxSize]
		file = file[:bytes.LastIndexAny(file, "\r\n")+1] // half a rule may be a wider one
	}
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	ours, all := &Policy{}, &Policy{agent: "*"}
	var to []*Policy // the policies that the group in hand belongs to
	named, found := false, false
	for number := 1; len(file) > 0; number++ {
		var line []byte
		line, file = cutLine(file)
		name, value, ok := field(line)
		if !ok {
			continue
		}
		switch name {
		case "user-agent":
			if !named {
				to, named = nil, true
			}
			switch agent := Token(value); {
			case strings.HasPrefix(value, "*"):
				to = append(to, all)
			case agent != "" && strings.EqualFold(agent, token):
				ours.agent, found = agent, true
				to = append(to, ours)
			}
		case "allow", "disallow":
			named = false
			if value == "" {
				continue
			}
			r := newRule(value)
			r.allow, r.line = name == "allow", number
			r.text = shorten(strings.TrimSpace(string(beforeComment(line))))
			for _, p := range to {
				p.rules = append(p.rules, r)
			}
		case "crawl-delay":
			for _, p := range to {
				p.Delay = max(p.Delay, seconds(value))
			}
		}
	}
	if found {
		return ours
	}
	return all
}

// Check says whether path and query of an address, as they stand in a request,
// may be asked for.
func (p *Policy) Check(target string) Verdict {
	if path, _, _ := strings.Cut(target, "?"); path == "/robots.txt" {
		return Verdict{Allowed: true}
	}
	target = normalise(target, true)
	var best *rule
	for i := range p.rules {
		r := &p.rules[i]
		if best != nil && (r.length < best.length || r.length == best.length && (best.allow || !r.allow)) {
			continue
		}
		if r.match(target) {
			best = r
		}
	}
	if best == nil {
		return Verdict{Allowed: true}
	}
	return Verdict{Allowed: best.allow, Line: best.line, Agent: p.agent, Rule: best.text}
}

func newRule(pattern string) rule {
	pattern = normalise(pattern, false)
	r := rule{length: len(pattern)}
	pattern, r.matches = strings.CutSuffix(pattern, "$")
	r.pieces = strings.Split(pattern, "*")
	return r
}

// match takes each piece where it comes first: what lies between is for the
// stars, and an earlier place leaves more to the pieces after it.
func (r *rule) match(target string) bool {
	rest, ok := strings.CutPrefix(target, r.pieces[0])
	if !ok {
		return false
	}
	last := len(r.pieces) - 1
	if last == 0 {
		return !r.matches || rest == ""
	}
	for _, piece := range r.pieces[1:last] {
		at := strings.Index(rest, piece)
		if at < 0 {
			return false
		}
		rest = rest[at+len(piece):]
	}
	if r.matches {
		return strings.HasSuffix(rest, r.pieces[last])
	}
	return strings.Contains(rest, r.pieces[last])
}

// normalise gives what can be written in two ways one way (§2.2.2): bytes
// outside of US-ASCII are percent-encoded, unreserved characters are not, and hex
// digits are upper-case. In an address, unlike in a pattern, "*" and "$" are
// characters like others, and encoded.
func normalise(s string, address bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c, encode := s[i], s[i] >= utf8.RuneSelf || address && (s[i] == '*' || s[i] == '$')
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			c, i = byte(n), i+2
			encode = !isUnreserved(c)
		}
		if encode {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// isUnreserved is RFC 3986 §2.3.
func isUnreserved(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("-._~", c) >= 0
}

// field takes a line apart; the name is in lower case.
func field(line []byte) (name, value string, ok bool) {
	before, after, ok := bytes.Cut(beforeComment(line), []byte(":"))
	if !ok {
		return "", "", false
	}
	return strings.ToLower(string(bytes.TrimSpace(before))), string(bytes.TrimSpace(after)), true
}

func beforeComment(line []byte) []byte {
	line, _, _ = bytes.Cut(line, []byte("#"))
	return line
}

// cutLine returns the first line without its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// maxRule bounds what is quoted of a rule, in bytes.
const maxRule = 120

func shorten(s string) string {
	if len(s) <= maxRule {
		return s
	}
	return s[:maxRule] + "…"
}

// seconds reads a Crawl-delay; 0 when it is none.
func seconds(value string) time.Duration {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n > 0) {
		return 0
	}
	return time.Duration(min(n, 24*60*60) * float64(time.Second))
}
