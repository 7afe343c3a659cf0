package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) keyAllowedCommand() *cli.Command {
	return &cli.Command{
		Name: "allowed", Usage: "list who may sign an archive",
		UsageText: "walkback key allowed",
		Description: `Lists the keys that the newest snapshot lets sign the next one (git), or co-sign
(cosign@walkback), those that are retired or revoked, and the policy.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a signer-list/1 document"}},
		Action: p.keyAllowed,
	}
}

func (p *program) keyAllowed(c *cli.Context) error {
	if c.Args().Present() {
		return &usage{message: "key allowed takes no arguments", hint: "walkback key allowed --archive DIR"}
	}
	a, err := p.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return err
	}
	state, err := provenance.TrustState(a)
	if err != nil {
		return err
	}
	list := listSigners(state, p.now())
	list.ArchiveID, list.Sequence = a.ID(), head.Message.Sequence
	if c.Bool("json") {
		return p.printJSON(list)
	}
	var rows [][]string
	for i := range list.Signers {
		signer := &list.Signers[i]
		rows = append(rows, []string{
			signer.Fingerprint, spokenStanding(signer), purposes(signer.Namespaces, signer.Authority), strings.Join(signer.Principals, ","),
		})
	}
	p.columns(rows)
	p.printf("%s\n", policyWords(state.Policy))
	return nil
}

func listSigners(state *trust.State, now time.Time) *schemas.SignerList {
	list := &schemas.SignerList{Schema: schemas.SignerListSchema}
	for i := range state.Signers {
		signer := &state.Signers[i]
		listed := schemas.AllowedSigner{
			Fingerprint: trust.Fingerprint(signer.Key), Type: signer.Key.Type(), Standing: standing(state, signer, now),
			Principals: signer.Principals, Namespaces: signer.Namespaces, Authority: signer.Authority, Comment: signer.Comment,
		}
		if !signer.After.IsZero() {
			listed.From = schemas.TimeOf(signer.After)
		}
		if !signer.Before.IsZero() {
			listed.Until = schemas.TimeOf(signer.Before)
		}
		list.Signers = append(list.Signers, listed)
	}
	if state.Policy != nil {
		list.Cosignatures = state.Policy.Cosignatures
	}
	return list
}

// standing says whether a line of the allowed signers counts now.
func standing(state *trust.State, signer *trust.AllowedSigner, now time.Time) schemas.SignerStanding {
	_, revoked := state.Revocations.Of(signer.Key)
	switch {
	case revoked:
		return schemas.SignerRevoked
	case !signer.Before.IsZero() && !now.Before(signer.Before):
		return schemas.SignerRetired
	case !signer.After.IsZero() && now.Before(signer.After):
		return schemas.SignerAwaited
	}
	return schemas.SignerAllowed
}

// spokenStanding says the same in words, with the time that counts.
func spokenStanding(signer *schemas.AllowedSigner) string {
	switch {
	case signer.Standing == schemas.SignerRetired:
		return "retired " + minute(signer.Until)
	case signer.Standing == schemas.SignerAwaited:
		return "allowed from " + minute(signer.From)
	case signer.Standing == schemas.SignerAllowed && !signer.Until.IsZero():
		return "allowed until " + minute(signer.Until)
	}
	return string(signer.Standing)
}

// purposes says in words what a key may sign.
func purposes(namespaces []string, authority bool) string {
	names := strings.Join(namespaces, ",")
	if names == "" {
		names = "anything"
	}
	if authority {
		names += " by certificate"
	}
	return names
}

// changeFlags are those of every command that changes who may sign.
func changeFlags(flags ...cli.Flag) []cli.Flag { return append(flags, waitFlag, keyFlag, signerFlag) }

func (p *program) keyTrustCommand() *cli.Command {
	return &cli.Command{
		Name: "trust", Usage: "let a key sign an archive",
		UsageText: "walkback key trust KEY.pub",
		Description: `From the next snapshot on, the key in KEY.pub may sign under its e-mail: that in
the file's comment ("Name <e-mail>"), or --email. --namespace git lets it sign
snapshots, --namespace cosign@walkback lets it co-sign them and nothing else; without
the option it may do both. --until makes it a key for a time, such as one for a
machine that works unattended; timestamp what it signs before its time is over, since
a later timestamp proves too little. With --authority the key is one that certifies
others: whoever has a certificate of it for his e-mail may sign.
The holder of the key shows that he has it with: walkback cosign SNAPSHOT

Exit codes: 0 done; 1 could not run, such as when your key may not sign; 2 usage;
11 the archive does not verify.`,
		Flags: changeFlags(
			&cli.StringFlag{Name: "name", Usage: "the holder's `NAME`, a comment"},
			&cli.StringFlag{Name: "email", Usage: "the holder's `E-MAIL`: that of the commits he signs; with --authority, patterns like *@example.org"},
			&cli.StringSliceFlag{Name: "namespace", Usage: "what the key may sign: git or cosign@walkback `NAMESPACE`"},
			&cli.StringFlag{Name: "from", Usage: "not before this `TIME`"},
			&cli.StringFlag{Name: "until", Usage: "not from this `TIME` on"},
			&cli.BoolFlag{Name: "authority", Usage: "the key certifies others"},
		),
		Action: writing(p.keyTrust),
	}
}

func (p *program) keyTrust(c *cli.Context) error {
	signer, err := p.signerOf(c)
	if err != nil {
		return err
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	snapshot, err := recorder.LetIn(c.Context, signer)
	if err != nil {
		return err
	}
	fp := trust.Fingerprint(signer.Key)
	if snapshot == nil {
		p.say("note", "%s is let in so already", fp)
		return nil
	}
	p.printf("let in %s as %s for %s\n", fp, strings.Join(signer.Principals, ","), purposes(signer.Namespaces, signer.Authority))
	p.printSnapshot(snapshot)
	if !signer.Authority {
		p.say("hint", "its holder shows that he has it with: walkback cosign %d --key FILE", snapshot.Message.Sequence)
	}
	return nil
}

// signerOf reads the line that key trust shall add.
func (p *program) signerOf(c *cli.Context) (*trust.AllowedSigner, error) {
	if c.Args().Len() != 1 {
		return nil, &usage{message: "key trust needs one KEY.pub", hint: "walkback key trust ana.pub --email ana@example.org"}
	}
	file := c.Args().First()
	if _, err := os.Stat(file + ".pub"); err == nil {
		file += ".pub" // a private key was named
	}
	key, err := trust.ReadPublic(file)
	if err != nil {
		return nil, err
	}
	signer := &trust.AllowedSigner{Key: key.Public(), Authority: c.Bool("authority"), Namespaces: c.StringSlice("namespace")}
	name, email := key.Person()
	if c.IsSet("name") {
		name = c.String("name")
	}
	if c.IsSet("email") {
		email = c.String("email")
	} else if signer.Authority {
		return nil, &usage{message: "--authority needs --email", hint: "for example --email '*@example.org'"}
	}
	if signer.Principals, signer.Comment, err = trust.Holders(name, email, signer.Authority); err != nil {
		return nil, &usage{message: err.Error(), hint: "walkback key trust --help"}
	}
	if len(signer.Namespaces) == 0 {
		signer.Namespaces = []string{trust.Namespace, trust.CosignNamespace}
	}
	for _, namespace := range signer.Namespaces {
		if namespace != trust.Namespace && namespace != trust.CosignNamespace {
			return nil, &usage{message: fmt.Sprintf("there is no namespace %q", namespace), hint: "--namespace git, --namespace cosign@walkback, or both"}
		}
	}
	if signer.After, err = parseMoment(c, "from"); err != nil {
		return nil, err
	}
	if signer.Before, err = parseMoment(c, "until"); err != nil {
		return nil, err
	}
	if !signer.Before.IsZero() && !signer.After.Before(signer.Before) {
		return nil, &usage{message: "--until is not after --from", hint: "walkback key trust --help"}
	}
	return signer, nil
}

// parseMoment reads a time of the command line, to the second; zero when it is
// not given.
func parseMoment(c *cli.Context, name string) (time.Time, error) {
	s := c.String(name)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 && t.Year() < 10000 {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, &usage{message: fmt.Sprintf("--%s %q is not a time", name, s), hint: "for example 2026-12-31 (midnight UTC) or 2026-12-31T18:00:00Z"}
}

func (p *program) keyRetireCommand() *cli.Command {
	return &cli.Command{
		Name: "retire", Usage: "end what a key may sign",
		UsageText: "walkback key retire FINGERPRINT|KEY.pub",
		Description: `What the key signed stays good; from now on, or from --at on, it may sign no more.
For a key that somebody else may have there is key revoke.

Exit codes: 0 done; 1 could not run, such as when your key may not sign, or nobody
else could; 2 usage; 11 the archive does not verify.`,
		Flags: changeFlags(
			&cli.StringFlag{Name: "at", Usage: "end at this `TIME` to come"},
			&cli.BoolFlag{Name: "force", Usage: "also when nobody could sign any more: it closes the archive for good"},
		),
		Action: writing(p.keyRetire),
	}
}

func (p *program) keyRetire(c *cli.Context) error {
	at, err := parseMoment(c, "at")
	if err != nil {
		return err
	}
	recorder, key, release, err := p.changing(c)
	if err != nil {
		return err
	}
	defer release()
	snapshot, err := recorder.Retire(c.Context, key, at, c.Bool("force"))
	if err != nil {
		return err
	}
	if snapshot == nil {
		p.say("note", "%s is retired already", trust.Fingerprint(key))
		return nil
	}
	p.printf("retired %s\n", trust.Fingerprint(key))
	p.printSnapshot(snapshot)
	return nil
}

func (p *program) keyRevokeCommand() *cli.Command {
	return &cli.Command{
		Name: "revoke", Usage: "write down that somebody else may have a key",
		UsageText: "walkback key revoke FINGERPRINT|KEY.pub --reason WHY",
		Description: `What the key signed is accepted from now on only up to the last good snapshot, and
only where a timestamp proves that it existed when the key was compromised; verify
says untrusted (11) of the rest. It takes another key that may sign: a stolen key
cannot revoke itself. Stock git rejects all that a revoked key signed, once
trust/revoked_keys is its gpg.ssh.revocationFile.

Exit codes: 0 done; 1 could not run, such as when your key may not sign, or nobody
else could; 2 usage; 11 the archive does not verify.`,
		Flags: changeFlags(
			&cli.StringFlag{Name: "reason", Usage: "`WHY`, kept in the archive"},
			&cli.Int64Flag{Name: "last-good", Usage: "the last `SNAPSHOT` that is the owner's", DefaultText: "the newest"},
			&cli.StringFlag{Name: "at", Usage: "since this `TIME` somebody else may have the key (default: now)"},
			&cli.BoolFlag{Name: "force", Usage: "also when nobody could sign any more"},
		),
		Action: writing(p.keyRevoke),
	}
}

func (p *program) keyRevoke(c *cli.Context) error {
	if strings.TrimSpace(c.String("reason")) == "" {
		return &usage{message: "key revoke needs --reason", hint: "walkback key revoke FINGERPRINT --reason 'the laptop was stolen'"}
	}
	since, err := parseMoment(c, "at")
	if err != nil {
		return err
	}
	if since.After(p.now()) {
		return &usage{message: "--at is in the future", hint: "a key is revoked when it was compromised, not before"}
	}
	recorder, key, release, err := p.changing(c)
	if err != nil {
		return err
	}
	defer release()
	revocation := &provenance.Revocation{Key: key, Reason: cleanLine(c.String("reason")), Since: since, Last: c.Bool("force")}
	if c.IsSet("last-good") {
		good, err := recorder.Archive.At(c.Context, c.Int64("last-good"))
		if err != nil {
			return err
		}
		revocation.LastGood = good.Ref()
	}
	snapshot, err := recorder.Revoke(c.Context, revocation)
	if err != nil {
		return err
	}
	p.printf("revoked %s\n", trust.Fingerprint(key))
	p.printSnapshot(snapshot)
	p.say("hint", "walkback verify tells which snapshots are still good")
	return nil
}

func (p *program) keyRotateCommand() *cli.Command {
	return &cli.Command{
		Name: "rotate", Usage: "go over to a new key",
		UsageText: "walkback key rotate NEW",
		Description: `Lets the key in the file NEW sign, retires the one that signed until now, both in
one snapshot, and has the new key co-sign that. When there is no file NEW, the key
is made, in the name of the old one. NEW.pub means a key in the ssh-agent.

Exit codes: 0 done; 1 could not run, such as when your key may not sign; 2 usage;
11 the archive does not verify.`,
		Flags:  changeFlags(&cli.BoolFlag{Name: "passphrase", Usage: "protect a key that is made by a passphrase"}),
		Action: writing(p.keyRotate),
	}
}

func (p *program) keyRotate(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return &usage{message: "key rotate needs the file of the new key", hint: "walkback key rotate " + p.defaultKey() + "-2"}
	}
	file := c.Args().First()
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	old := recorder.Key.Fingerprint()
	key, releaseNew, err := p.newOrOpen(c, file, recorder.Key)
	if err != nil {
		return err
	}
	defer releaseNew()
	changed, cosigned, err := recorder.Rotate(c.Context, key)
	if err != nil {
		return err
	}
	p.printf("let in %s\nretired %s\n", key.Fingerprint(), old)
	p.printSnapshot(changed)
	p.printf("co-signed by the new key\n")
	p.printSnapshot(cosigned)
	whole, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	p.say("hint", "sign with the new key from now on: --key %s, or key = %q in %s", shellWord(file), whole, p.settingsFile())
	return nil
}

// newOrOpen opens a key, or makes it in the name of another.
func (p *program) newOrOpen(c *cli.Context, file string, like *trust.Key) (*trust.Key, func(), error) {
	if _, err := os.Stat(file); !os.IsNotExist(err) || strings.HasSuffix(file, ".pub") {
		return p.openKey(c.Context, file, "", nil)
	}
	var phrase []byte
	if c.Bool("passphrase") {
		var err error
		if phrase, err = p.newPassphrase(c, file); err != nil {
			return nil, nil, err
		}
	}
	name, email := like.Person()
	if strings.HasSuffix(email, "@walkback.invalid") {
		name, email = "", ""
	}
	key, err := p.makeKey(file, name, email, phrase)
	return key, func() {}, err
}

// changing opens the archive for a change of what a key may do that the first
// argument names.
func (p *program) changing(c *cli.Context) (*provenance.Recorder, ssh.PublicKey, func(), error) {
	if c.Args().Len() != 1 {
		return nil, nil, nil, &usage{message: "key " + c.Command.Name + " needs one key", hint: "walkback key allowed lists the keys of the archive"}
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := p.allowedKey(recorder.Archive, c.Args().First())
	if err != nil {
		release()
		return nil, nil, nil, err
	}
	return recorder, key, release, nil
}

// allowedKey finds a key among the allowed signers of an archive, by fingerprint
// or file.
func (p *program) allowedKey(a *archive.Archive, named string) (ssh.PublicKey, error) {
	state, err := provenance.TrustState(a)
	if err != nil {
		return nil, err
	}
	fingerprint := named
	if strings.HasSuffix(named, ".pub") {
		key, err := trust.ReadPublic(named)
		if err != nil {
			return nil, err
		}
		fingerprint = key.Fingerprint()
	}
	keys := state.Signers.Keys(fingerprint)
	switch {
	case len(keys) == 1 && len(strings.TrimPrefix(fingerprint, "SHA256:")) >= 4:
		return keys[0], nil
	case len(keys) > 1:
		return nil, &usage{message: fmt.Sprintf("%d keys begin with %s", len(keys), named), hint: "walkback key allowed lists the keys of the archive"}
	}
	return nil, &usage{message: fmt.Sprintf("the archive knows no key %s", named), hint: "walkback key allowed lists the keys of the archive"}
}

func (p *program) printSnapshot(snapshot *archive.Snapshot) {
	if snapshot != nil {
		p.printf("snapshot %d, commit %.12s\n", snapshot.Message.Sequence, snapshot.Commit.ID)
	}
}
