package saved

import (
	"bytes"
	"mime"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
)

// The bounds of a head.
const (
	maxHead   = 512 << 10 // bytes
	maxFields = 2000      // and lines that go on with one
)

// header is the head of a message or of a part.
type header map[string][]string

// readHeader splits a message into head and body. It reports false when there is
// no field in the head.
func readHeader(content []byte) (header, []byte, bool) {
	h := header{}
	fields, last := 0, ""
	for at := 0; len(content) > 0; {
		line, rest := nextLine(content)
		at += len(content) - len(rest)
		content = rest
		if len(line) == 0 {
			break
		}
		if at > maxHead || fields > maxFields {
			return h, nil, fields > 0
		}
		if line[0] == ' ' || line[0] == '\t' { // RFC 5322 §2.2.3
			if last != "" {
				values := h[last]
				values[len(values)-1] += " " + string(bytes.TrimSpace(line))
				fields++ // each costs a copy of the value
			}
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if last = ""; !ok || !isFieldName(name) {
			continue // a mailbox's "From " line, or damage
		}
		last = textproto.CanonicalMIMEHeaderKey(string(bytes.TrimSpace(name)))
		h[last] = append(h[last], string(bytes.TrimSpace(value)))
		fields++
	}
	return h, content, fields > 0
}

// nextLine returns a line without its end, CR LF or LF, and what follows.
func nextLine(content []byte) (line, rest []byte) {
	end := bytes.IndexByte(content, '\n')
	if end < 0 {
		return content, nil
	}
	return bytes.TrimSuffix(content[:end], []byte("\r")), content[end+1:]
}

func isFieldName(name []byte) bool {
	name = bytes.TrimRight(name, " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 100
}

// get returns the first value of a field, "" when there is none.
func (h header) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (h header) has(names ...string) bool {
	for _, name := range names {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// words decodes what RFC 2047 encodes.
var words = mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

// text returns a field for people: decoded, on one line.
func (h header) text(name string) string { return decoded(h.get(name)) }

func decoded(s string) string {
	if d, err := words.DecodeHeader(s); err == nil {
		s = d
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}

// people returns the mailboxes of a field, as "Name <address>".
func (h header) people(name string) string {
	parser := mail.AddressParser{WordDecoder: &words}
	list, err := parser.ParseList(h.get(name))
	if err != nil {
		return h.text(name)
	}
	var people []string
	for _, a := range list {
		if person := decoded(a.Name); person != "" {
			people = append(people, person+" <"+a.Address+">")
		} else {
			people = append(people, a.Address)
		}
	}
	return strings.Join(people, ", ")
}

// date returns the Date of a message, zero when it has none that can be read.
func (h header) date() time.Time {
	t, err := mail.ParseDate(h.get("Date"))
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// contentType returns the media type of a part and its parameters. A type that
// cannot be read is text, as RFC 2045 §5.2 has it for none.
func (h header) contentType() (mediaType string, params map[string]string) {
	value := h.get("Content-Type")
	mediaType, params, err := mime.ParseMediaType(value)
	if err != nil || params == nil {
		params = map[string]string{}
	}
	if mediaType == "" {
		mediaType, _, _ = strings.Cut(strings.ToLower(value), ";")
		if mediaType = strings.TrimSpace(mediaType); !strings.Contains(mediaType, "/") {
			mediaType = "text/plain"
		}
	}
	if params["boundary"] == "" { // a boundary that should be quoted and is not
		if at := strings.Index(strings.ToLower(value), "boundary="); at >= 0 {
			boundary, _, _ := strings.Cut(value[at+len("boundary="):], ";")
			params["boundary"] = strings.Trim(boundary, "\" \t")
		}
	}
	return mediaType, params
}

// fileName returns the name that a part is to be saved under, "" when it has none.
func (h header) fileName() string {
	_, params, _ := mime.ParseMediaType(h.get("Content-Disposition"))
	name := params["filename"]
	if name == "" {
		_, params := h.contentType()
		name = params["name"]
	}
	name = decoded(name)
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

func (h header) isAttachment() bool {
	disposition, _, _ := strings.Cut(h.get("Content-Disposition"), ";")
	return strings.EqualFold(strings.TrimSpace(disposition), "attachment")
}
