package provenance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// reportTimes puts what timestamps prove into the report, and what they do not
// into its limits. It returns these.
func (v *verifier) reportTimes() (limits []string) {
	t := v.times
	said := &schemas.VerifyTimes{
		Proven: int64(t.proven()), Pending: int64(len(t.promises)), Unchecked: int64(len(t.unchecked)), Sources: v.timeSources(),
	}
	place, ok := v.subjectPlace()
	if ok {
		said.Bracket = t.bracket(place, v.firstSequence())
	}
	v.report.Times = said
	for _, s := range said.Sources {
		if s.Kind == schemas.AuthoritySource && !s.Known {
			limits = append(limits, fmt.Sprintf("that %q is the authority it is called rests on the archive's own trust/%s (root certificate %s): compare it with the authority's", s.Name, rootsFile(s.Name), s.Root))
		}
	}
	if n := len(t.unchecked); n > 0 {
		limits = append(limits, fmt.Sprintf("UNCHECKED: %s into a Bitcoin block whose header is not at hand; verify with --bitcoin-headers FILE", counted(n, "proof leads", "proofs lead")))
	}
	if n := len(t.promises); n > 0 && len(t.unchecked) == 0 {
		limits = append(limits, fmt.Sprintf("PENDING: %s in no Bitcoin block yet; the operator completes them with stamp --upgrade", counted(n, "proof is", "proofs are")))
	}
	return append(limits, v.unprovenTail()...)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// firstSequence is that of the oldest commit of the chain.
func (v *verifier) firstSequence() int64 { return v.head.sequence - int64(len(v.chain)-1) }

// unprovenTail says from which snapshot on nobody but the operator vouches for the
// time. When that is demanded, it is a problem.
func (v *verifier) unprovenTail() []string {
	proven := v.times.proven()
	if v.newest < proven || len(v.chain) == 0 || v.resumed {
		return nil
	}
	text := "times are the operator's own: no timestamp of a third party proves any of them"
	if proven > 0 {
		text = fmt.Sprintf("times of the snapshots from %d on are the operator's own: no timestamp proves them", v.firstSequence()+int64(proven))
	}
	if v.options.RequireTime {
		v.report.at = proven
		v.report.problem(checkTimes, schemas.Unproven, fmt.Sprintf("snapshots %d to %d", v.firstSequence()+int64(proven), v.head.sequence), "TIME-UNPROVEN: no timestamp proves when they existed")
	}
	return []string{text}
}

// subjectPlace is the place of the newest snapshot that the verification is about.
func (v *verifier) subjectPlace() (int, bool) {
	place := v.newest
	switch {
	case len(v.chain) == 0:
		return 0, false
	case v.options.Range != nil:
		place = int(v.options.Range.To - v.firstSequence())
	case v.options.Page != nil:
		entry, err := v.store.Lookup(v.head.tree, v.options.Page.Folder)
		if err != nil {
			return 0, false
		}
		capture, err := archive.ReadFolder(v.store, v.options.Page.Folder, entry.ID)
		if err != nil {
			return 0, false // told by the check on documents
		}
		place = int(capture.Sequence - v.firstSequence())
	}
	return min(place, len(v.chain)-1), place >= 0
}

// timeSources sums up who proves what.
func (v *verifier) timeSources() []schemas.TimeSource {
	sources := map[string]*schemas.TimeSource{}
	for _, p := range v.times.proofs {
		name, root := "Bitcoin", schemas.Digest{}
		if len(p.chain) > 0 {
			name, root = p.source, schemas.DigestOf(p.chain[len(p.chain)-1].Raw)
		}
		key := name + " " + root.Hex()
		s := sources[key]
		if s == nil {
			s = &schemas.TimeSource{Kind: p.kind, Name: name, Root: root, First: schemas.TimeOf(p.notAfter), Last: schemas.TimeOf(p.notAfter)}
			if len(p.chain) > 0 {
				s.Qualified, s.Known = p.authority.Qualified, isKnown(p.chain[len(p.chain)-1], v.options.Roots)
			}
			sources[key] = s
		}
		s.Tokens++
		s.First, s.Last = min(s.First, schemas.TimeOf(p.notAfter)), max(s.Last, schemas.TimeOf(p.notAfter))
	}
	list := []schemas.TimeSource{}
	for _, s := range sources {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b schemas.TimeSource) int {
		return strings.Compare(a.Name+a.Root.Hex(), b.Name+b.Root.Hex())
	})
	return list
}
