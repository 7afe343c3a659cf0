// Package pattern holds regular expressions that are compiled when they are
// first used. There are dozens of them; compiling all when the program starts
// would slow down every command, whatever it does.
//
// The syntax is that of package regexp.
package pattern

import (
	"regexp"
	"sync"
)

// A Pattern returns its regular expression. It is safe for concurrent use.
type Pattern func() *regexp.Regexp

// New takes an expression that must be right: its first use panics if it is not.
func New(source string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) })
}
