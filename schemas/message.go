package schemas

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// CommitKind says what a commit is for, and by that which files it may touch.
type CommitKind string

// The kinds of commit.
const (
	KindInit     CommitKind = "init"     // the root: everything, once
	KindCapture  CommitKind = "capture"  // a post and its sources
	KindCheck    CommitKind = "check"    // a part of a check run
	KindImport   CommitKind = "import"   // older captures from elsewhere
	KindRederive CommitKind = "rederive" // text read again by a newer extractor
	KindEvidence CommitKind = "evidence" // timestamps, co-signatures, checkpoints
	KindTrust    CommitKind = "trust"    // who may sign
	KindWithhold CommitKind = "withhold" // a payload taken out, on record
)

var commitKinds = []CommitKind{
	KindInit, KindCapture, KindCheck, KindImport, KindRederive, KindEvidence, KindTrust, KindWithhold,
}

// Message is the message of a commit:
//
//	capture: https://news.example/a (+7 sources)
//
//	Archive-Format: 1
//	Archive-Id: urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e
//	Sequence: 42
//	Manifest-SHA256: <64 lower-case hex digits>
//	Parent-SHA256: <64 lower-case hex digits>
//
// The first line is the kind, ": " and the subject, in printable ASCII. After
// one empty line come exactly these five trailers in this order. The message
// ends with one LF. Parent-SHA256 is "none" in the root commit, and only there;
// the root commit alone has Sequence 0 and the kind init.
type Message struct {
	Kind      CommitKind
	Subject   string // 1 to 9,000 bytes of printable ASCII, no space at either end
	ArchiveID string // urn:uuid:<lower-case UUID>
	Sequence  int64  // of the parent, plus 1
	Manifest  Digest // of manifest-sha256.txt in the commit's tree
	Parent    Digest // of the raw parent commit; none in the root commit
}

const (
	archiveFormat = 1
	messageSchema = "commit message"
	// maxSubject holds the longest page name and a count of sources.
	maxSubject = 9000
	maxMessage = maxSubject + 512
	noParent   = "none"
)

// trailerKeys are the trailers in their order.
var trailerKeys = [...]string{"Archive-Format", "Archive-Id", "Sequence", "Manifest-SHA256", "Parent-SHA256"}

// Encode returns the text of the message, ending with LF. A message that
// [ParseMessage] would refuse is a *[DecodeError].
func (m Message) Encode() (string, error) {
	if field, problem := m.problem(); problem != "" {
		return "", &DecodeError{Schema: messageSchema, Field: field, Problem: problem}
	}
	parent := noParent
	if !m.Parent.IsZero() {
		parent = m.Parent.Hex()
	}
	values := [len(trailerKeys)]string{
		strconv.Itoa(archiveFormat), m.ArchiveID, strconv.FormatInt(m.Sequence, 10), m.Manifest.Hex(), parent,
	}
	var b strings.Builder
	b.WriteString(string(m.Kind) + ": " + m.Subject + "\n\n")
	for i, key := range trailerKeys {
		b.WriteString(key + ": " + values[i] + "\n")
	}
	return b.String(), nil
}

// ParseMessage reads the text that [Message.Encode] writes and nothing else.
// The error is a *[DecodeError], or an *[UnsupportedError] when Archive-Format
// is higher than 1.
func ParseMessage(text string) (*Message, error) {
	refuse := func(field, format string, args ...any) (*Message, error) {
		return nil, &DecodeError{Schema: messageSchema, Field: field, Problem: fmt.Sprintf(format, args...)}
	}
	if len(text) > maxMessage {
		return refuse("", "has %d bytes, more than %d", len(text), maxMessage)
	}
	head, rest, _ := strings.Cut(text, "\n\n")
	kind, subject, ok := strings.Cut(head, ": ")
	if !ok {
		return refuse("subject", "is not \"<kind>: <text>\" followed by an empty line")
	}
	lines := strings.SplitAfter(rest, "\n")
	format, err := archiveFormatOf(lines[0])
	if err != nil {
		return nil, err
	}
	values := [len(trailerKeys)]string{format}
	if len(lines) != len(trailerKeys)+1 || lines[len(trailerKeys)] != "" {
		return refuse("", "does not end with the trailers %s, each once and in this order", strings.Join(trailerKeys[:], ", "))
	}
	for i, key := range trailerKeys {
		value, ok := strings.CutPrefix(strings.TrimSuffix(lines[i], "\n"), key+": ")
		if !ok {
			return refuse(key, "is not where it belongs, on line %d", i+3)
		}
		values[i] = value
	}
	m := &Message{Kind: CommitKind(kind), Subject: subject, ArchiveID: values[1]}
	if m.Sequence, ok = parseCount(values[2]); !ok {
		return refuse(trailerKeys[2], "%.40q is not a number of commits", values[2])
	}
	if m.Manifest, ok = parseHex(values[3]); !ok {
		return refuse(trailerKeys[3], "%.80q is not 64 lower-case hex digits", values[3])
	}
	if values[4] != noParent {
		if m.Parent, ok = parseHex(values[4]); !ok {
			return refuse(trailerKeys[4], "%.80q is neither 64 lower-case hex digits nor %q", values[4], noParent)
		}
	}
	switch again, err := m.Encode(); {
	case err != nil:
		return nil, err
	case again != text:
		return refuse("", "is not in canonical form")
	}
	return m, nil
}

// archiveFormatOf reads the first trailer before all others, because a later
// format may have others.
func archiveFormatOf(line string) (string, error) {
	key := trailerKeys[0]
	value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), key+": ")
	format, isCount := parseCount(value)
	switch {
	case !ok:
		return "", &DecodeError{Schema: messageSchema, Field: key, Problem: "is not where it belongs, on line 3"}
	case isCount && format > archiveFormat:
		return "", &UnsupportedError{Name: key, Version: format, Known: archiveFormat}
	case !isCount || format != archiveFormat:
		return "", &DecodeError{Schema: messageSchema, Field: key, Problem: fmt.Sprintf("%.40q is not a format of an archive", value)}
	}
	return value, nil
}

// problem names the first field that cannot be written, and why.
func (m Message) problem() (field, problem string) {
	switch {
	case !slices.Contains(commitKinds, m.Kind):
		return "kind", fmt.Sprintf("%.40q is not a kind of commit", string(m.Kind))
	case m.Subject == "" || len(m.Subject) > maxSubject:
		return "subject", fmt.Sprintf("has %d bytes, not 1 to %d", len(m.Subject), maxSubject)
	case strings.Trim(m.Subject, " ") != m.Subject:
		return "subject", "begins or ends with a space"
	case strings.ContainsFunc(m.Subject, func(r rune) bool { return r < ' ' || r > '~' }):
		return "subject", "holds other characters than printable ASCII"
	case !isArchiveID(m.ArchiveID):
		return trailerKeys[1], fmt.Sprintf("%.80q is not urn:uuid:<lower-case UUID>", m.ArchiveID)
	case m.Sequence < 0:
		return trailerKeys[2], "is negative"
	case (m.Sequence == 0) != (m.Kind == KindInit):
		return trailerKeys[2], "is 0 in the init commit and only there"
	case m.Manifest.IsZero():
		return trailerKeys[3], "is missing"
	case (m.Sequence == 0) != m.Parent.IsZero():
		return trailerKeys[4], "is \"none\" in the init commit and only there"
	}
	return "", ""
}

// parseHex reads the digest form of commits and manifests. Digits of the zero
// digest are refused: that value means "none".
func parseHex(digits string) (Digest, bool) {
	d, err := ParseDigest(digestPrefix + digits)
	return d, err == nil && !d.IsZero()
}
