package archive

import (
	"context"
	"slices"
	"strings"
)

// completions is how many names are offered to complete a word.
const completions = 100

// Complete returns how the names that begin with prefix, as they are spoken,
// go on: the names themselves, or when they are many their beginnings up to the
// next slash, by their order. When even these are many, the last one follows on
// the first hundred, so that what all have in common is that of all names.
func (s *Snapshot) Complete(ctx context.Context, prefix string) ([]string, error) {
	c := completing{prefix: prefix}
	if err := s.eachName(ctx, c.clear, c.add); err != nil {
		return nil, err
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

func (c *completing) clear() { *c = completing{prefix: c.prefix} }

func (c *completing) add(name string) {
	name = SpokenName(name)
	rest, ok := strings.CutPrefix(name, c.prefix)
	if !ok {
		return
	}
	c.count++
	c.names.add(name, completions)
	stem := name
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		for slash+1 < len(rest) && rest[slash+1] == '/' { // http://
			slash++
		}
		stem = name[:len(c.prefix)+slash+1]
	}
	c.stems.add(stem, completions)
	if stem > c.last {
		c.last = strings.Clone(stem)
	}
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
