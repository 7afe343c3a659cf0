package provenance

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// renewalTime is how long before the end of an authority's certificates it is time to
// renew its stamps.
const renewalTime = 90 * 24 * time.Hour

// renewals lists the authorities whose newest stamps prove what nothing else will
// when their certificates have ended: no block, and no stamp of the same or of a
// later commit with certificates that last.
// A token is good for ever to verify, which holds it to its own time; but a key may
// leak once its certificate has ended, and stock tools refuse it by then.
func (t *times) renewals(now time.Time) []schemas.StampRenewal {
	soon := now.Add(renewalTime)
	last := -1 // the newest commit that is proven by what lasts
	newest := map[string]*proof{}
	for i := range t.proofs {
		p := &t.proofs[i]
		if p.ends().IsZero() || p.ends().After(soon) {
			last = max(last, p.of)
		}
		if known := newest[p.source]; len(p.chain) > 0 && (known == nil || known.of < p.of) {
			newest[p.source] = p
		}
	}
	var list []schemas.StampRenewal
	for _, p := range newest {
		if p.ends().Before(soon) && last < p.of {
			list = append(list, schemas.StampRenewal{Name: p.source, Ends: schemas.TimeOf(p.ends())})
		}
	}
	slices.SortFunc(list, func(a, b schemas.StampRenewal) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// ends is when the first certificate of a token's chain ends; zero for a block.
func (p *proof) ends() (first time.Time) {
	for _, c := range p.chain {
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}

// checkRenewals warns of stamps that are to be renewed.
func (v *verifier) checkRenewals() {
	for _, r := range v.times.renewals(v.options.Now()) {
		v.report.warn(checkTimestamps, fmt.Sprintf("RENEW: the certificates of %q end on %s, and nothing that lasts proves the same times: the operator renews with stamp --renew", r.Name, r.Ends))
	}
}
