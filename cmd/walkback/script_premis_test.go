package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

const premisNamespace = "http://www.loc.gov/premis/v3"

// premisParts are the parts of each element, in the order of the PREMIS Data
// Dictionary 3.0; "!" marks what must be there. What is not listed has no parts.
var premisParts = map[string][]string{
	"premis": {"object!", "event", "agent", "rights"},
	"object": {
		"objectIdentifier!", "preservationLevel", "significantProperties", "objectCharacteristics", "originalName", "storage",
		"signatureInformation", "environmentFunction", "relationship", "linkingEventIdentifier",
	},
	"objectIdentifier":        {"objectIdentifierType!", "objectIdentifierValue!"},
	"objectCharacteristics":   {"compositionLevel", "fixity", "size", "format!", "creatingApplication", "inhibitors"},
	"fixity":                  {"messageDigestAlgorithm!", "messageDigest!", "messageDigestOriginator"},
	"format":                  {"formatDesignation!", "formatRegistry", "formatNote"},
	"formatDesignation":       {"formatName!", "formatVersion"},
	"storage":                 {"contentLocation!", "storageMedium"},
	"contentLocation":         {"contentLocationType!", "contentLocationValue!"},
	"relationship":            {"relationshipType!", "relationshipSubType!", "relatedObjectIdentifier!"},
	"relatedObjectIdentifier": {"relatedObjectIdentifierType!", "relatedObjectIdentifierValue!", "relatedObjectSequence"},
	"event": {
		"eventIdentifier!", "eventType!", "eventDateTime!", "eventDetailInformation", "eventOutcomeInformation",
		"linkingAgentIdentifier", "linkingObjectIdentifier",
	},
	"eventIdentifier":         {"eventIdentifierType!", "eventIdentifierValue!"},
	"eventDetailInformation":  {"eventDetail!"},
	"eventOutcomeInformation": {"eventOutcome!", "eventOutcomeDetail"},
	"linkingAgentIdentifier":  {"linkingAgentIdentifierType!", "linkingAgentIdentifierValue!", "linkingAgentRole"},
	"linkingObjectIdentifier": {"linkingObjectIdentifierType!", "linkingObjectIdentifierValue!", "linkingObjectRole"},
	"agent":                   {"agentIdentifier!", "agentName", "agentType", "agentVersion", "agentNote"},
	"agentIdentifier":         {"agentIdentifierType!", "agentIdentifierValue!"},
}

// premisElement is an element of a document as it is read.
type premisElement struct {
	name  string
	parts []*premisElement
	text  string
}

func (e *premisElement) part(name string) *premisElement {
	for _, part := range e.parts {
		if part.name == name {
			return part
		}
	}
	return &premisElement{}
}

// checkPremis holds a file to the data dictionary: premis FILE. What links says
// must be in the document.
func checkPremis(ts *testscript.TestScript, neg bool, args []string) {
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	root := readPremis(ts, file)
	known := map[string]bool{}
	var walk func(e *premisElement)
	walk = func(e *premisElement) {
		wants := premisParts[e.name]
		at := 0
		for _, part := range e.parts {
			i := slices.IndexFunc(wants, func(want string) bool { return strings.TrimSuffix(want, "!") == part.name })
			if i < at {
				ts.Fatalf("%s: %s does not belong there", e.name, part.name)
			}
			at = i
			walk(part)
		}
		for _, want := range wants {
			if name, must := strings.CutSuffix(want, "!"); must && e.part(name).name == "" {
				ts.Fatalf("%s has no %s", e.name, name)
			}
		}
		if len(wants) == 0 && strings.TrimSpace(e.text) == "" {
			ts.Fatalf("%s is empty", e.name)
		}
		for _, of := range []string{"object", "event", "agent"} {
			if e.name == of+"Identifier" {
				id := of + " " + e.parts[0].text + " " + e.parts[1].text
				if known[id] {
					ts.Fatalf("%s is there twice", id)
				}
				known[id] = true
			}
		}
	}
	walk(root)
	var links func(e *premisElement)
	links = func(e *premisElement) {
		of := map[string]string{"linkingAgentIdentifier": "agent", "linkingObjectIdentifier": "object", "relatedObjectIdentifier": "object"}[e.name]
		if of != "" && !known[of+" "+e.parts[0].text+" "+e.parts[1].text] {
			ts.Fatalf("%s links to %q, which is not there", e.name, e.parts[1].text)
		}
		for _, part := range e.parts {
			links(part)
		}
	}
	links(root)
}

func readPremis(ts *testscript.TestScript, from io.Reader) *premisElement {
	root := &premisElement{}
	open := []*premisElement{root}
	for d := xml.NewDecoder(from); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		ts.Check(err)
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Space != premisNamespace {
				ts.Fatalf("%s is of namespace %q", t.Name.Local, t.Name.Space)
			}
			e := &premisElement{name: t.Name.Local}
			top.parts, open = append(top.parts, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(root.parts) != 1 || root.parts[0].name != "premis" {
		ts.Fatalf("it is no PREMIS document")
	}
	return root.parts[0]
}
