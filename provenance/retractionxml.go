package provenance

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

// pubmedNatures are the natures of what PubMed says of an article (RefType of
// CommentsCorrections). What the article says of others is left to these.
var pubmedNatures = map[string]string{
	"RetractionIn": "retraction", "PartialRetractionIn": "partial retraction", "ErratumIn": "erratum",
	"ExpressionOfConcernIn": "expression of concern", "CorrectedandRepublishedIn": "correction", "CorrectedRepublishedIn": "correction",
	"RepublishedIn": "correction", "UpdateIn": "correction",
}

// jatsNatures are those of related-article-type (JATS, JATS4R): of the article
// that is named, or, if own, of the one that names it.
var jatsNatures = map[string]struct {
	nature string
	own    bool
}{
	"retracted-article": {"retraction", false}, "partially-retracted-article": {"partial retraction", false}, "partial-retraction": {"partial retraction", false},
	"withdrawn-article": {"withdrawal", false}, "removed-article": {"removal", false},
	"corrected-article": {"correction", false}, "addended-article": {"addendum", false}, "object-of-concern": {"expression of concern", false},
	"retraction-forward": {"retraction", true}, "correction-forward": {"correction", true}, "addendum-forward": {"addendum", true},
	"concern-forward": {"expression of concern", true}, "expression-of-concern-forward": {"expression of concern", true},
}

// readXML reads records of PubMed (PubmedArticleSet) and articles in JATS, one or
// many after another, element by element.
func (l *RetractionList) readXML(ctx context.Context, in io.Reader) error {
	d := xml.NewDecoder(in)
	d.Strict, d.Entity = false, xml.HTMLEntity
	known := false
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && known:
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("it is XML, but neither of PubMed nor an article in JATS")
		case err != nil:
			return fmt.Errorf("reading the XML: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "PubmedArticle":
			known = true
			err = l.readPubMed(d, start)
		case "article":
			var is bool
			is, err = l.readJATS(d, start)
			known = known || is
		}
		if err != nil {
			return fmt.Errorf("reading the XML: %w", err)
		}
	}
}

// pubmedArticle is what the list needs of a record.
type pubmedArticle struct {
	IDs []struct {
		Type  string `xml:"IdType,attr"`
		Value string `xml:",chardata"`
	} `xml:"PubmedData>ArticleIdList>ArticleId"`
	Locations []struct {
		Type  string `xml:"EIdType,attr"`
		Value string `xml:",chardata"`
	} `xml:"MedlineCitation>Article>ELocationID"`
	Types []string `xml:"MedlineCitation>Article>PublicationTypeList>PublicationType"`
	Says  []struct {
		Type   string `xml:"RefType,attr"`
		Source string `xml:"RefSource"`
		DOI    string `xml:"DOI"`
	} `xml:"MedlineCitation>CommentsCorrectionsList>CommentsCorrections"`
}

func (l *RetractionList) readPubMed(d *xml.Decoder, start xml.StartElement) error {
	var a pubmedArticle
	if err := d.DecodeElement(&a, &start); err != nil {
		return err
	}
	doi := ""
	for _, id := range a.IDs {
		if id.Type == "doi" && doi == "" {
			doi = bareDOI(id.Value)
		}
	}
	for _, at := range a.Locations {
		if at.Type == "doi" && doi == "" {
			doi = bareDOI(at.Value)
		}
	}
	named := false
	for _, says := range a.Says {
		if nature := pubmedNatures[says.Type]; nature != "" {
			named = named || nature == "retraction"
			l.add(doi, nature, schemas.RetractionRecord{Notice: firstDOI(says.DOI, says.Source), Source: "pubmed"})
		}
	}
	for _, kind := range a.Types {
		if !named && strings.EqualFold(strings.TrimSpace(kind), "Retracted Publication") {
			l.add(doi, "retraction", schemas.RetractionRecord{Source: "pubmed"})
		}
	}
	return nil
}

// firstDOI returns the first text that is or ends with a DOI.
func firstDOI(texts ...string) string {
	for _, text := range texts {
		if i := strings.LastIndex(strings.ToLower(text), "10."); i >= 0 {
			if doi := bareDOI(strings.TrimRight(strings.TrimSpace(text[i:]), ".;")); doi != "" {
				return doi
			}
		}
	}
	return ""
}

// jatsArticle is what the list needs of an article.
type jatsArticle struct {
	Type string `xml:"article-type,attr"`
	IDs  []struct {
		Type  string `xml:"pub-id-type,attr"`
		Value string `xml:",chardata"`
	} `xml:"front>article-meta>article-id"`
	Related []struct {
		Type string `xml:"related-article-type,attr"`
		Link string `xml:"ext-link-type,attr"`
		Href string `xml:"href,attr"`
	} `xml:"front>article-meta>related-article"`
}

// readJATS reports whether an element is an article in JATS: HTML has elements of
// that name too.
func (l *RetractionList) readJATS(d *xml.Decoder, start xml.StartElement) (is bool, err error) {
	var a jatsArticle
	if err := d.DecodeElement(&a, &start); err != nil {
		return false, err
	}
	doi := ""
	for _, id := range a.IDs {
		if id.Type == "doi" && doi == "" {
			doi = bareDOI(id.Value)
		}
	}
	for _, related := range a.Related {
		says, ok := jatsNatures[related.Type]
		other := bareDOI(related.Href)
		if !ok || related.Link != "" && related.Link != "doi" && related.Link != "uri" {
			continue
		}
		if says.nature == "retraction" && a.Type == "partial-retraction" {
			says.nature = "partial retraction"
		}
		if says.own {
			l.add(doi, says.nature, schemas.RetractionRecord{Notice: other, Source: "jats"})
		} else {
			l.add(other, says.nature, schemas.RetractionRecord{Notice: doi, Source: "jats"})
		}
	}
	return a.Type != "" || doi != "", nil
}
