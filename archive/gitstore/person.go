package gitstore

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Person is an author or committer.
type Person struct {
	Name  string
	Email string
}

// String returns "Name <email>".
func (p Person) String() string { return p.Name + " <" + p.Email + ">" }

// maxSeconds is the last second of the year 9999: later ones have no RFC 3339
// form.
const maxSeconds = 253402300799

// check refuses what git would change or misread in an identity line.
func (p Person) check() error {
	switch {
	case p.Name == "":
		return fmt.Errorf("the name of a person is empty")
	case p.Name != strings.TrimFunc(p.Name, isIdentCrud):
		return fmt.Errorf("the name %q begins or ends with a character that git strips", p.Name)
	case !isIdentText(p.Name):
		return fmt.Errorf("the name %q has characters in it that an identity cannot have", p.Name)
	case p.Email == "" || !isIdentText(p.Email) || strings.ContainsRune(p.Email, ' ') ||
		p.Email != strings.TrimFunc(p.Email, isIdentCrud):
		return fmt.Errorf("the address %q has characters in it that an identity cannot have", p.Email)
	}
	return nil
}

// isIdentCrud reports what git strips from both ends of an identity (ident.c).
func isIdentCrud(r rune) bool {
	return r <= ' ' || strings.ContainsRune(`.,:;<>"\'`, r)
}

func isIdentText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == '<' || r == '>'
	})
}

// stamp formats the value of an author or committer header.
func (p Person) stamp(at time.Time) string {
	return p.String() + " " + strconv.FormatInt(at.Unix(), 10) + " +0000"
}

// parseStamp is the inverse of stamp.
func parseStamp(s string) (Person, time.Time, error) {
	s, ok := strings.CutSuffix(s, " +0000")
	if !ok {
		return Person{}, time.Time{}, fmt.Errorf("%q is not in UTC", s)
	}
	name, rest, _ := strings.Cut(s, " <")
	email, digits, ok := strings.Cut(rest, "> ")
	p := Person{Name: name, Email: email}
	if !ok {
		return Person{}, time.Time{}, fmt.Errorf("%q is not a name, an address and a time", s)
	}
	if err := p.check(); err != nil {
		return Person{}, time.Time{}, err
	}
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || seconds < 0 || seconds > maxSeconds || strconv.FormatInt(seconds, 10) != digits {
		return Person{}, time.Time{}, fmt.Errorf("%q is not a time in seconds", digits)
	}
	return p, time.Unix(seconds, 0).UTC(), nil
}
