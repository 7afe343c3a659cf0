package schemas

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// What the Schema field of each document says.
const (
	ArchiveSchema          = "archive/1"
	CaptureSchema          = "capture/1"
	PostSchema             = "post/1"
	UntrackedSchema        = "untracked/1"
	WithheldSchema         = "withheld/1"
	RetractionsSchema      = "retractions/1"
	RetractionReportSchema = "retraction-report/1"
	ObservationSchema      = "observation/1"
	ChangeSchema           = "change/1"
	QuoteVerdictSchema     = "quote/1"
	ReceiptSchema          = "receipt/1"
	IntroductionSchema     = "introduction/1"
	RevocationSchema       = "revocation/1"
	PolicySchema           = "policy/1"
	SignerListSchema       = "signer-list/1"
	VerifyReportSchema     = "verify-report/1"
	CaptureReportSchema    = "capture-report/1"
	CheckReportSchema      = "check-report/1"
	PageListSchema         = "page-list/1"
	LogSchema              = "log/1"
	CustodySchema          = "custody/1"
	ShowSchema             = "show/1"
	DiffSchema             = "diff/1"
	SearchSchema           = "search/1"
	QuotesSchema           = "quotes/1"
	StampReportSchema      = "stamp-report/1"
	AuthoritiesSchema      = "authorities/1"
	KeyListSchema          = "key-list/1"
	CheckpointReportSchema = "checkpoint-report/1"
	BundleReportSchema     = "bundle-report/1"
)

// MaxLine is the limit on a line of a .jsonl file, in bytes with its LF.
const MaxLine = 1 << 20

// The limits on the encoded size of other documents. Stored documents are read
// from archives that are not ours; a report on a large archive is large.
const (
	maxStored = 16 << 20
	maxReport = 1 << 30
)

// Document is the set of types that are documents of their own.
type Document interface {
	Archive | Capture | Post | Untracked | Withheld | Custody | Retractions | RetractionReport | Observation | Change | QuoteVerdict | Receipt | Introduction | Revocation | TrustPolicy | SignerList |
		VerifyReport | CaptureReport | CheckReport | PageList | Log | Show | Diff | Search | Quotes | KeyList | StampReport | Authorities | CheckpointReport | BundleReport
}

// document is one kind of document.
type document struct {
	schema string
	goType reflect.Type
	limit  int  // bytes, encoded
	line   bool // of a .jsonl file

	once sync.Once
	made *plan
}

// plan is made when it is first asked for: a command needs a few of them, and
// all of them are a millisecond.
func (d *document) plan() *plan {
	d.once.Do(func() { d.made = planOf(d.goType) })
	return d.made
}

// documents are all kinds in the order of the package documentation.
var documents = []document{
	{schema: ArchiveSchema, goType: reflect.TypeFor[Archive](), limit: maxStored},
	{schema: CaptureSchema, goType: reflect.TypeFor[Capture](), limit: maxStored},
	{schema: PostSchema, goType: reflect.TypeFor[Post](), limit: maxStored},
	{schema: UntrackedSchema, goType: reflect.TypeFor[Untracked](), limit: maxStored},
	{schema: RetractionsSchema, goType: reflect.TypeFor[Retractions](), limit: maxStored},
	{schema: WithheldSchema, goType: reflect.TypeFor[Withheld](), limit: maxStored},
	{schema: ObservationSchema, goType: reflect.TypeFor[Observation](), limit: MaxLine, line: true},
	{schema: ChangeSchema, goType: reflect.TypeFor[Change](), limit: MaxLine, line: true},
	{schema: QuoteVerdictSchema, goType: reflect.TypeFor[QuoteVerdict](), limit: MaxLine, line: true},
	{schema: RevocationSchema, goType: reflect.TypeFor[Revocation](), limit: MaxLine, line: true},
	{schema: PolicySchema, goType: reflect.TypeFor[TrustPolicy](), limit: maxStored},
	{schema: AuthoritiesSchema, goType: reflect.TypeFor[Authorities](), limit: maxStored},
	{schema: ReceiptSchema, goType: reflect.TypeFor[Receipt](), limit: maxStored},
	{schema: IntroductionSchema, goType: reflect.TypeFor[Introduction](), limit: maxStored},
	{schema: VerifyReportSchema, goType: reflect.TypeFor[VerifyReport](), limit: maxReport},
	{schema: CaptureReportSchema, goType: reflect.TypeFor[CaptureReport](), limit: maxReport},
	{schema: CheckReportSchema, goType: reflect.TypeFor[CheckReport](), limit: maxReport},
	{schema: PageListSchema, goType: reflect.TypeFor[PageList](), limit: maxReport},
	{schema: LogSchema, goType: reflect.TypeFor[Log](), limit: maxReport},
	{schema: CustodySchema, goType: reflect.TypeFor[Custody](), limit: maxReport},
	{schema: ShowSchema, goType: reflect.TypeFor[Show](), limit: maxReport},
	{schema: DiffSchema, goType: reflect.TypeFor[Diff](), limit: maxReport},
	{schema: SearchSchema, goType: reflect.TypeFor[Search](), limit: maxReport},
	{schema: QuotesSchema, goType: reflect.TypeFor[Quotes](), limit: maxReport},
	{schema: RetractionReportSchema, goType: reflect.TypeFor[RetractionReport](), limit: maxReport},
	{schema: StampReportSchema, goType: reflect.TypeFor[StampReport](), limit: maxReport},
	{schema: KeyListSchema, goType: reflect.TypeFor[KeyList](), limit: maxReport},
	{schema: SignerListSchema, goType: reflect.TypeFor[SignerList](), limit: maxReport},
	{schema: CheckpointReportSchema, goType: reflect.TypeFor[CheckpointReport](), limit: maxReport},
	{schema: BundleReportSchema, goType: reflect.TypeFor[BundleReport](), limit: maxReport},
}

// Names returns what the Schema field of each kind of document says, in the
// order of the package documentation.
func Names() []string {
	names := make([]string, len(documents))
	for i := range documents {
		names[i] = documents[i].schema
	}
	return names
}

// documentOf returns the kind of document that a Go type is, when it is
// written in this form.
func documentOf(t reflect.Type, line bool) (*document, error) {
	for i := range documents {
		switch d := &documents[i]; {
		case d.goType != t:
		case d.line != line:
			return nil, fmt.Errorf("only observations, changes, quotes and revocations are lines, and they are nothing else: not so %v", t)
		default:
			return d, nil
		}
	}
	return nil, fmt.Errorf("%v is not a document", t)
}

// accept returns nil when the schema found is the one of d. A higher version
// of it is an *UnsupportedError, anything else a *DecodeError.
func (d *document) accept(found string) error {
	if found == d.schema {
		return nil
	}
	name, known := splitSchema(d.schema)
	foundName, version := splitSchema(found)
	if foundName == name && version > known {
		return &UnsupportedError{Name: name, Version: version, Known: known}
	}
	return &DecodeError{Schema: d.schema, Field: "schema", Problem: fmt.Sprintf("is %.40q", found)}
}

// splitSchema returns version 0 for what is not "<name>/<version>".
func splitSchema(schema string) (name string, version int64) {
	name, digits, _ := strings.Cut(schema, "/")
	version, ok := parseCount(digits)
	if !ok {
		return "", 0
	}
	return name, version
}
