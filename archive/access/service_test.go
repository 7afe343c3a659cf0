package access_test

import (
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/schemas"
)

// TestServices: what the API of a service says of a post decides, and not how its
// words would look on a page.
func TestServices(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	served := &access.Earlier{Outcome: schemas.Served, At: at.Add(-48 * time.Hour), MediaType: "application/json", Reading: &access.Reading{Text: "The board was told twice."}}
	wall := []byte(`{"content": "<title>Just a moment...</title> This domain is for sale. 404 page not found"}`)
	for _, c := range []struct {
		name    string
		service access.Service
		status  int
		cut     schemas.Truncation
		before  *access.Earlier
		outcome schemas.Outcome
		rule    string
	}{
		{name: "a post whose words are those of a wall", service: access.Service{Post: true}, status: 200, before: served, outcome: schemas.Served, rule: "api-post"},
		{name: "not found", service: access.Service{Absence: "not-found"}, status: 404, before: served, outcome: schemas.Missing, rule: "api-not-found-first"},
		{name: "not found again", service: access.Service{Absence: "not-found"}, status: 400, before: &access.Earlier{Outcome: schemas.Missing, At: at.Add(-2 * time.Hour)}, outcome: schemas.Gone, rule: "api-not-found-again"},
		{name: "deleted", service: access.Service{Absence: "deleted", Words: `"deleted": true`}, status: 200, before: served, outcome: schemas.Gone, rule: "api-deleted"},
		{name: "removed", service: access.Service{Absence: "removed"}, status: 200, outcome: schemas.Gone, rule: "api-removed"},
		{name: "withheld", service: access.Service{Absence: "withheld"}, status: 403, before: served, outcome: schemas.Blocked, rule: "api-withheld"},
		{name: "no answer of the service", status: 200, before: served, outcome: schemas.WrongType, rule: "api-foreign"},
		{name: "a fault of the server", status: 502, before: served, outcome: schemas.ServerError, rule: "http-5xx"},
		{name: "too often", status: 429, before: served, outcome: schemas.Blocked, rule: "http-429"},
		{name: "broken off", service: access.Service{Post: true}, status: 200, cut: schemas.TruncatedDisconnect, outcome: schemas.Unreachable, rule: "truncated-disconnect"},
	} {
		c.service.Name = "mastodon/1"
		body := wall
		if !c.service.Post {
			body = []byte(`{"error": "x"}`)
		}
		got := access.Judge(access.Answer{
			Asked: "https://quay.social/api/v1/statuses/1", Final: "https://quay.social/api/v1/statuses/1", Status: c.status, Body: body,
			Received: int64(len(body)), MediaType: "application/json", Truncated: c.cut, At: at, Service: &c.service,
		}, c.before)
		if got.Outcome != c.outcome || got.Rule != c.rule {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, got.Outcome, got.Rule, c.outcome, c.rule)
		}
	}
}
