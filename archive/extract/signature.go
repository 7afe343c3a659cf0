package extract

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// signature names an element by the names of the elements around it, from the
// outermost to itself, such as "body > main#content > div.story-body". It does
// not depend on the text in it. Names that a build of the site makes up are
// left out; elements that then have the same name are numbered, but not those
// around it that have none: boxes without a name come and go.
func (a *article) signature(of int32) string {
	var names []string
	for i := of; i > 0; i = a.elements[i].parent {
		name := a.nameOf(i)
		if name == "html" {
			break
		}
		if n := a.earlierLike(i, name); n > 0 && (i == of || name != a.elements[i].name) {
			name += "(" + strconv.Itoa(n+1) + ")"
		}
		names = append(names, name)
	}
	slices.Reverse(names)
	return strings.Join(names, " > ")
}

// earlierLike counts the elements before one that stand in the same element and
// have the same name.
func (a *article) earlierLike(i int32, name string) int {
	up, n := a.elements[i].parent, 0
	for k := up + 1; k < i; k = max(a.elements[k].end, k+1) {
		if a.elements[k].parent == up && a.nameOf(k) == name {
			n++
		}
	}
	return n
}

// nameOf names an element by its kind, id and classes.
func (a *article) nameOf(i int32) string {
	e := &a.elements[i]
	name := e.name
	if name == "body" || name == "html" {
		return name // their classes speak of the whole page
	}
	if id := strings.TrimSpace(valueOf(e.attr, "id")); isMadeByPeople(id) {
		name += "#" + id
	}
	classes, taken := valueOf(e.attr, "class"), 0
	if len(classes) > maxClass {
		return name
	}
	for class := range strings.FieldsSeq(classes) {
		if taken < maxClasses && isMadeByPeople(class) && !stateWords[nameWords(class)[0]] {
			name += "." + class
			taken++
		}
	}
	return name
}

// maxClasses is how many classes of an element are part of its name.
const maxClasses = 4

// isMadeByPeople tells names such as "story-body" from those that are made by a
// program or hold a number, such as "css-1x8f0a", "post-4711", "sc-bdVaJa".
func isMadeByPeople(name string) bool {
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '_' }) {
		return false
	}
	if len(name) <= longestHash && strings.ToLower(name) != name && strings.ContainsFunc(name, unicode.IsLower) {
		return false
	}
	return slices.ContainsFunc(nameWords(name), func(w string) bool {
		return len(w) >= 4 && strings.ContainsAny(w, "aeiouy")
	})
}

// longestHash is the length of the longest name in letters of both cases that
// is taken for one made by a program.
const longestHash = 7
