package provenance

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// RetractionList is a list of retractions, by the DOI of the publication.
type RetractionList struct {
	Digest schemas.Digest
	Count  int // entries, also those that name no DOI

	records map[string][]schemas.RetractionRecord
}

// maxList bounds a list, in bytes: that of Retraction Watch has some 40 MB.
const maxList = 1 << 30

// ReadRetractions reads the CSV file of Retraction Watch, JSON of the Crossref
// REST API (a work, a list of works, an answer with either), XML of PubMed, or
// articles in JATS.
func ReadRetractions(ctx context.Context, r io.Reader) (*RetractionList, error) {
	sum := sha256.New()
	limited := &io.LimitedReader{R: r, N: maxList + 1}
	in := bufio.NewReaderSize(io.TeeReader(limited, sum), 64<<10)
	list := &RetractionList{records: map[string][]schemas.RetractionRecord{}}
	start, err := in.Peek(1 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(start) == 0:
		return nil, errors.New("the list is empty")
	case start[0] == '{' || start[0] == '[':
		err = list.readCrossref(in)
	case start[0] == '<':
		err = list.readXML(ctx, in)
	default:
		err = list.readRetractionWatch(ctx, in)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, in) // what follows is part of the digest
	}
	switch {
	case err != nil:
		return nil, err
	case limited.N == 0:
		return nil, fmt.Errorf("the list is longer than %d bytes", maxList)
	}
	list.Digest = schemas.Digest(sum.Sum(nil))
	for _, records := range list.records {
		slices.SortStableFunc(records, func(a, b schemas.RetractionRecord) int {
			return cmp.Or(gravityOf(b.Class)-gravityOf(a.Class), cmp.Compare(b.Date, a.Date))
		})
	}
	return list, nil
}

// gravityOf orders the classes of records. A reinstatement comes first: it
// speaks of the others.
func gravityOf(class schemas.ChangeClass) int {
	return slices.Index([]schemas.ChangeClass{
		schemas.Clarification, schemas.Correction, schemas.ExpressionOfConcern, schemas.Removal, schemas.Withdrawal, schemas.Retraction, schemas.Reinstatement,
	}, class)
}

// natures are the words of both lists. A partial retraction, an erratum and an
// addendum are corrections: the publication stands.
var natures = map[string]schemas.ChangeClass{
	"retraction": schemas.Retraction, "withdrawal": schemas.Withdrawal, "removal": schemas.Removal,
	"expression of concern": schemas.ExpressionOfConcern, "reinstatement": schemas.Reinstatement,
	"correction": schemas.Correction, "erratum": schemas.Correction, "corrigendum": schemas.Correction, "addendum": schemas.Correction,
	"partial retraction": schemas.Correction, "clarification": schemas.Clarification,
}

func (l *RetractionList) add(doi, nature string, record schemas.RetractionRecord) {
	l.Count++
	class, known := natures[strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(strings.TrimSpace(nature)))]
	if doi = bareDOI(doi); !known || doi == "" {
		return
	}
	record.Class, record.Nature, record.Confidence = class, strings.TrimSpace(nature), schemas.Likely
	if record.Notice == doi {
		record.Confidence, record.Reason = schemas.Suspect, "the notice has the DOI of the publication, which may have been replaced"
	}
	if !slices.Contains(l.records[doi], record) {
		l.records[doi] = append(l.records[doi], record)
	}
}

var (
	doiForm     = pattern.New(`^10\.[0-9]{4,9}/[!-~]{1,1000}$`)
	doiResolver = pattern.New(`(?i)^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)`)
)

// bareDOI returns a DOI in lower case without resolver, "" for anything else.
func bareDOI(s string) string {
	s = strings.ToLower(doiResolver().ReplaceAllString(strings.TrimSpace(s), ""))
	if !doiForm().MatchString(s) {
		return "" // lists write "unavailable" and the like
	}
	return s
}

// columns that a list of Retraction Watch must have.
const (
	columnDOI    = "OriginalPaperDOI"
	columnNature = "RetractionNature"
	columnNotice = "RetractionDOI"
	columnDate   = "RetractionDate"
	columnReason = "Reason"
)

func (l *RetractionList) readRetractionWatch(ctx context.Context, in io.Reader) error {
	rows := csv.NewReader(in)
	rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord = -1, true, true
	head, err := rows.Read()
	if err != nil {
		return fmt.Errorf("reading the names of the columns: %w", err)
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.Trim(strings.TrimPrefix(name, "\xef\xbb\xbf"), "\" ")] = i
	}
	for _, name := range []string{columnDOI, columnNature} {
		if _, ok := column[name]; !ok {
			return fmt.Errorf("it has no column %s: want the CSV file of Retraction Watch, JSON of Crossref, or XML of PubMed or JATS", name)
		}
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		cell := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.Clone(row[i])
			}
			return ""
		}
		record := schemas.RetractionRecord{Notice: bareDOI(cell(columnNotice)), Date: dayOf(cell(columnDate)), Source: "retraction-watch"}
		if strings.Contains(strings.ToLower(cell(columnReason)), "retract and replace") {
			record.Reason = "retracted and replaced: the notice says what holds"
		}
		l.add(cell(columnDOI), cell(columnNature), record)
	}
}

// dayOf reads a date of Retraction Watch, month first.
func dayOf(s string) string {
	for _, layout := range []string{"1/2/2006 15:04", "1/2/2006", time.DateOnly, "2006-01-02 15:04:05", time.RFC3339} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return ""
}

// crossrefWork is what the list needs of a work.
type crossrefWork struct {
	DOI       string           `json:"DOI"`
	UpdateTo  []crossrefUpdate `json:"update-to"`
	UpdatedBy []crossrefUpdate `json:"updated-by"`
}

// crossrefUpdate names the other publication.
type crossrefUpdate struct {
	DOI     string `json:"DOI"`
	Type    string `json:"type"`
	Source  string `json:"source"`
	Updated struct {
		DateParts [][]int `json:"date-parts"`
	} `json:"updated"`
}

func (u crossrefUpdate) record(notice string) schemas.RetractionRecord {
	r := schemas.RetractionRecord{Notice: bareDOI(notice), Source: "crossref"}
	if u.Source == "retraction-watch" {
		r.Source = u.Source
	}
	if parts := u.Updated.DateParts; len(parts) > 0 && len(parts[0]) == 3 && parts[0][0] > 1600 && parts[0][0] < 3000 {
		r.Date = time.Date(parts[0][0], time.Month(parts[0][1]), parts[0][2], 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	return r
}

// readCrossref reads a work, a list of works, or an answer that holds either.
func (l *RetractionList) readCrossref(in io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(in, maxCrossref+1))
	if err != nil {
		return err
	}
	if len(data) > maxCrossref {
		return fmt.Errorf("more than %d bytes of JSON: split the list", maxCrossref)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var answer struct {
		Message json.RawMessage `json:"message"`
		Items   json.RawMessage `json:"items"`
	}
	for range 3 { // answer, message, items
		if json.Unmarshal(data, &answer) != nil {
			break // a list
		}
		switch {
		case len(answer.Message) > 0:
			data, answer.Message = answer.Message, nil
		case len(answer.Items) > 0:
			data, answer.Items = answer.Items, nil
		}
	}
	var works []crossrefWork
	if err := json.Unmarshal(data, &works); err != nil {
		var one crossrefWork
		if err := json.Unmarshal(data, &one); err != nil || one.DOI == "" {
			return errors.New("it is JSON, but not of Crossref: want a work, or message.items")
		}
		works = []crossrefWork{one}
	}
	for _, work := range works {
		for _, u := range work.UpdateTo {
			l.add(u.DOI, u.Type, u.record(work.DOI))
		}
		for _, u := range work.UpdatedBy {
			l.add(work.DOI, u.Type, u.record(u.DOI))
		}
	}
	return nil
}

// maxCrossref bounds a list in JSON, which is held in memory, in bytes.
const maxCrossref = 256 << 20
