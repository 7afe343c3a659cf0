package schemas

import (
	"embed"
	"strings"
)

// The JSON Schemas are written by hand: they are the contract, and a test holds
// the Go types to them.
//
//go:embed json/*.schema.json
var schemaFiles embed.FS

// JSONSchema returns the JSON Schema (draft 2020-12) of the document with this
// schema, such as capture/1, as the file schemas/json/capture-1.schema.json has
// it. It reports false for what is not one of [Names]. A $ref to another
// document names its file.
func JSONSchema(name string) ([]byte, bool) {
	for i := range documents {
		if documents[i].schema == name {
			data, err := schemaFiles.ReadFile("json/" + schemaFile(name))
			return data, err == nil
		}
	}
	return nil, false
}

// schemaFile names the file of a document's JSON Schema.
func schemaFile(name string) string { return strings.Replace(name, "/", "-", 1) + ".schema.json" }
