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

func FuzzReadRetractions(f *testing.F) {
	f.Add("OriginalPaperDOI,RetractionNature\n10.1000/a,Retraction\n")
	f.Add(`{"message":{"items":[{"DOI":"10.1000/n","update-to":[{"DOI":"10.1000/a","type":"retraction"}]}]}}`)
	f.Fuzz(func(t *testing.T, list string) {
		if got, err := provenance.ReadRetractions(t.Context(), strings.NewReader(list)); err == nil && got == nil {
			t.Error("neither a list nor an error")
		}
	})
}
