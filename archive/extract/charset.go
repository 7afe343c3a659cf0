package extract

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// A decodedText is a body as UTF-8, with the way back to its bytes.
type decodedText struct {
	text            string
	charset, source string

	body []byte
	lead int               // bytes of UTF-8 that were cut off before the text: a byte order mark
	by   encoding.Encoding // that made the text of the body; nil if it is the body
}

// decodeText turns bytes into UTF-8. It asks the byte order mark, the
// Content-Type, the document itself and last the bytes, in the order of the
// WHATWG Encoding and HTML standards: a mark wins over the Content-Type, since
// no other reading of such a page shows what its author wrote.
func decodeText(body []byte, mediaType, declared string) (decodedText, error) {
	e, name, source := encodingOf(body, mediaType, declared)
	d := decodedText{charset: name, source: source}
	switch {
	case name != "utf-8":
		d.by = e
	case !utf8.Valid(body):
		d.by = unicode.UTF8 // which replaces what is not valid
	default:
		d.text = string(body)
	}
	if d.by != nil {
		d.body = body
		decoded, err := d.by.NewDecoder().Bytes(body)
		if err != nil {
			return d, fmt.Errorf("decoding %s: %w", name, err)
		}
		d.text = string(decoded)
	}
	if text, found := strings.CutPrefix(d.text, "\ufeff"); found {
		d.text, d.lead = text, len("\ufeff")
	}
	if looksBinary(d.text) {
		return d, fmt.Errorf("not %s text: %w", name, ErrNoText)
	}
	return d, nil
}

// encodingOf finds the encoding of a body and who named it.
func encodingOf(body []byte, mediaType, declared string) (e encoding.Encoding, name, source string) {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return unicode.UTF8, "utf-8", "bom"
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf-16be", "bom"
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16le", "bom"
	}
	if e, name := charset.Lookup(declared); e != nil {
		return e, name, "http"
	}
	if isHTML(mediaType) || strings.Contains(mediaType, "xml") {
		if e, name := charset.Lookup(statedCharset(body)); e != nil {
			// A document that could be read far enough to state this is not UTF-16.
			if strings.HasPrefix(name, "utf-16") {
				return unicode.UTF8, "utf-8", "meta"
			}
			return e, name, "meta"
		}
	}
	e, name = sniff(body)
	return e, name, "sniff"
}

// prescan is how far into a document its own charset statement is looked for.
// The standard asks for 1024 bytes; pages in use go beyond.
const prescan = 8192

var xmlDeclaration = pattern.New(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// statedCharset returns the charset that an HTML or XML document states.
func statedCharset(body []byte) string {
	head := body[:min(len(body), prescan)]
	if m := xmlDeclaration().FindSubmatch(head); m != nil {
		return string(m[1])
	}
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			if t := z.Token(); t.Data == "meta" {
				if label := metaCharset(t); label != "" {
					return label
				}
			}
		}
	}
}

func metaCharset(t html.Token) string {
	var content string
	pragma := false
	for _, a := range t.Attr {
		switch a.Key {
		case "charset":
			return strings.TrimSpace(a.Val)
		case "http-equiv":
			pragma = strings.EqualFold(a.Val, "content-type")
		case "content":
			content = a.Val
		}
	}
	_, label, found := strings.Cut(strings.ToLower(content), "charset=")
	if !pragma || !found {
		return ""
	}
	return strings.Trim(label, " \t\"';")
}

// sniffed is how many bytes the statistics look at.
const sniffed = 64 << 10

// sniff guesses the encoding from the bytes.
func sniff(body []byte) (encoding.Encoding, string) {
	head := body[:min(len(body), sniffed)]
	if e, name := sniffUTF16(head); e != nil {
		return e, name
	}
	if validUTF8(body) {
		return unicode.UTF8, "utf-8"
	}
	if label := likeliest(head); label != "" {
		if e, name := charset.Lookup(label); e != nil && name != "utf-8" {
			return e, name
		}
	}
	return charset.Lookup("windows-1252")
}

// minConfidence is the least percentage for which a guess is believed.
const minConfidence = 10

// likeliest returns the label of the charset that the statistics favour. The
// detector tries all charsets at once and returns those of equal confidence in
// the order in which they finish, so the name decides between them.
func likeliest(head []byte) string {
	results, err := chardet.NewHtmlDetector().DetectAll(head)
	if err != nil {
		return ""
	}
	best := chardet.Result{Confidence: minConfidence - 1}
	for _, r := range results {
		if r.Confidence > best.Confidence || r.Confidence == best.Confidence && best.Charset != "" && r.Charset < best.Charset {
			best = r
		}
	}
	if best.Charset == "GB-18030" {
		return "gb18030" // the one name that is not a WHATWG label
	}
	return best.Charset
}

// validUTF8 allows for a last character cut in two, as in a truncated payload.
func validUTF8(body []byte) bool {
	for cut := range min(utf8.UTFMax, len(body)+1) {
		if utf8.Valid(body[:len(body)-cut]) {
			return true
		}
	}
	return false
}

// sniffUTF16 finds UTF-16 without a mark by the zero halves of its ASCII
// characters.
func sniffUTF16(head []byte) (encoding.Encoding, string) {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half >= 8 && zeros[1] > half*2/5 && zeros[0] < half/20+1:
		return charset.Lookup("utf-16le")
	case half >= 8 && zeros[0] > half*2/5 && zeros[1] < half/20+1:
		return charset.Lookup("utf-16be")
	}
	return nil, ""
}

// eachByte has a one in each byte of a word.
const eachByte = 0x0101010101010101

// looksBinary reports whether more than one character in twenty is a control
// or could not be decoded.
func looksBinary(text string) bool {
	bad := 0
	for i := 0; i < len(text); i++ {
		// Eight bytes at a time as long as none is below a space (or above
		// ASCII, where this is no longer exact, and looks at them one by one).
		for ; i+8 <= len(text); i += 8 {
			w := binary.LittleEndian.Uint64([]byte(text[i : i+8]))
			if (w-0x20*eachByte)&^w&(0x80*eachByte) != 0 {
				break
			}
		}
		if i == len(text) {
			break
		}
		if c := text[i]; c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r' {
			bad++
		}
	}
	bad += strings.Count(text, string(utf8.RuneError))
	return bad > 0 && bad*20 > utf8.RuneCountInString(text)
}
