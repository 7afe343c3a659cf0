package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) keyCommand() *cli.Command {
	return &cli.Command{
		Name: "key", Usage: "make and list signing keys, and say who may sign an archive",
		UsageText: "walkback key COMMAND",
		Description: `Signing keys are ordinary OpenSSH keys. The first capture makes one without a
passphrase; make your own before it to choose otherwise. Who may sign an archive
stands in the archive itself, and only a key that may sign can change it.

Exit codes: 0 done; 1 could not run; 2 usage; 11 the archive does not verify.`,
		CustomHelpTemplate: "{{.HelpName}}: {{.Usage}}\n\nUsage: {{.UsageText}}\n\n{{.Description}}\n\nCommands:\n{{range .VisibleCommands}}  {{printf \"%-8s\" .Name}} {{.Usage}}\n{{end}}",
		Subcommands: []*cli.Command{
			p.keyNewCommand(), p.keyListCommand(), p.keyAllowedCommand(), p.keyTrustCommand(), p.keyRotateCommand(),
			p.keyRetireCommand(), p.keyRevokeCommand(), p.keyPolicyCommand(),
		},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return &usage{message: fmt.Sprintf("there is no command %q", "key "+name), hint: "walkback key --help lists them"}
			}
			return &usage{message: "key needs a command", hint: "walkback key --help lists them"}
		},
	}
}

func (p *program) keyNewCommand() *cli.Command {
	return &cli.Command{
		Name: "new", Usage: "make a signing key (ed25519)",
		UsageText: "walkback key new [FILE]",
		Description: `Makes FILE (else the default key of this user) and FILE.pub. Name and e-mail
stand in every commit that the key signs. With --passphrase the key file is
encrypted; the passphrase is asked for, on the terminal or by the program in
SSH_ASKPASS. No file is ever replaced.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", Usage: "the operator's `NAME`"},
			&cli.StringFlag{Name: "email", Usage: "the operator's `E-MAIL`: the name under which others allow the key"},
			&cli.BoolFlag{Name: "passphrase", Usage: "protect the key by a passphrase"},
		},
		Action: p.keyNew,
	}
}

func (p *program) keyNew(c *cli.Context) error {
	file := c.Args().First()
	if file == "" {
		file = p.defaultKey()
	}
	if c.IsSet("name") != c.IsSet("email") {
		return &usage{message: "--name and --email go together", hint: "the e-mail is the name under which others allow the key"}
	}
	var phrase []byte
	if c.Bool("passphrase") {
		var err error
		if phrase, err = p.newPassphrase(c, file); err != nil {
			return err
		}
	}
	key, err := p.makeKey(file, c.String("name"), c.String("email"), phrase)
	if err != nil {
		return err
	}
	name, email := key.Person()
	p.printf("%s  %s <%s>  %s\n", key.Fingerprint(), name, email, file)
	return nil
}

func (p *program) makeKey(file, name, email string, phrase []byte) (*trust.Key, error) {
	key, err := trust.NewKey(file, name, email, phrase, rand.Reader)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("there is a key at %s already, and keys are never replaced", file)
	}
	return key, err
}

func (p *program) newPassphrase(c *cli.Context, file string) ([]byte, error) {
	phrase, err := p.askPassphrase(c.Context, "New passphrase for "+file+": ", file)
	if err != nil {
		return nil, err
	}
	if len(phrase) == 0 {
		return nil, &usage{message: "the passphrase is empty", hint: "leave out --passphrase for a key without one"}
	}
	again, err := p.askPassphrase(c.Context, "The same again: ", file)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(phrase, again) {
		return nil, errors.New("the two passphrases differ")
	}
	return phrase, nil
}

// firstKey makes the default key on first use.
func (p *program) firstKey(file string) (*trust.Key, error) {
	key, err := trust.NewKey(file, "", "", nil, rand.Reader)
	if err != nil {
		return nil, err
	}
	p.say("note", "made a signing key, %s, in %s: keep a copy of it in a safe place", key.Fingerprint(), file)
	return key, nil
}

func (p *program) keyListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the signing keys of this user",
		UsageText: "walkback key list",
		Description: `Lists the keys in the config folder and those that the ssh-agent holds.

Exit codes: 0 done; 1 could not run; 2 usage.`,
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a key-list/1 document"}},
		Action: p.keyList,
	}
}

func (p *program) keyList(c *cli.Context) error {
	list := schemas.KeyList{Schema: schemas.KeyListSchema}
	for _, file := range p.keyFiles() {
		key, err := trust.ReadPublic(file + ".pub")
		if err != nil {
			p.warn(err)
			continue
		}
		listed := listedKey(key, "file")
		listed.File, listed.Default = file, file == p.defaultKey()
		list.Keys = append(list.Keys, listed)
	}
	if agent, err := trust.DialAgent(p.getenv("SSH_AUTH_SOCK")); err == nil {
		defer agent.Close()
		keys, err := agent.Keys()
		if err != nil {
			p.warn(err)
		}
		for _, key := range keys {
			list.Keys = append(list.Keys, listedKey(key, "agent"))
		}
	}
	if c.Bool("json") {
		return p.printJSON(&list)
	}
	if len(list.Keys) == 0 {
		p.say("note", "there is no key yet; the first capture makes one, or walkback key new")
	}
	var rows [][]string
	for _, key := range list.Keys {
		where := key.File
		if key.Source == "agent" {
			where = "ssh-agent"
		}
		if key.Default {
			where += " (default)"
		}
		rows = append(rows, []string{key.Fingerprint, key.Type, key.Name + " <" + key.Email + ">", where})
	}
	p.columns(rows)
	return nil
}

func listedKey(key *trust.Key, source string) schemas.ListedKey {
	name, email := key.Person()
	return schemas.ListedKey{Fingerprint: key.Fingerprint(), Type: key.Type(), Name: name, Email: email, Source: source}
}

// keyFiles returns the private keys in the config folder that have a public
// half.
func (p *program) keyFiles() []string {
	publics, err := filepath.Glob(filepath.Join(p.keyFolder(), "*.pub"))
	if err != nil {
		return nil
	}
	var files []string
	for _, public := range publics {
		file := strings.TrimSuffix(public, ".pub")
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files
}
