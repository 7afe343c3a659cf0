package provenance

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// MarkRetractions writes into the folders of the pages whose DOI a list names
// what the list says, as one signed snapshot. Marks that are there already and
// say the same are left as they are.
func (rec *Recorder) MarkRetractions(ctx context.Context, run *archive.Run, list *RetractionList) (*schemas.RetractionReport, error) {
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	report := &schemas.RetractionReport{
		Schema: schemas.RetractionReportSchema, ArchiveID: rec.Archive.ID(), List: list.Digest, Records: list.Count,
	}
	draft := &archive.Draft{Kind: schemas.KindCheck}
	for page, err := range head.Pages(ctx) {
		if err != nil {
			return nil, err
		}
		doi := doiOfPage(page)
		if doi == "" {
			continue
		}
		report.DOIs++
		records := list.records[doi]
		if len(records) == 0 {
			continue
		}
		mark := &schemas.Retractions{
			Schema: schemas.RetractionsSchema, Page: page.ID, URL: page.Name, Run: run.ID, DOI: doi,
			ImportedAt: schemas.TimeOf(run.Started), List: list.Digest, Records: records,
		}
		known, err := page.Retractions()
		if err != nil {
			return nil, err
		}
		if known != nil && known.DOI == doi && slices.Equal(known.Records, records) {
			mark = known
		} else {
			draft.Retractions = append(draft.Retractions, mark)
		}
		report.Pages = append(report.Pages, *mark)
	}
	if len(draft.Retractions) == 0 {
		return report, nil
	}
	draft.Subject = "retractions: 1 page"
	if n := len(draft.Retractions); n > 1 {
		draft.Subject = "retractions: " + fmt.Sprintf("%d pages", n)
	}
	snapshots, err := rec.commit(ctx, run, draft)
	if err != nil {
		return nil, err
	}
	commit := snapshots[0].Ref()
	report.Commit = &commit
	return report, nil
}

var doiInAddress = pattern.New(`(?i)^10\.[0-9]{4,9}/[^\s?#]+`)

// doiOfPage returns the DOI that a page states, or that its address is of.
func doiOfPage(page *archive.Page) string {
	if text := page.Capture.Text; text != nil && text.DOI != "" {
		return text.DOI
	}
	for _, address := range []string{page.Capture.URL, page.Capture.FinalURL} {
		u, err := url.Parse(address)
		if err != nil {
			continue
		}
		path := strings.TrimPrefix(u.Path, "/")
		if host := strings.ToLower(u.Hostname()); host != "doi.org" && host != "dx.doi.org" && host != "www.doi.org" {
			_, rest, found := strings.Cut(path, "doi/") // as most publishers have it
			if !found {
				continue
			}
			for _, view := range []string{"full/", "abs/", "pdf/", "epdf/", "epub/"} {
				rest = strings.TrimPrefix(rest, view)
			}
			path = rest
		}
		if doi := doiInAddress().FindString(path); doi != "" {
			return strings.ToLower(strings.TrimRight(doi, "/.,;"))
		}
	}
	return ""
}
