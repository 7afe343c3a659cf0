package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Decode reads the canonical bytes of a document of type T.
func Decode[T any](data []byte) (*T, error) {
	doc := new(T)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(doc); err != nil {
		return nil, fmt.Errorf("reading document: %w", err)
	}
	return doc, nil
}
