package archive

import (
	"context"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive/index"
)

// completions is how many names are offered to complete a word.
const completions = 100

// Complete returns how the names that begin with prefix, as they are spoken,
// go on: the names themselves, or when they are many their beginnings up to the
// next slash, by their order. When even these are many, the last one follows on
// the first hundred, so that what all have in common is that of all names.
func (s *Snapshot) Complete(ctx context.Context, prefix string) ([]string, error) {
	if names, ok := s.indexedComplete(ctx, prefix); ok {
		return names, nil
	}
	c := completing{prefix: prefix}
	for page, err := range s.Pages(ctx) {
		if err != nil {
			return nil, err
		}
		c.add(page.Name)
	}
	return c.result(), nil
}

// completing gathers the names that begin with prefix.
type completing struct {
	prefix string
	count  int
	names  firstNames
	stems  firstNames
	last   string // stem
}

func (c *completing) add(name string) {
	name = SpokenName(name)
	if !strings.HasPrefix(name, c.prefix) {
		return
	}
	c.count++
	c.names.add(name, completions)
	stem := stemOf(name, c.prefix)
	c.stems.add(stem, completions)
	if stem > c.last {
		c.last = strings.Clone(stem)
	}
}

// stemOf is the beginning of a name up to the slash that follows on prefix, with
// the slashes after that (http://), or all of it.
func stemOf(name, prefix string) string {
	slash := strings.IndexByte(name[len(prefix):], '/')
	if slash < 0 {
		return name
	}
	end := len(prefix) + slash
	for end < len(name) && name[end] == '/' {
		end++
	}
	return name[:end]
}

// firstNames are the first names by their order, each once.
type firstNames []string

func (f *firstNames) add(name string, most int) {
	if len(*f) == most && name >= (*f)[most-1] {
		return
	}
	i, known := slices.BinarySearch(*f, name)
	if known {
		return
	}
	// Cloned, to let go of the many names that it was read with.
	*f = slices.Insert(*f, i, strings.Clone(name))
	*f = (*f)[:min(len(*f), most)]
}

func (c *completing) result() []string {
	if c.count <= completions {
		return c.names
	}
	if n := len(c.stems); n == completions && c.stems[n-1] != c.last {
		return append(c.stems, c.last)
	}
	return c.stems
}

// completeSorted is what completing comes to when it is given all names of a view.
// It reads few of them: those that share a stem stand together, but for the names
// that go on with one more slash, whose stem is another.
func completeSorted(ctx context.Context, view *index.View, prefix string) ([]string, error) {
	var names []string
	for name, err := range view.SpokenFrom(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(name, prefix) || len(names) > completions {
			break
		}
		names = append(names, name)
	}
	if len(names) <= completions {
		return slices.Compact(names), nil
	}
	stems, all, err := sortedStems(ctx, view, prefix)
	if err != nil || all {
		return stems, err
	}
	last, err := lastStem(ctx, view, prefix)
	if err == nil && stems[len(stems)-1] != last {
		stems = append(stems, last)
	}
	return stems, err
}

// sortedStems returns the first stems by their order, and whether these are all.
func sortedStems(ctx context.Context, view *index.View, prefix string) (stems firstNames, all bool, err error) {
	for from := prefix; ; {
		name, ok, err := firstSpoken(ctx, view, from, prefix)
		if err != nil || !ok {
			return stems, true, err
		}
		stem := stemOf(name, prefix)
		stems.add(stem, completions)
		switch {
		case !strings.HasSuffix(stem, "/") || len(stem) == len(prefix):
			from = name + "\x00"
		case name < stem+"/":
			from = stem + "/" // names with one more slash stand among these
		default:
			from = stem[:len(stem)-1] + string('/'+1)
		}
		// Names from here on have no stem below the one that they begin with.
		if len(stems) == completions && stems[completions-1] < stemOf(from, prefix) {
			return stems, false, nil
		}
	}
}

// firstSpoken returns the first name that is not below from, if it begins with
// prefix.
func firstSpoken(ctx context.Context, view *index.View, from, prefix string) (string, bool, error) {
	for name, err := range view.SpokenFrom(ctx, from) {
		return name, err == nil && strings.HasPrefix(name, prefix), err
	}
	return "", false, nil
}

// lastStem returns the last stem of names that begin with prefix.
func lastStem(ctx context.Context, view *index.View, prefix string) (last string, err error) {
	// Among the names with the stem of the last one may be some with one more
	// slash, whose stem comes after it.
	for beginning := prefix; ; beginning = last + "/" {
		name, ok, err := view.SpokenLast(ctx, beginning)
		if err != nil || !ok {
			return last, err
		}
		if last = stemOf(name, prefix); !strings.HasSuffix(last, "/") {
			return last, nil
		}
	}
}
