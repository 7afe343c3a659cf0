package trust

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// ErrNoAgent is returned when no ssh-agent can be reached.
var ErrNoAgent = errors.New("no ssh-agent answers: SSH_AUTH_SOCK is not set or nobody listens there")

// Agent is a connection to an ssh-agent. Close it after the last signature of
// its keys.
type Agent struct {
	conn   net.Conn
	client agent.ExtendedAgent
}

// DialAgent connects to the agent that listens at this Unix socket, the value
// of SSH_AUTH_SOCK.
func DialAgent(socket string) (*Agent, error) {
	if socket == "" {
		return nil, ErrNoAgent
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("%w (%v)", ErrNoAgent, err)
	}
	return &Agent{conn: conn, client: agent.NewClient(conn)}, nil
}

// Close ends the connection.
func (a *Agent) Close() error { return a.conn.Close() }

// Keys returns the keys that the agent holds and that [Verify] would accept.
func (a *Agent) Keys() ([]*Key, error) {
	listed, err := a.client.List()
	if err != nil {
		return nil, fmt.Errorf("listing the agent's keys: %w", err)
	}
	signers, err := a.client.Signers()
	if err != nil {
		return nil, fmt.Errorf("listing the agent's keys: %w", err)
	}
	comments := make(map[string]string, len(listed))
	for _, l := range listed {
		comments[string(l.Blob)] = l.Comment
	}
	var keys []*Key
	for _, signer := range signers {
		blob := signer.PublicKey().Marshal()
		public, err := ssh.ParsePublicKey(blob) // the agent's own type tells little of a key
		if err != nil || checkKeyType(plain(public)) != nil {
			continue
		}
		key := &Key{signer: agentSigner{Signer: signer, public: public}}
		key.name, key.email = anonymous(public)
		key.readComment(comments[string(blob)])
		keys = append(keys, key)
	}
	return keys, nil
}

// agentSigner signs with a key or a certificate that an agent holds.
type agentSigner struct {
	ssh.Signer
	public ssh.PublicKey
}

func (s agentSigner) PublicKey() ssh.PublicKey { return s.public }

// Sign asks for SHA-512 where an agent would otherwise use SHA-1.
func (s agentSigner) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	algorithm := ""
	if plain(s.public).Type() == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	return s.SignWithAlgorithm(random, data, algorithm)
}

func (s agentSigner) SignWithAlgorithm(random io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if with, ok := s.Signer.(ssh.AlgorithmSigner); ok && algorithm != "" {
		return with.SignWithAlgorithm(random, data, algorithm)
	}
	return s.Signer.Sign(random, data)
}

// KeyForPublic returns the agent's key whose public half stands in this .pub
// file.
func (a *Agent) KeyForPublic(file string) (*Key, error) {
	public, comment, err := readPublic(file)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("reading public key: %w", err)
		}
		return nil, fmt.Errorf("reading public key %s: %w", file, err)
	}
	keys, err := a.Keys()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if sameKey(key.signer.PublicKey(), public) {
			key.readComment(comment)
			return key, nil
		}
	}
	return nil, fmt.Errorf("the ssh-agent does not hold the key %s of %s", ssh.FingerprintSHA256(public), file)
}
