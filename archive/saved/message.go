package saved

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"time"
)

// The bounds of a message.
const (
	MaxMessage = 64 << 20 // bytes
	maxDepth   = 20       // of parts within parts
	maxParts   = 5000
)

// Reads reports whether a media type is that of a message.
func Reads(mediaType string) bool {
	switch mediaType {
	case "message/rfc822", "message/global", "multipart/related", "application/x-mimearchive", "application/mhtml":
		return true
	}
	return false
}

// ErrNoMessage is returned for content that is no message.
var ErrNoMessage = errors.New("neither a saved page nor mail: it has no head")

// Message is a message, taken apart.
type Message struct {
	// Page says that the message is a page that was saved, and not mail.
	Page    bool
	Subject string
	Date    time.Time // with the zone as stated; zero: none
	URL     string    // where a saved page says that it is from; may be empty
	Signers []string  // domains of its DKIM signatures, which were not verified

	Texts       []Part // what is shown, in order; of a page the first is its root
	Resources   []Part // what the shown parts refer to
	Attachments []Part

	head header
}

// Part is a leaf of a message.
type Part struct {
	MediaType   string // in lower case, without parameters
	ContentType string // with its parameters, as the part has it
	ID          string // Content-ID without its brackets
	Location    string // Content-Location
	Name        string // to be saved under; may be empty

	coding string
	raw    []byte
}

// Read takes a message apart. Its parts share the memory of content.
func Read(content []byte) (*Message, error) {
	if len(content) > MaxMessage {
		content = content[:MaxMessage]
	}
	head, body, ok := readHeader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
	if !ok {
		return nil, ErrNoMessage
	}
	m := &Message{Subject: head.text("Subject"), Date: head.date(), head: head}
	w := walk{message: m}
	w.entity(head, body, 0)
	m.Page = m.isPage()
	if m.Page {
		m.URL = m.place()
	}
	for _, signature := range head["Dkim-Signature"] {
		if domain := tag(signature, "d"); domain != "" && len(m.Signers) < 10 {
			m.Signers = append(m.Signers, domain)
		}
	}
	return m, nil
}

func (m *Message) isPage() bool {
	switch {
	case m.head.has("Snapshot-Content-Location"):
		return true
	case len(m.Texts) == 0:
		return false
	case strings.HasPrefix(strings.ToLower(strings.TrimLeft(m.head.text("From"), `"<`)), "saved by"):
		return true
	}
	return m.Texts[0].Location != "" && !m.head.has("To", "Cc", "Received", "Message-Id")
}

// place returns where a saved page is from.
func (m *Message) place() string {
	candidates := []string{m.head.get("Snapshot-Content-Location"), m.head.get("Content-Location")}
	if len(m.Texts) > 0 {
		candidates = append(candidates, m.Texts[0].Location)
	}
	for _, place := range candidates {
		if isWeb(place) {
			return place
		}
	}
	return ""
}

func isWeb(address string) bool {
	lower := strings.ToLower(address[:min(len(address), 8)])
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
}

// tag returns a tag of a DKIM signature (RFC 6376 §3.2).
func tag(signature, name string) string {
	for field := range strings.SplitSeq(signature, ";") {
		if key, value, ok := strings.Cut(field, "="); ok && strings.TrimSpace(key) == name {
			return strings.Join(strings.Fields(decoded(value)), "")
		}
	}
	return ""
}

// walk takes the parts of a message apart.
type walk struct {
	message *Message
	parts   int
}

// entity files one part and what is in it.
func (w *walk) entity(h header, body []byte, depth int) {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		return
	}
	mediaType, params := h.contentType()
	if !strings.HasPrefix(mediaType, "multipart/") {
		w.leaf(h, mediaType, body)
		return
	}
	parts := split(body, params["boundary"])
	switch mediaType {
	case "multipart/alternative":
		if best := chosen(parts); best >= 0 {
			w.entity(parts[best].head, parts[best].body, depth+1)
		}
	case "multipart/related":
		w.related(parts, params["start"], depth)
	default:
		for _, p := range parts {
			w.entity(p.head, p.body, depth+1)
		}
	}
}

// piece is a part that was not looked at yet.
type piece struct {
	head header
	body []byte
}

// related files a root and its resources (RFC 2387).
func (w *walk) related(parts []piece, start string, depth int) {
	root := 0
	for i, p := range parts {
		if start != "" && bare(p.head.get("Content-Id")) == bare(start) {
			root = i
			break
		}
	}
	for i, p := range parts {
		if i == root {
			w.entity(p.head, p.body, depth+1)
			continue
		}
		if w.parts++; w.parts > maxParts {
			return
		}
		mediaType, _ := p.head.contentType()
		part := newPart(p.head, mediaType, p.body)
		if p.head.isAttachment() {
			w.message.Attachments = append(w.message.Attachments, part)
		} else {
			w.message.Resources = append(w.message.Resources, part)
		}
	}
}

func (w *walk) leaf(h header, mediaType string, body []byte) {
	part := newPart(h, mediaType, body)
	isText := mediaType == "text/html" || mediaType == "text/plain" || mediaType == "application/xhtml+xml"
	if isText && !h.isAttachment() && (part.Name == "" || len(w.message.Texts) == 0) {
		w.message.Texts = append(w.message.Texts, part)
		return
	}
	w.message.Attachments = append(w.message.Attachments, part)
}

// chosen returns the alternative that is shown: the last that is or holds HTML,
// else the first text; -1 when there is none.
func chosen(parts []piece) int {
	best := -1
	for i, p := range parts {
		switch mediaType, _ := p.head.contentType(); {
		case mediaType == "text/html", mediaType == "multipart/related", mediaType == "multipart/mixed":
			best = i
		case best < 0 && strings.HasPrefix(mediaType, "text/"):
			best = i
		}
	}
	return best
}

// split returns the parts between the delimiter lines of a multipart body (RFC 2046
// §5.1.1). A body that breaks off has its last part up to there.
func split(body []byte, boundary string) []piece {
	if boundary == "" || len(boundary) > 200 {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var parts []piece
	start := -1
	end := func(at int) {
		if start < 0 {
			return
		}
		part := body[start:max(start, at)]
		part = bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r"))
		if head, rest, ok := readHeader(part); ok {
			parts = append(parts, piece{head, rest})
		} else {
			parts = append(parts, piece{header{}, part})
		}
	}
	for at := 0; at < len(body) && len(parts) < maxParts; {
		line, rest := nextLine(body[at:])
		next := len(body) - len(rest)
		if tail, ok := bytes.CutPrefix(line, delimiter); ok {
			switch tail = bytes.TrimRight(tail, " \t"); string(tail) {
			case "":
				end(at)
				start = next
			case "--":
				end(at)
				return parts
			}
		}
		at = next
	}
	end(len(body))
	return parts
}

func newPart(h header, mediaType string, body []byte) Part {
	return Part{
		MediaType: mediaType, ContentType: h.get("Content-Type"), ID: bare(h.get("Content-Id")), Location: strings.TrimSpace(h.get("Content-Location")),
		Name: h.fileName(), coding: strings.ToLower(strings.TrimSpace(h.get("Content-Transfer-Encoding"))), raw: body,
	}
}

func bare(id string) string { return strings.Trim(strings.TrimSpace(id), "<>") }

// Content returns the part without its transfer encoding, as far as it can be
// decoded.
func (p *Part) Content() []byte {
	switch p.coding {
	case "base64":
		return decodeBase64(p.raw)
	case "quoted-printable":
		decoded, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(p.raw))) // what came before a fault stands
		return decoded
	}
	return p.raw
}

// decodeBase64 passes over what is not of the alphabet (RFC 2045 §6.8).
func decodeBase64(raw []byte) []byte {
	clean := make([]byte, 0, len(raw))
	for _, c := range raw {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(decoded, clean)
	return decoded[:n]
}
