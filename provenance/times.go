package provenance

import (
	"cmp"
	"crypto/x509"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// times is what the timestamps of a chain prove. Of each good token it keeps some
// 200 bytes.
type times struct {
	mu        sync.Mutex
	proofs    []proof
	promises  []promise     // in no block yet
	unchecked []attestation // in a block whose header is not at hand
	lists     []*timestamp.CRL

	after  []int // indexes of proofs by what they are of; least[i] is of after[i:]
	least  []int
	before []int // indexes of proofs by what adds them; latest[i] is of before[:i+1]
	latest []int
}

// proof is a good token, or a good proof by a block.
type proof struct {
	of, by              int // places in the chain of the commit that it is of, and of the one that adds it
	notAfter, notBefore time.Time
	kind                schemas.TimeSourceKind
	source              string
	chain               []*x509.Certificate // of a token
	subject             string              // the file; "" of a token in an archive, whose path follows from the rest
	authority           *timestamp.Authority
}

// promise is what a calendar will have in a block.
type promise struct {
	of        int
	calendars []string
}

// attestation is a proof by a block that waits for its header.
type attestation struct {
	of, by int
	*timestamp.Attestation
	subject string
}

func (t *times) add(p proof) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proofs = append(t.proofs, p)
}

// dropRevoked drops the tokens whose certificates were taken back, and tells of each.
func (t *times) dropRevoked(tell func(p proof, err error)) {
	type pair struct {
		list *timestamp.CRL
		leaf *x509.Certificate
	}
	concerns := map[pair]bool{}
	t.proofs = slices.DeleteFunc(t.proofs, func(p proof) bool {
		for _, list := range t.lists {
			if len(p.chain) == 0 {
				continue
			}
			key := pair{list, p.chain[0]}
			concerned, known := concerns[key]
			if !known {
				concerned = list.Concerns(p.chain)
				concerns[key] = concerned
			}
			if !concerned {
				continue
			}
			if err := list.Check(p.chain, p.notAfter); err != nil {
				tell(p, err)
				return true
			}
		}
		return false
	})
}

// settle sorts what was found, once all is.
func (t *times) settle() {
	n := len(t.proofs)
	t.after, t.before = make([]int, n), make([]int, n)
	t.least, t.latest = make([]int, n), make([]int, n)
	for i := range t.proofs {
		t.after[i], t.before[i] = i, i
	}
	slices.SortFunc(t.after, func(i, j int) int {
		a, b := t.proofs[i], t.proofs[j]
		return cmp.Or(cmp.Compare(a.of, b.of), a.notAfter.Compare(b.notAfter), cmp.Compare(a.source, b.source))
	})
	slices.SortFunc(t.before, func(i, j int) int {
		a, b := t.proofs[i], t.proofs[j]
		return cmp.Or(cmp.Compare(a.by, b.by), a.notBefore.Compare(b.notBefore), cmp.Compare(a.source, b.source))
	})
	for i := n - 1; i >= 0; i-- {
		t.least[i] = t.after[i]
		if i+1 < n && t.proofs[t.least[i+1]].notAfter.Before(t.proofs[t.after[i]].notAfter) {
			t.least[i] = t.least[i+1]
		}
	}
	for i := range n {
		t.latest[i] = t.before[i]
		if i > 0 && !t.proofs[t.before[i]].notBefore.After(t.proofs[t.latest[i-1]].notBefore) {
			t.latest[i] = t.latest[i-1]
		}
	}
}

// existed returns what proves best that the commit at a place existed: the
// earliest proof of it or of a later one; nil when there is none.
func (t *times) existed(place int) *proof {
	i := sort.Search(len(t.after), func(i int) bool { return t.proofs[t.after[i]].of >= place })
	if i == len(t.after) {
		return nil
	}
	return &t.proofs[t.least[i]]
}

// followed returns the latest proof that is inside the commit at a place or inside
// an earlier one; nil when there is none.
func (t *times) followed(place int) *proof {
	i := sort.Search(len(t.before), func(i int) bool { return t.proofs[t.before[i]].by > place })
	if i == 0 {
		return nil
	}
	return &t.proofs[t.latest[i-1]]
}

// proven is how many commits from the oldest on are proven to have existed.
func (t *times) proven() int {
	if len(t.after) == 0 {
		return 0
	}
	return t.proofs[t.after[len(t.after)-1]].of + 1
}

// bracket puts the proofs for a place into the words of a report; first is the
// sequence of the oldest commit.
func (t *times) bracket(place int, first int64) *schemas.Bracket {
	var b schemas.Bracket
	if p := t.existed(place); p != nil {
		b.NotAfter = &schemas.ProvenTime{Time: schemas.TimeOf(p.notAfter), Kind: p.kind, Source: p.source, Of: first + int64(p.of)}
	}
	if p := t.followed(place); p != nil {
		b.NotBefore = &schemas.ProvenTime{Time: schemas.TimeOf(p.notBefore), Kind: p.kind, Source: p.source, Of: first + int64(p.of)}
	}
	if b.NotAfter == nil && b.NotBefore == nil {
		return nil
	}
	return &b
}
