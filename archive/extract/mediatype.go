package extract

import (
	"bytes"
	"fmt"
	"mime"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// readAs decides which media type a payload is read as, and returns the
// charset parameter of its Content-Type.
func readAs(body []byte, contentType, address string) (mediaType, charset string, err error) {
	// A parameter that cannot be read does not make the type worthless.
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	charset = params["charset"]
	sniffed, _, _ := strings.Cut(mimetype.Detect(body).String(), ";")
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "", "", fmt.Errorf("empty body: %w", ErrNoText)
	case !isText(sniffed) && sniffed != "application/octet-stream":
		return "", "", fmt.Errorf("%s: %w", sniffed, ErrNoText)
	case mediaType == "" || mediaType == "application/octet-stream" || mediaType == "unknown/unknown" || !strings.Contains(mediaType, "/"):
		mediaType = guess(body, sniffed, address)
	case mediaType == "text/plain" && hasMarkdownName(address):
		mediaType = "text/markdown"
	}
	if !isText(mediaType) {
		return "", "", fmt.Errorf("%s: %w", mediaType, ErrNoText)
	}
	return mediaType, charset, nil
}

// guess returns the media type of a payload that came without one.
func guess(body []byte, sniffed, address string) string {
	switch {
	case hasMarkdownName(address):
		return "text/markdown"
	case sniffed == "text/plain" && looksLikeFragment(body):
		return "text/html"
	case sniffed == "application/octet-stream":
		return "text/plain" // the charset step tells text from binary
	}
	return sniffed
}

// looksLikeFragment reports whether text starts with a tag and closes one:
// HTML without a document type.
func looksLikeFragment(body []byte) bool {
	head := bytes.TrimSpace(body[:min(len(body), 4096)])
	return len(head) > 2 && head[0] == '<' && (head[1]|0x20 >= 'a' && head[1]|0x20 <= 'z' || head[1] == '!') && bytes.Contains(head, []byte("</"))
}

func hasMarkdownName(address string) bool {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	switch strings.ToLower(path.Ext(address)) {
	case ".md", ".markdown", ".mkd":
		return true
	}
	return false
}

func isHTML(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

func isMarkdown(mediaType string) bool {
	return mediaType == "text/markdown" || mediaType == "text/x-markdown"
}

func isText(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+xml") && mediaType != "image/svg+xml" ||
		strings.HasSuffix(mediaType, "+json") || mediaType == "application/json" || mediaType == "application/xml" ||
		mediaType == "application/x-ndjson" || mediaType == "application/javascript"
}
