package schemas

import (
	"bytes"
	"encoding/json"
)

// Encode returns the canonical bytes of a document. It fails only for a value
// that has no encoding, such as a time beyond the year 9999.
func Encode(doc any) ([]byte, error) { return encode(doc, "  ") }

// EncodeLine returns the canonical bytes of one line of a .jsonl file,
// including its LF.
func EncodeLine(doc any) ([]byte, error) { return encode(doc, "") }

func encode(doc any, indent string) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
