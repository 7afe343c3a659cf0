// Package pattern holds regular expressions that are compiled when they are
// first used. The rules of the pure packages have dozens of them; compiling all
// when the program starts would slow down every command, whatever it does.
//
// The syntax is that of package regexp.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression. It is safe for concurrent use and must not be
// copied.
type Pattern struct {
	source   string
	once     sync.Once
	compiled *regexp.Regexp
}

// New takes an expression that must be right: its first use panics if it is not.
func New(source string) *Pattern { return &Pattern{source: source} }

func (p *Pattern) expression() *regexp.Regexp {
	p.once.Do(func() { p.compiled = regexp.MustCompile(p.source) })
	return p.compiled
}

// MatchString reports whether the pattern matches anywhere in s.
func (p *Pattern) MatchString(s string) bool { return p.expression().MatchString(s) }

// FindString returns the first match in s, "" when there is none.
func (p *Pattern) FindString(s string) string { return p.expression().FindString(s) }

// ReplaceAllString replaces the matches in s as regexp.Regexp does.
func (p *Pattern) ReplaceAllString(s, by string) string {
	return p.expression().ReplaceAllString(s, by)
}
