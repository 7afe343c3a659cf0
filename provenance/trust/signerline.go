package trust

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// signerTime is the form of the times that we write: with Z, since without it
// they would depend on the reader's time zone.
const signerTime = "20060102150405Z"

// SignerLine returns the line of allowed_signers that lets this key sign
// commits under this e-mail, with its LF.
func SignerLine(email, publicKey string) string {
	return fmt.Sprintf("%s namespaces=%q %s\n", email, Namespace, publicKey)
}

// Line returns the signer as a line of allowed_signers, with its LF.
func (s *AllowedSigner) Line() string {
	var options []string
	if s.Authority {
		options = append(options, "cert-authority")
	}
	if s.Namespaces != nil {
		options = append(options, `namespaces="`+strings.Join(s.Namespaces, ",")+`"`)
	}
	if !s.After.IsZero() {
		options = append(options, `valid-after="`+s.After.UTC().Format(signerTime)+`"`)
	}
	if !s.Before.IsZero() {
		options = append(options, `valid-before="`+s.Before.UTC().Format(signerTime)+`"`)
	}
	fields := []string{strings.Join(s.Principals, ",")}
	if len(options) > 0 {
		fields = append(fields, strings.Join(options, ","))
	}
	fields = append(fields, authorizedKey(s.Key))
	if s.Comment != "" {
		fields = append(fields, s.Comment)
	}
	return strings.Join(fields, " ") + "\n"
}

// AddSigner returns an allowed_signers file with one more line.
func AddSigner(file []byte, signer *AllowedSigner) []byte {
	text := string(file)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return []byte(text + signer.Line())
}

// EndSigner returns an allowed_signers file in which no line lets the key with
// this fingerprint sign from this time on, and the number of lines that were
// changed. All other lines stay as they are, byte for byte: with what the file
// says of former keys, stock tools can still check what those signed.
func EndSigner(file []byte, fingerprint string, at time.Time) ([]byte, int, error) {
	if _, err := ParseAllowedSigners(file); err != nil {
		return nil, 0, err
	}
	var out strings.Builder
	changed := 0
	for line := range strings.Lines(string(file)) {
		signer, err := parseSigner(strings.TrimRight(strings.TrimLeft(line, " \t"), " \t\r\n"))
		if err != nil || Fingerprint(signer.Key) != fingerprint || !signer.Before.IsZero() && !signer.Before.After(at) {
			out.WriteString(line)
			continue
		}
		signer.Before = at
		out.WriteString(signer.Line())
		changed++
	}
	return []byte(out.String()), changed, nil
}

// Keys returns the keys whose fingerprint is this one or begins so, "SHA256:" or
// not, each once.
func (s AllowedSigners) Keys(fingerprint string) []ssh.PublicKey {
	want := "SHA256:" + strings.TrimPrefix(fingerprint, "SHA256:")
	var keys []ssh.PublicKey
	for _, signer := range s {
		if strings.HasPrefix(Fingerprint(signer.Key), want) && !slices.ContainsFunc(keys, func(k ssh.PublicKey) bool { return sameKey(k, signer.Key) }) {
			keys = append(keys, signer.Key)
		}
	}
	return keys
}
