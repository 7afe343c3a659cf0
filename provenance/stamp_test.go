package provenance_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
	"github.com/walkback-dev/walkback/schemas"
)

// clockwork is an archive with two authorities and a calendar, all on one clock.
type clockwork struct {
	*provenancetest.Archive
	t        *testing.T
	stamper  *provenance.Stamper
	one, two *timestamptest.Authority
	calendar *timestamptest.Calendar
}

func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func newClockwork(t *testing.T) *clockwork {
	t.Helper()
	a := provenancetest.New(t, newWeb(t))
	w := &clockwork{
		Archive: a, t: t, calendar: &timestamptest.Calendar{},
		one: timestamptest.NewAuthority(t, "First Time", a.Clock.Now), two: timestamptest.NewAuthority(t, "Second Time", a.Clock.Now),
	}
	w.calendar.URL = serveHTTP(t, w.calendar)
	w.stamper = &provenance.Stamper{
		Client: &timestamp.Client{HTTP: &http.Client{}, UserAgent: "test", Random: rand.Reader, Timeout: 10 * time.Second},
		Authorities: []provenance.StampAuthority{
			{Name: "first", URL: serveHTTP(t, w.one), Roots: w.one.PEM(), Policies: []string{timestamptest.Policy.String()}, Qualified: true},
			{Name: "second", URL: serveHTTP(t, w.two), Roots: w.two.PEM()},
		},
		Calendars: []provenance.StampCalendar{{URL: w.calendar.URL}}, Network: timestamp.Regtest,
	}
	return w
}

func (w *clockwork) stamp(renew bool) *schemas.StampReport {
	w.t.Helper()
	report, err := w.Stamp(w.t.Context(), w.stamper, renew)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func (w *clockwork) verifyTimes(options provenance.VerifyOptions) *schemas.VerifyReport {
	w.t.Helper()
	options.Memory, options.Now, options.Network = w.Memory, w.Clock.Now, timestamp.Regtest
	report, err := provenance.Verify(w.t.Context(), w.Dir(), options)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

func (w *clockwork) status() []schemas.StampRange {
	w.t.Helper()
	report, err := provenance.StampStatus(w.t.Context(), w.Archive.Archive, provenance.VerifyOptions{Now: w.Clock.Now, Network: timestamp.Regtest})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := schemas.Encode(report); err != nil {
		w.t.Error(err)
	}
	return report.Ranges
}

func outcomes(report *schemas.StampReport) string {
	var said []string
	for _, r := range report.Asked {
		said = append(said, string(r.Outcome))
	}
	return strings.Join(said, " ")
}

func states(ranges []schemas.StampRange) string {
	var said []string
	for _, r := range ranges {
		said = append(said, string(r.State))
	}
	return strings.Join(said, " ")
}

// TestStamp goes through the life of timestamps: nothing, tokens and a promise, a
// block, its header.
func TestStamp(t *testing.T) {
	w := newClockwork(t)
	w.Capture(postURL)
	if got := states(w.status()); got != "missing" {
		t.Errorf("at first, snapshots are %s", got)
	}
	if report := w.verifyTimes(provenance.VerifyOptions{RequireTime: true}); report.ExitCode != 13 {
		t.Errorf("without timestamps that are demanded: exit code %d, %s", report.ExitCode, problems(report))
	}
	w.Clock.Advance(time.Minute)
	report := w.stamp(false)
	if got := outcomes(report); got != "given given promised" || report.Commit == nil {
		t.Fatalf("stamped: %s, commit %v", got, report.Commit)
	}
	if again := w.stamp(false); outcomes(again) != "present present present" || again.Commit != nil {
		t.Errorf("stamped again: %s, commit %v", outcomes(again), again.Commit)
	}
	verified := w.verifyTimes(provenance.VerifyOptions{RequireTime: true})
	if verified.ExitCode != 0 || verified.Times.Proven != report.Of.Sequence+1 || verified.Times.Pending != 1 || len(verified.Times.Sources) != 2 {
		t.Fatalf("exit code %d, %+v\n%s", verified.ExitCode, verified.Times, problems(verified))
	}
	if s := verified.Times.Sources[0]; s.Name != "first" || !s.Qualified || s.Known || s.Tokens != 1 || s.Root != schemas.DigestOf(w.one.Root.Raw) {
		t.Errorf("the first source is %+v", s)
	}
	if b := verified.Times.Bracket; b == nil || b.NotAfter == nil || b.NotAfter.Time.Time() != w.Clock.Now().Truncate(time.Second) || b.NotBefore != nil {
		t.Errorf("the bracket is %+v", b)
	}
	if known := w.verifyTimes(provenance.VerifyOptions{Roots: []*x509.Certificate{w.one.Root}}); !known.Times.Sources[0].Known || known.Times.Sources[1].Known ||
		len(known.Limits) != len(verified.Limits)-1 {
		t.Errorf("a root that the reader knows: %+v, %q", known.Times.Sources, known.Limits)
	}
	if got := states(w.status()); got != "proven" {
		t.Errorf("stamped snapshots are %s", got)
	}
	w.upgrades(report.Of.Sequence)
	w.brackets(report.Of.Sequence)
}

// upgrades has the promise kept and its header found.
func (w *clockwork) upgrades(stamped int64) {
	t := w.t
	t.Helper()
	report, err := w.Upgrade(t.Context(), w.stamper, "")
	if err != nil || outcomes(report) != "waiting" || report.Commit != nil {
		t.Fatalf("before there is a block: %s, %v", outcomes(report), err)
	}
	w.Clock.Advance(time.Hour)
	header := w.calendar.Mine(150, w.Clock.Now())
	if report, err = w.Upgrade(t.Context(), w.stamper, ""); err != nil || outcomes(report) != "upgraded" || report.Commit == nil {
		t.Fatalf("with a block: %s, %v", outcomes(report), err)
	}
	if times := w.verifyTimes(provenance.VerifyOptions{}).Times; times.Unchecked != 1 || len(times.Sources) != 2 {
		t.Errorf("without its header: %+v", times)
	}
	file := filepath.Join(t.TempDir(), "headers")
	other := timestamptest.NewHeader(sha256.Sum256(nil), w.Clock.Now(), 0x207fffff)
	if err := os.WriteFile(file, slices.Concat(other[:], header[:], other[:]), 0o600); err != nil {
		t.Fatal(err)
	}
	if times := w.verifyTimes(provenance.VerifyOptions{Headers: file}).Times; times.Unchecked != 0 || len(times.Sources) != 3 {
		t.Errorf("with its header handed over: %+v", times)
	}
	if report, err = w.Upgrade(t.Context(), w.stamper, file); err != nil || outcomes(report) != "given" {
		t.Fatalf("the header: %s, %v", outcomes(report), err)
	}
	verified := w.verifyTimes(provenance.VerifyOptions{})
	if verified.ExitCode != 0 || verified.Times.Unchecked != 0 || len(verified.Times.Sources) != 3 || verified.Times.Sources[0].Kind != schemas.BitcoinSource {
		t.Errorf("with its header kept: exit code %d, %+v\n%s", verified.ExitCode, verified.Times, problems(verified))
	}
	mainnet, err := provenance.Verify(t.Context(), w.Dir(), provenance.VerifyOptions{Now: w.Clock.Now})
	if err != nil || mainnet.ExitCode != 11 {
		t.Errorf("a block without work: exit code %d, %v", mainnet.ExitCode, err)
	}
}

// brackets compares what readers of single snapshots are told with what verify
// found of all.
func (w *clockwork) brackets(stamped int64) {
	t := w.t
	t.Helper()
	w.Clock.Advance(time.Hour)
	w.Capture(postURL)
	w.Clock.Advance(time.Minute)
	w.stamp(false)
	brackets, err := provenance.NewBrackets(w.Archive.Archive, timestamp.Regtest)
	if err != nil {
		t.Fatal(err)
	}
	head, err := w.Archive.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	for sequence := range head.Message.Sequence {
		snapshot, err := w.Archive.Archive.At(t.Context(), sequence)
		if err != nil {
			t.Fatal(err)
		}
		got, err := brackets.Of(t.Context(), snapshot)
		if err != nil {
			t.Fatal(err)
		}
		want := w.verifyTimes(provenance.VerifyOptions{Range: &provenance.Range{From: sequence, To: sequence}}).Times.Bracket
		if asJSON(t, got) != asJSON(t, want) {
			t.Errorf("snapshot %d: a reader is told %s, verify says %s", sequence, asJSON(t, got), asJSON(t, want))
		}
		if sequence > stamped+1 && got != nil && got.NotBefore == nil {
			t.Errorf("snapshot %d comes after nothing", sequence)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestStampFailures: whoever does not answer stops nobody, and is asked again.
func TestStampFailures(t *testing.T) {
	w := newClockwork(t)
	w.Capture(postURL)
	w.two.Fail = func(rw http.ResponseWriter) { http.Error(rw, "closed", http.StatusServiceUnavailable) }
	w.calendar.Fail = true
	report := w.stamp(false)
	if got := outcomes(report); got != "given failed failed" {
		t.Fatalf("stamped: %s", got)
	}
	w.two.Fail, w.calendar.Fail = nil, false
	if got := outcomes(w.stamp(false)); got != "present given promised" {
		t.Errorf("asked again: %s", got)
	}
	w.Clock.Advance(time.Hour)
	w.Capture(postURL)
	w.one.Now = func() time.Time { return w.Clock.Now().Add(-time.Hour) }
	w.two.Edit = func(i *timestamptest.Info) { i.Imprint.HashedMessage[0] ^= 1 }
	report = w.stamp(false)
	if got := outcomes(report); got != "failed failed promised" || !strings.Contains(report.Asked[0].Detail, "clocks") || !strings.Contains(report.Asked[1].Detail, "other bytes") {
		t.Errorf("with bad tokens: %s, %+v", got, report.Asked)
	}
	if verified := w.verifyTimes(provenance.VerifyOptions{}); verified.ExitCode != 0 || verified.Times.Pending != 2 {
		t.Errorf("exit code %d, %+v\n%s", verified.ExitCode, verified.Times, problems(verified))
	}
	if got := states(w.status()); got != "proven pending" {
		t.Errorf("snapshots are %s", got)
	}
	w.stamper.Asked = provenance.NewAskTimes(filepath.Join(t.TempDir(), "state", "stamp.json"))
	w.stamper.Authorities[0].Interval = time.Minute
	w.stamp(false)
	if report := w.stamp(false); report.Asked[0].Outcome != schemas.StampDelayed || report.Asked[1].Outcome != schemas.StampFailed {
		t.Errorf("asked at once again: %s", outcomes(report))
	}
	w.Clock.Advance(2 * time.Minute)
	if report := w.stamp(false); report.Asked[0].Outcome != schemas.StampFailed {
		t.Errorf("asked later again: %s", outcomes(report))
	}
}

// TestStampRenew stamps evidence, too, and keeps revocation lists.
func TestStampRenew(t *testing.T) {
	w := newClockwork(t)
	var list []byte
	url := serveHTTP(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(list) }))
	w.one = timestamptest.NewAuthority(t, "First Time", w.Clock.Now, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{url} })
	w.stamper.Authorities[0].URL, w.stamper.Authorities[0].Roots = serveHTTP(t, w.one), w.one.PEM()
	w.Capture(postURL)
	w.stamp(false)
	w.Clock.Advance(time.Hour)
	const superseded, compromised = 4, 1
	list = w.one.Revoke(w.Clock.Now().Add(time.Minute), superseded)
	report := w.stamp(true)
	if got := outcomes(report); got != "given given promised given" || report.Of.Sequence < 2 {
		t.Fatalf("renewed: %s of %v", got, report.Of)
	}
	verified := w.verifyTimes(provenance.VerifyOptions{})
	if verified.ExitCode != 0 || verified.Times.Sources[0].Tokens != 2 {
		t.Errorf("exit code %d, %+v\n%s", verified.ExitCode, verified.Times, problems(verified))
	}
	w.Clock.Advance(time.Hour)
	list = w.one.Revoke(w.Clock.Now(), compromised)
	w.stamp(true)
	verified = w.verifyTimes(provenance.VerifyOptions{})
	if verified.ExitCode != 11 || !strings.Contains(problems(verified), "revoked") {
		t.Errorf("with a key that was stolen: exit code %d\n%s", verified.ExitCode, problems(verified))
	}
	head, err := w.Archive.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]bool{}
	for file, err := range head.Evidence(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		tokens[file.Path()] = strings.HasPrefix(file.Name, "tsa-first-")
	}
	for _, check := range verified.Checks {
		for _, p := range check.Problems {
			if !tokens[p.Subject] {
				t.Errorf("there is no token %s", p.Subject)
			}
		}
	}
	e := &evidence{Archive: w.Archive, key: w.Recorder.Key, file: filepath.Join(t.TempDir(), "evidence.zip")}
	e.write(t, e.file, e.options(t, postURL))
	verified = verifyBundle(t, e.file, provenance.VerifyOptions{Network: timestamp.Regtest})
	if verified.ExitCode != 11 || !strings.Contains(problems(verified), "revoked") {
		t.Errorf("in a bundle: exit code %d\n%s", verified.ExitCode, problems(verified))
	}
}

// TestEvidenceAttacks: evidence that an operator may have made up himself.
func TestEvidenceAttacks(t *testing.T) {
	w := newClockwork(t)
	w.Capture(postURL)
	report := w.stamp(false)
	of := *report.Of
	head, err := w.Archive.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	content := map[archive.EvidenceKind][]byte{}
	for file, err := range head.Evidence(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := file.Kind()
		if content[kind], err = head.ReadEvidence(file); err != nil {
			t.Fatal(err)
		}
	}
	token, proof := content[archive.TokenEvidence], content[archive.PendingProof]
	later := w.Clock.Now().Add(3 * time.Hour)
	name := archive.TokenFile("first", w.Clock.Now())
	root, err := w.Archive.Archive.At(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	header := timestamptest.NewHeader(sha256.Sum256(nil), later, 0x207fffff)
	for title, attack := range map[string]struct {
		of   schemas.CommitRef
		name string
		data []byte
		code int
		says string
	}{
		"token over another commit": {root.Ref(), name, token, 10, "other bytes"},
		"junk after a token":        {of, archive.TokenFile("third", w.Clock.Now()), append(bytes.Clone(token), 0), 10, "too many"},
		"authority unknown":         {of, archive.TokenFile("third", w.Clock.Now()), token, 11, "does not say who"},
		"token under another time":  {of, archive.TokenFile("second", later), token, 10, "would be called"},
		"token of the other":        {root.Ref(), archive.TokenFile("second", w.Clock.Now()), token, 10, ""},
		"proof over another commit": {root.Ref(), archive.PendingFile(1), proof, 10, "other bytes"},
		"junk after a proof":        {of, archive.PendingFile(2), append(bytes.Clone(proof), 0), 10, "behind the proof"},
		"proof in no block":         {of, archive.BlockProofFile(150), proof, 10, "which block"},
		"proof over a SHA-1":        {of, archive.PendingFile(2), append(append([]byte("\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94\x01\x02"), make([]byte, 20)...), 0), 15, "SHA-1"},
		"header of no block":        {of, archive.HeaderFile(700_000), header[:], 11, "less work"},
		"header cut off":            {of, archive.HeaderFile(700_000), header[:79], 10, "79 bytes"},
		"no commit of ours":         {schemas.CommitRef{Sequence: 1, SHA256: schemas.DigestOf(nil)}, name, token, 10, "of no snapshot"},
	} {
		t.Run(title, func(t *testing.T) {
			v := &victim{t: t, dir: copyOf(t, w.Dir()), id: w.Archive.Archive.ID(), key: w.Key, memory: w.Memory, clock: w.Clock}
			v.forge(forgery{kind: schemas.KindEvidence, put: map[string]string{archive.EvidenceFolder(attack.of.Sequence, attack.of.SHA256) + "/" + attack.name: string(attack.data)}})
			report := v.verify(provenance.VerifyOptions{})
			if report.ExitCode != attack.code || !strings.Contains(problems(report), attack.says) {
				t.Errorf("exit code %d, want %d, %q: %s", report.ExitCode, attack.code, attack.says, problems(report))
			}
		})
	}
}

// TestTimeConflict: a commit that lies about its time is found out by a timestamp,
// in both directions.
func TestTimeConflict(t *testing.T) {
	w := newClockwork(t)
	w.Capture(postURL)
	w.Clock.Advance(time.Hour)
	w.stamp(false)
	v := &victim{t: t, dir: copyOf(t, w.Dir()), id: w.Archive.Archive.ID(), key: w.Key, memory: w.Memory, clock: w.Clock}
	v.forge(forgery{time: w.Clock.Now().Add(-30 * time.Minute).Unix(), put: map[string]string{}})
	if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 10 { // its time lies before its parent's
		t.Errorf("exit code %d: %s", report.ExitCode, problems(report))
	}
	// The archive's clock runs ahead of that of the authority, and nobody notices
	// when the token is taken: a program that does not look.
	w.Clock.Advance(time.Hour)
	w.Capture(postURL)
	ahead := w.Clock.Now()
	head, err := w.Archive.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	w.one.Now = func() time.Time { return ahead.Add(-20 * time.Minute) }
	request, err := timestamp.NewRequest(head.Commit.SHA256, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	query, err := request.Encode()
	if err != nil {
		t.Fatal(err)
	}
	evidence := &archive.Evidence{Of: head.Ref(), Name: archive.TokenFile("first", w.one.Now()), Content: w.one.Answer(query)}
	if _, err := w.Vouch(t.Context(), "a token from the past", []*archive.Evidence{evidence}); err != nil {
		t.Fatal(err)
	}
	report := w.verifyTimes(provenance.VerifyOptions{})
	if report.ExitCode != 13 || !strings.Contains(problems(report), "TIME-CONFLICT") {
		t.Errorf("exit code %d: %s", report.ExitCode, problems(report))
	}
}

// copyOf returns a copy of an archive to attack.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.git")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}
