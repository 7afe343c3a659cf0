package provenance_test

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/provenance"
)

func TestReadRetractions(t *testing.T) {
	const head = "Record ID,RetractionDate,RetractionDOI,OriginalPaperDOI,RetractionNature,Reason\n"
	for name, test := range map[string]struct {
		list  string
		count int
		err   string
	}{
		"retraction watch":       {head + "1,3/14/2024 0:00,10.1000/N,10.1000/A,Retraction,+Error;\n2,,unavailable,unavailable,Retraction,\n", 2, ""},
		"byte order mark":        {"\xef\xbb\xbf" + head + "1,,,10.1000/A,Correction,\n", 1, ""},
		"answer of crossref":     {`{"message":{"items":[{"DOI":"10.1000/n","update-to":[{"DOI":"10.1000/a","type":"retraction","updated":{"date-parts":[[2024,3,14]]}}]}]}}`, 1, ""},
		"work of crossref":       {`{"message":{"DOI":"10.1000/a","updated-by":[{"DOI":"10.1000/n","type":"expression_of_concern"},{"DOI":"10.1000/m","type":"erratum"}]}}`, 2, ""},
		"list of works":          {`[{"DOI":"10.1000/a"}]`, 0, ""},
		"pubmed":                 {pubmed, 3, ""},
		"jats notice":            {jats("retraction", "10.1000/n", `<related-article related-article-type="retracted-article" ext-link-type="doi" xlink:href="10.1000/a"/>`), 1, ""},
		"jats article":           {jats("research-article", "10.1000/a", `<related-article related-article-type="correction-forward" ext-link-type="doi" xlink:href="https://doi.org/10.1000/n"/>`), 1, ""},
		"jats, nothing of it":    {jats("research-article", "10.1000/a", `<related-article related-article-type="commentary" ext-link-type="doi" xlink:href="10.1000/c"/>`), 0, ""},
		"a web page":             {"<html><article><p>Words.</p></article></html>", 0, "neither of PubMed nor an article in JATS"},
		"XML cut short":          {"<PubmedArticleSet><PubmedArticle>", 0, "reading the XML"},
		"nothing":                {" \n", 0, "the list is empty"},
		"another table":          {"a,b\n1,2\n", 0, "it has no column OriginalPaperDOI"},
		"other JSON":             {`{"a":1}`, 0, "not of Crossref"},
		"broken JSON":            {`{"message":`, 0, "not of Crossref"},
		"date that cannot be so": {`[{"DOI":"10.1000/n","update-to":[{"DOI":"10.1000/a","type":"retraction","updated":{"date-parts":[[99999999,3,14]]}}]}]`, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := provenance.ReadRetractions(t.Context(), strings.NewReader(test.list))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || got.Count != test.count {
				t.Errorf("%+v, %v, want %d entries", got, err, test.count)
			}
		})
	}
}

// pubmed is a retracted article with two more notices, and the retraction notice.
const pubmed = `<?xml version="1.0"?><!DOCTYPE PubmedArticleSet><PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>
<ELocationID EIdType="doi" ValidYN="Y">10.1000/ships.7</ELocationID><PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>
<PublicationType UI="D016441">Retracted Publication</PublicationType></PublicationTypeList></Article>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Ships. 2024 Mar 14;7(2):1. doi: 10.1000/notice.8.</RefSource><PMID>2</PMID></CommentsCorrections>
<CommentsCorrections RefType="ErratumIn"><RefSource>J Ships. 2023;6(1):9</RefSource></CommentsCorrections>
<CommentsCorrections RefType="ExpressionOfConcernIn"><RefSource>J Ships. 2023;6(2):3</RefSource></CommentsCorrections>
<CommentsCorrections RefType="CommentIn"><RefSource>J Boats. 2023</RefSource></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">1</ArticleId></ArticleIdList></PubmedData></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>2</PMID><Article><PublicationTypeList><PublicationType UI="D016440">Retraction of Publication</PublicationType></PublicationTypeList></Article>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionOf"><RefSource>J Ships. 2020</RefSource></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1000/notice.8</ArticleId></ArticleIdList></PubmedData></PubmedArticle></PubmedArticleSet>`

func jats(kind, doi, related string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="` + kind + `"><front><article-meta>
<article-id pub-id-type="doi">` + doi + `</article-id>` + related + `</article-meta></front><body><p>Words.</p></body></article>`
}

func FuzzReadRetractions(f *testing.F) {
	f.Add(pubmed)
	f.Add(jats("retraction", "10.1000/n", `<related-article related-article-type="retracted-article" xlink:href="10.1000/a"/>`))
	f.Add("OriginalPaperDOI,RetractionNature\n10.1000/a,Retraction\n")
	f.Add(`{"message":{"items":[{"DOI":"10.1000/n","update-to":[{"DOI":"10.1000/a","type":"retraction"}]}]}}`)
	f.Fuzz(func(t *testing.T, list string) {
		if got, err := provenance.ReadRetractions(t.Context(), strings.NewReader(list)); err == nil && got == nil {
			t.Error("neither a list nor an error")
		}
	})
}
