package trust

import (
	"fmt"

	"github.com/walkback-dev/walkback/schemas"
)

// ParsePolicy reads a policy/1 document and refuses one that nothing could
// fulfil.
func ParsePolicy(data []byte) (*schemas.TrustPolicy, error) {
	policy, err := schemas.Decode[schemas.TrustPolicy](data)
	if err != nil {
		return nil, err
	}
	return policy, CheckPolicy(policy)
}

// CheckPolicy returns why nothing could fulfil a policy, or nil.
func CheckPolicy(policy *schemas.TrustPolicy) error {
	c := policy.Cosignatures
	if c == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, key := range c.Keys {
		if seen[key] {
			return fmt.Errorf("the policy names the key %s twice", key)
		}
		seen[key] = true
	}
	if c.Threshold < 1 || c.Threshold > int64(len(c.Keys)) {
		return fmt.Errorf("the policy demands %d co-signatures, but names only %d of the keys", c.Threshold, len(c.Keys))
	}
	return nil
}
