package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Program is a program that signs as ssh-keygen -Y sign does, in the way git
// calls it: PROGRAM -Y sign -n NAMESPACE -f KEY FILE writes FILE.sig. ssh-keygen
// itself reaches security keys without an agent, and PKCS#11 tokens.
type Program struct {
	Path   string
	Stderr io.Writer // what the program says while it signs; nil: nowhere
}

// OpenProgramKey returns a key that signs by way of a program. file names the key
// for the program; its public half is read from file, when that ends in .pub, or
// from file.pub.
func OpenProgramKey(program Program, file string) (*Key, error) {
	public, comment, err := readPublic(strings.TrimSuffix(file, ".pub") + ".pub")
	if err != nil {
		return nil, fmt.Errorf("reading the public half of the key %s: %w", file, err)
	}
	if err := checkKeyType(plain(public)); err != nil {
		return nil, fmt.Errorf("the key %s: %w", file, err)
	}
	if _, err := exec.LookPath(program.Path); err != nil {
		return nil, fmt.Errorf("the signing program: %w", err)
	}
	key := &Key{signer: publicOnly{key: public}, file: file, program: &program}
	key.name, key.email = anonymous(public)
	key.readComment(comment)
	return key, nil
}

// sign runs the program, and takes nothing it gives unseen.
func (p *Program) sign(key ssh.PublicKey, file, namespace string, message []byte) (armor []byte, err error) {
	folder, err := os.MkdirTemp("", "walkback-sign-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	buffer := filepath.Join(folder, "message")
	if err := os.WriteFile(buffer, message, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.Path, "-Y", "sign", "-n", namespace, "-f", file, buffer)
	var said bytes.Buffer
	cmd.Stderr = &said
	if p.Stderr != nil {
		cmd.Stderr = io.MultiWriter(&said, p.Stderr)
	}
	if err := cmd.Run(); err != nil && p.Stderr != nil {
		return nil, fmt.Errorf("%s: %w", p.Path, err)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", p.Path, err, lastLine(said.String()))
	}
	made, err := os.Open(buffer + ".sig")
	if err != nil {
		return nil, fmt.Errorf("%s wrote no signature: %w", p.Path, err)
	}
	defer made.Close()
	armor, err = io.ReadAll(io.LimitReader(made, maxArmor+1))
	if err != nil {
		return nil, err
	}
	by, err := VerifyIn(namespace, message, armor)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Path, err)
	}
	if !sameKey(by, key) {
		return nil, fmt.Errorf("%s signed with another key, %s", p.Path, Fingerprint(by))
	}
	sig, err := sshsig.Unarmor(armor)
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
