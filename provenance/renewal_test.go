package provenance_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
	"github.com/walkback-dev/walkback/schemas"
)

// TestRenewals: an operator is told in time that certificates end, until something
// else proves the same.
func TestRenewals(t *testing.T) {
	w := newClockwork(t)
	end := w.Clock.Now().AddDate(0, 0, 100)
	ends := func(c *x509.Certificate) { c.NotAfter = end }
	w.one = timestamptest.NewAuthority(t, "First Time", w.Clock.Now, ends)
	w.stamper.Authorities[0].URL, w.stamper.Authorities[0].Roots = serveHTTP(t, w.one), w.one.PEM()
	second := w.stamper.Authorities[1]
	w.stamper.Authorities = w.stamper.Authorities[:1]
	w.Capture(postURL)
	w.stamp(false)
	look := func(when, renew string) {
		t.Helper()
		status, err := provenance.StampStatus(t.Context(), w.Archive.Archive, provenance.VerifyOptions{Now: w.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range status.Renew {
			got = append(got, r.Name)
			if r.Ends != schemas.TimeOf(end.Truncate(time.Second)) {
				t.Errorf("%s: it ends on %s, not %s", when, r.Ends, end)
			}
		}
		if strings.Join(got, " ") != renew {
			t.Errorf("%s: %q are to be renewed, want %q", when, got, renew)
		}
		verified := w.verifyTimes(provenance.VerifyOptions{})
		warned := false
		for _, c := range verified.Checks {
			warned = warned || c.ID == "timestamps" && c.Status == schemas.Warn && strings.Contains(c.Detail, `RENEW: the certificates of "first" end on`)
		}
		if verified.ExitCode != 0 || warned != (renew != "") {
			t.Errorf("%s: exit code %d, warned %t\n%s", when, verified.ExitCode, warned, problems(verified))
		}
	}
	look("long before", "")
	w.Clock.Advance(20 * 24 * time.Hour)
	look("80 days before", "first")
	w.Clock.Advance(100 * 24 * time.Hour)
	look("when it is over", "first")
	w.stamper.Authorities = append(w.stamper.Authorities[:0], second)
	w.two.Now = w.Clock.Now
	w.stamp(true)
	look("with another authority", "")
}
