package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) keyPolicyCommand() *cli.Command {
	return &cli.Command{
		Name: "policy", Usage: "say how many must co-sign",
		UsageText: "walkback key policy [--threshold N --cosigner FINGERPRINT...|--none]",
		Description: `Without options, prints the policy of the archive. With them, sets it: every
snapshot from --from on, but for those that hold evidence, must be co-signed by so
many of the keys, else verify says POLICY (16). It binds the snapshots up to the one
that replaces it, that one included. A reader can demand more: verify --policy FILE.

Exit codes: 0 done; 1 could not run, such as when your key may not sign; 2 usage;
11 the archive does not verify.`,
		Flags: changeFlags(
			&cli.Int64Flag{Name: "threshold", Usage: "so many of the keys, `N`, must co-sign", DefaultText: "none"},
			&cli.StringSliceFlag{Name: "cosigner", Usage: "one of the keys: `FINGERPRINT` or KEY.pub, once for each"},
			&cli.Int64Flag{Name: "from", Usage: "the first `SNAPSHOT` that it binds", DefaultText: "the next one"},
			&cli.BoolFlag{Name: "none", Usage: "demand nothing from now on"},
		),
		Action: writing(p.keyPolicy),
	}
}

func (p *program) keyPolicy(c *cli.Context) error {
	wanted := c.IsSet("threshold") || c.IsSet("cosigner")
	switch {
	case c.Args().Present(), wanted && c.Bool("none"), wanted != (c.IsSet("threshold") && c.IsSet("cosigner")), c.IsSet("from") && !wanted:
		return &usage{message: "key policy takes --threshold with --cosigner, or --none, or nothing", hint: "walkback key policy --threshold 1 --cosigner FINGERPRINT"}
	case !wanted && !c.Bool("none"):
		return p.showPolicy(c)
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	policy := &schemas.TrustPolicy{Schema: schemas.PolicySchema}
	if wanted {
		if policy.Cosignatures, err = p.demanded(c, recorder.Archive); err != nil {
			return err
		}
	}
	if err := trust.CheckPolicy(policy); err != nil {
		return &usage{message: err.Error(), hint: "walkback key policy --help"}
	}
	snapshot, err := recorder.Demand(c.Context, policy)
	if err != nil {
		return err
	}
	if snapshot == nil {
		p.say("note", "the policy is so already")
		return nil
	}
	p.printf("%s\n", policyWords(policy))
	p.printSnapshot(snapshot)
	return nil
}

func (p *program) demanded(c *cli.Context, a *archive.Archive) (*schemas.CosignPolicy, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	policy := &schemas.CosignPolicy{Threshold: c.Int64("threshold"), From: head.Message.Sequence + 2}
	if c.IsSet("from") {
		policy.From = c.Int64("from")
	}
	if policy.From < 0 {
		return nil, &usage{message: "--from is no number of a snapshot", hint: "walkback log lists the snapshots"}
	}
	for _, named := range c.StringSlice("cosigner") {
		key, err := p.allowedKey(a, named)
		if err != nil {
			return nil, err
		}
		policy.Keys = append(policy.Keys, trust.Fingerprint(key))
	}
	return policy, nil
}

func (p *program) showPolicy(c *cli.Context) error {
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	state, err := provenance.TrustState(a)
	if err != nil {
		return err
	}
	p.printf("%s\n", policyWords(state.Policy))
	return nil
}

func policyWords(policy *schemas.TrustPolicy) string {
	if policy == nil || policy.Cosignatures == nil {
		return "no co-signatures are demanded"
	}
	c := policy.Cosignatures
	return fmt.Sprintf("from snapshot %d on, %d of these must co-sign: %s", c.From, c.Threshold, strings.Join(c.Keys, ", "))
}
