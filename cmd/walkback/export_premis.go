package main

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

// The elements of PREMIS 3.0 (namespace http://www.loc.gov/premis/v3) that are
// written, in the order of its data dictionary.
type (
	premisDocument struct {
		XMLName   xml.Name `xml:"premis"`
		Namespace string   `xml:"xmlns,attr"`
		Instance  string   `xml:"xmlns:xsi,attr"`
		Version   string   `xml:"version,attr"`
		Objects   []premisObject
		Events    []premisEvent
		Agents    []premisAgent
	}
	premisObject struct {
		XMLName         xml.Name `xml:"object"`
		Type            string   `xml:"xsi:type,attr"`
		Identifiers     []premisIdentifier
		Characteristics *premisCharacteristics
		OriginalName    string `xml:"originalName,omitempty"`
		Storage         []premisStorage
		Relationship    *premisRelationship
	}
	// premisIdentifier is any of objectIdentifier, eventIdentifier and so on.
	premisIdentifier struct {
		element, kind, value, role string
	}
	premisCharacteristics struct {
		XMLName xml.Name `xml:"objectCharacteristics"`
		Fixity  struct {
			Algorithm  string `xml:"messageDigestAlgorithm"`
			Digest     string `xml:"messageDigest"`
			Originator string `xml:"messageDigestOriginator"`
		} `xml:"fixity"`
		Size   int64  `xml:"size"`
		Format string `xml:"format>formatDesignation>formatName"`
	}
	premisStorage struct {
		XMLName xml.Name `xml:"storage"`
		Kind    string   `xml:"contentLocation>contentLocationType"`
		Value   string   `xml:"contentLocation>contentLocationValue"`
	}
	premisRelationship struct {
		XMLName xml.Name `xml:"relationship"`
		Type    string   `xml:"relationshipType"`
		SubType string   `xml:"relationshipSubType"`
		Related premisIdentifier
	}
	premisEvent struct {
		XMLName    xml.Name `xml:"event"`
		Identifier premisIdentifier
		Type       string `xml:"eventType"`
		DateTime   string `xml:"eventDateTime"`
		Detail     string `xml:"eventDetailInformation>eventDetail,omitempty"`
		Outcome    *premisOutcome
		Agents     []premisIdentifier
		Objects    []premisIdentifier
	}
	premisOutcome struct {
		XMLName xml.Name `xml:"eventOutcomeInformation"`
		Outcome string   `xml:"eventOutcome"`
	}
	premisAgent struct {
		XMLName    xml.Name `xml:"agent"`
		Identifier premisIdentifier
		Name       string `xml:"agentName"`
		Type       string `xml:"agentType"`
		Version    string `xml:"agentVersion,omitempty"`
	}
)

// MarshalXML writes the parts of an identifier under names that begin as its own
// does: objectIdentifierType, objectIdentifierValue.
func (i premisIdentifier) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{Name: xml.Name{Local: i.element}}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	roles := strings.TrimSuffix(i.element, "Identifier") + "Role"
	for _, part := range [][2]string{{i.element + "Type", i.kind}, {i.element + "Value", i.value}, {roles, i.role}} {
		if part[1] == "" {
			continue
		}
		if err := e.EncodeElement(part[1], xml.StartElement{Name: xml.Name{Local: part[0]}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// exportPremis writes what the archive knows of the custody of a page.
func (p *program) exportPremis(c *cli.Context) error {
	a, page, err := p.exportedPage(c)
	if err != nil {
		return err
	}
	defer a.Close()
	only := int64(-1)
	if newest, err := a.Newest(page.PageRef); err != nil {
		return err
	} else if newest.Snapshot.Commit.ID != page.Snapshot.Commit.ID {
		only = page.Capture.Sequence
	}
	document, err := premisOf(c, a, page, only)
	if err != nil {
		return err
	}
	target, err := p.exportTarget(c, c.Args().Get(1), exportName(page, "premis.xml"))
	if err != nil {
		return err
	}
	err = p.writeExport(c, target, func(w io.Writer) error { return document.write(w) })
	if err == nil && target != "-" {
		p.printf("%s  %s, %s, %s\n", target, count(len(document.Objects), "object"), count(len(document.Events), "event"), count(len(document.Agents), "agent"))
	}
	return err
}

func (d *premisDocument) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(d); err != nil {
		return fmt.Errorf("writing PREMIS: %w", err)
	}
	if _, err := out.WriteString("\n"); err != nil {
		return err
	}
	return out.Flush()
}

// premisOf describes all captures of a page, or only the one with a sequence.
func premisOf(c *cli.Context, a *archive.Archive, page *archive.Page, only int64) (*premisDocument, error) {
	history, err := a.History(c.Context, page.PageRef)
	if err != nil {
		return nil, err
	}
	b := &premisBuilder{document: &premisDocument{
		Namespace: "http://www.loc.gov/premis/v3", Instance: "http://www.w3.org/2001/XMLSchema-instance", Version: "3.0",
	}, archive: a, page: page.PageRef, objects: map[schemas.Digest]int{}, agents: map[string]bool{}}
	b.document.Objects = append(b.document.Objects, premisObject{Type: "intellectualEntity", Identifiers: []premisIdentifier{b.pageID("objectIdentifier", "")}})
	for _, past := range history {
		if only < 0 || past.Capture.Sequence == only {
			b.addCapture(past)
			b.commits = append(b.commits, past.Snapshot.Ref().SHA256)
		}
	}
	var events []schemas.CustodyEvent
	for event, err := range provenance.Custody(c.Context, a, &page.PageRef) {
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	slices.Reverse(events)
	for i, event := range events {
		if b.concerns(event, only) {
			b.addEvent(i, event)
		}
	}
	return b.document, nil
}

// premisBuilder puts one document together.
type premisBuilder struct {
	document *premisDocument
	archive  *archive.Archive
	page     archive.PageRef
	objects  map[schemas.Digest]int // places of files among the objects
	commits  []schemas.Digest       // that hold the captures
	agents   map[string]bool
}

// concerns reports whether an event is of the capture, or of files that it holds.
func (b *premisBuilder) concerns(e schemas.CustodyEvent, only int64) bool {
	if only < 0 || e.Sequence == only || slices.Contains(b.commits, e.Of) {
		return true
	}
	return slices.ContainsFunc(e.Objects, func(o schemas.CustodyObject) bool { _, ok := b.objects[o.SHA256]; return ok })
}

func (b *premisBuilder) pageID(element, role string) premisIdentifier {
	kind := "URL"
	if b.page.Given() {
		kind = "URN"
	}
	return premisIdentifier{element, kind, b.page.Name, role}
}

// addCapture adds the files of a capture. The same bytes are one object.
func (b *premisBuilder) addCapture(page *archive.Page) {
	types := mediaTypesOf(page.Capture)
	for _, file := range page.Capture.Files() {
		where := premisStorage{Kind: "git path", Value: fmt.Sprintf("%s:%s/%s", page.Snapshot.Commit.ID, page.Folder, file.File)}
		if i, ok := b.objects[file.SHA256]; ok {
			if o := &b.document.Objects[i]; !slices.Contains(o.Storage, where) {
				o.Storage = append(o.Storage, where)
			}
			continue
		}
		b.objects[file.SHA256] = len(b.document.Objects)
		o := premisObject{
			Type: "file", Identifiers: []premisIdentifier{{"objectIdentifier", "SHA-256", file.SHA256.Hex(), ""}},
			Characteristics: &premisCharacteristics{Size: file.Size, Format: types[file.File]},
			OriginalName:    file.File, Storage: []premisStorage{where},
			Relationship: &premisRelationship{Type: "structural", SubType: "is part of", Related: b.pageID("relatedObjectIdentifier", "")},
		}
		o.Characteristics.Fixity.Algorithm, o.Characteristics.Fixity.Digest = "SHA-256", file.SHA256.Hex()
		o.Characteristics.Fixity.Originator = "walkback"
		b.document.Objects = append(b.document.Objects, o)
	}
}

// mediaTypesOf says what the files of a capture are: as their server declared them,
// else by what we made.
func mediaTypesOf(c *schemas.Capture) map[string]string {
	types := map[string]string{}
	for _, file := range c.Files() {
		types[file.File] = "application/octet-stream"
		switch extension := file.File[strings.LastIndexByte(file.File, '.')+1:]; extension {
		case "md":
			types[file.File] = "text/markdown"
		case "http":
			types[file.File] = "message/http"
		case "pem":
			types[file.File] = "application/x-pem-file"
		case "png":
			types[file.File] = "image/png"
		case "pdf":
			types[file.File] = "application/pdf"
		case "html":
			types[file.File] = "text/html"
		}
	}
	for _, r := range c.Resources {
		if r.File != nil && r.MediaType != "" {
			types[r.File.File] = r.MediaType
		}
	}
	if c.Body != nil && c.Body.MediaType != "" {
		types[c.Body.File] = c.Body.MediaType
	}
	return types
}

func (b *premisBuilder) addEvent(n int, e schemas.CustodyEvent) {
	event := premisEvent{
		Identifier: premisIdentifier{"eventIdentifier", "walkback custody", fmt.Sprintf("%s#%d.%d", b.archive.ID(), e.Sequence, n), ""},
		Type:       string(e.Type), DateTime: e.At.String(), Detail: xmlText(e.Detail),
	}
	if e.Outcome != "" {
		event.Outcome = &premisOutcome{Outcome: xmlText(e.Outcome)}
	}
	role := "implementer"
	if e.Type == schemas.EventTimestamp {
		role = "validator"
	}
	event.Agents = append(event.Agents, b.agent(e, role))
	if e.Tool != nil {
		event.Agents = append(event.Agents, b.software(e.Tool))
	}
	seen := map[schemas.Digest]bool{}
	for _, o := range e.Objects {
		if _, known := b.objects[o.SHA256]; known && !seen[o.SHA256] {
			seen[o.SHA256] = true
			event.Objects = append(event.Objects, premisIdentifier{"linkingObjectIdentifier", "SHA-256", o.SHA256.Hex(), "source"})
		}
	}
	if len(event.Objects) == 0 {
		event.Objects = append(event.Objects, b.pageID("linkingObjectIdentifier", "source"))
	}
	b.document.Events = append(b.document.Events, event)
}

// agent links to whoever signed, or vouched, by the key where it is known.
func (b *premisBuilder) agent(e schemas.CustodyEvent, role string) premisIdentifier {
	kind, value, is := "SSH key", e.Key, "person"
	if value == "" {
		kind, value, is = "name", xmlText(e.Agent), "organization"
	}
	b.addAgent(premisAgent{Identifier: premisIdentifier{"agentIdentifier", kind, value, ""}, Name: xmlText(e.Agent), Type: is})
	return premisIdentifier{"linkingAgentIdentifier", kind, value, role}
}

func (b *premisBuilder) software(tool *schemas.Tool) premisIdentifier {
	value := xmlText(tool.Name + " " + tool.Version)
	b.addAgent(premisAgent{
		Identifier: premisIdentifier{"agentIdentifier", "program", value, ""}, Name: xmlText(tool.Name), Type: "software", Version: xmlText(tool.Version),
	})
	return premisIdentifier{"linkingAgentIdentifier", "program", value, "executing program"}
}

func (b *premisBuilder) addAgent(agent premisAgent) {
	if key := agent.Identifier.kind + " " + agent.Identifier.value; !b.agents[key] {
		b.agents[key] = true
		b.document.Agents = append(b.document.Agents, agent)
	}
}

// xmlText leaves out what XML 1.0 cannot hold; the encoder escapes the rest.
func xmlText(s string) string { return clean(strings.ToValidUTF8(s, "")) }
