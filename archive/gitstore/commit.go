package gitstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Commit is a signed commit in the one form described in the package
// documentation. Whether its signature is good, and whose it is, is not known
// here.
type Commit struct {
	ID        ID
	Raw       []byte   // the object's bytes
	Payload   []byte   // Raw without the gpgsig header: what is signed
	SHA256    [32]byte // of Raw
	Tree      ID
	Parent    ID // zero in the first commit
	Author    Person
	Committer Person
	Time      time.Time // of both, UTC, whole seconds
	Message   string    // with its final LF
	Signature []byte    // the SSH armor, ending in LF
}

const (
	maxCommitSize = 1 << 20
	armorBegin    = "-----BEGIN SSH SIGNATURE-----\n"
	armorEnd      = "-----END SSH SIGNATURE-----\n"
	armorMagic    = "SSHSIG"
	maxArmorLine  = 76
)

// ParseCommit reads a commit. Any form but the one this package writes is a
// *MalformedError, so that every program sees the same commit in the same
// bytes: parsers disagree about repeated and unknown headers.
func ParseCommit(raw []byte) (*Commit, error) {
	id, attack := foreignID(KindCommit, raw)
	c, err := parseCommit(raw)
	switch {
	case err != nil:
		return nil, &MalformedError{ID: id, Kind: KindCommit, Reason: err.Error()}
	case attack:
		return nil, &CorruptError{ID: id, Where: "a commit", Reason: reasonCollision}
	}
	c.ID = id
	return c, nil
}

func parseCommit(raw []byte) (*Commit, error) {
	if len(raw) > maxCommitSize {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(raw), maxCommitSize)
	}
	if !utf8.Valid(raw) || bytes.ContainsAny(raw, "\r\x00") {
		return nil, fmt.Errorf("it is not UTF-8 text with LF line ends")
	}
	c := &Commit{Raw: bytes.Clone(raw), SHA256: sha256.Sum256(raw)}
	text := string(raw)
	if err := c.parseHeaders(&text); err != nil {
		return nil, err
	}
	signed := len(raw) - len(text)
	if err := c.parseSignature(&text); err != nil {
		return nil, err
	}
	c.Payload = append(bytes.Clone(raw[:signed]), text...)
	message, ok := strings.CutPrefix(text, "\n")
	if !ok {
		header, _, _ := strings.Cut(text, "\n")
		return nil, fmt.Errorf("header %q is not allowed after the signature", header)
	}
	c.Message = message
	return c, checkMessage(message)
}

// parseHeaders reads the headers before the signature and cuts them off text.
func (c *Commit) parseHeaders(text *string) error {
	value, err := cutHeader(text, "tree")
	if err != nil {
		return err
	}
	if c.Tree, err = ParseID(value); err != nil {
		return err
	}
	if strings.HasPrefix(*text, "parent ") {
		if value, err = cutHeader(text, "parent"); err != nil {
			return err
		}
		if c.Parent, err = ParseID(value); err != nil {
			return err
		}
		if c.Parent.IsZero() {
			return fmt.Errorf("its parent is the zero id")
		}
	}
	if value, err = cutHeader(text, "author"); err != nil {
		return err
	}
	var authored time.Time
	if c.Author, authored, err = parseStamp(value); err != nil {
		return err
	}
	if value, err = cutHeader(text, "committer"); err != nil {
		return err
	}
	if c.Committer, c.Time, err = parseStamp(value); err != nil {
		return err
	}
	if !authored.Equal(c.Time) {
		return fmt.Errorf("author and committer have different times")
	}
	return nil
}

// cutHeader takes the next line, which must be this header.
func cutHeader(text *string, key string) (string, error) {
	line, rest, ok := strings.Cut(*text, "\n")
	got, value, _ := strings.Cut(line, " ")
	if !ok || got != key {
		return "", fmt.Errorf("want the header %q, found %q", key, got)
	}
	*text = rest
	return value, nil
}

// parseSignature reads the one gpgsig header and cuts it off text.
func (c *Commit) parseSignature(text *string) error {
	first, err := cutHeader(text, "gpgsig")
	if err != nil {
		return err
	}
	armor := first + "\n"
	for strings.HasPrefix(*text, " ") {
		line, rest, ok := strings.Cut((*text)[1:], "\n")
		if !ok {
			return fmt.Errorf("its signature does not end")
		}
		armor += line + "\n"
		*text = rest
	}
	c.Signature = []byte(armor)
	return checkArmor(armor)
}

// checkArmor accepts one armored SSHSIG (OpenSSH PROTOCOL.sshsig) and nothing
// before, after or inside it.
func checkArmor(armor string) error {
	body, ok := strings.CutPrefix(armor, armorBegin)
	if !ok {
		return fmt.Errorf("it is not signed with SSH")
	}
	if body, ok = strings.CutSuffix(body, armorEnd); !ok {
		return fmt.Errorf("its signature does not end in an armor line")
	}
	var joined strings.Builder
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || len(line) > maxArmorLine {
			return fmt.Errorf("its signature has a line of %d characters", len(line))
		}
		joined.WriteString(line)
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(joined.String())
	if err != nil {
		return fmt.Errorf("its signature is not base64: %w", err)
	}
	if !bytes.HasPrefix(sig, []byte(armorMagic)) {
		return fmt.Errorf("its signature is not an SSHSIG")
	}
	return nil
}

func checkMessage(message string) error {
	switch {
	case !strings.HasSuffix(message, "\n") || strings.HasSuffix(message, "\n\n"):
		return fmt.Errorf("its message does not end in one LF")
	case message == "\n" || message[0] == '\n':
		return fmt.Errorf("its message begins with an empty line")
	case !utf8.ValidString(message) || strings.ContainsAny(message, "\r\x00"):
		return fmt.Errorf("its message is not UTF-8 text with LF line ends")
	}
	return nil
}

// encodePayload builds the bytes that are signed.
func encodePayload(tree, parent ID, by Person, at time.Time, message string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "tree %s\n", tree)
	if !parent.IsZero() {
		fmt.Fprintf(&b, "parent %s\n", parent)
	}
	stamp := by.stamp(at)
	fmt.Fprintf(&b, "author %s\ncommitter %s\n\n%s", stamp, stamp, message)
	return b.Bytes()
}

// spliceSignature puts the armor into the payload as its last header, the
// continuation lines indented by a space, as git commit -S does.
func spliceSignature(payload, armor []byte) []byte {
	end := bytes.Index(payload, []byte("\n\n")) + 1
	armor = bytes.TrimRight(armor, "\n")
	header := "gpgsig " + strings.ReplaceAll(string(armor), "\n", "\n ") + "\n"
	return slices.Concat(payload[:end], []byte(header), payload[end:])
}
