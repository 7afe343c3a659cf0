package provenance

import "time"

// ProvenBy lets timestamps prove that commits existed.
func (o VerifyOptions) ProvenBy(proven func(place int) time.Time) VerifyOptions {
	o.provenBy = proven
	return o
}
