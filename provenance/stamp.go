package provenance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// Stamper says whom to ask for timestamps.
type Stamper struct {
	Client      *timestamp.Client
	Authorities []StampAuthority
	Calendars   []StampCalendar
	Asked       *AskTimes         // when each was asked last; nil: they are asked however often
	Network     timestamp.Network // whose headers prove times
}

// StampAuthority is a time stamping authority of the settings.
type StampAuthority struct {
	Name      string // a word of a-z, 0-9 and -
	URL       string
	Roots     []byte // certificates, in PEM
	Policies  []string
	Qualified bool
	Interval  time.Duration // asked once in this time at most
}

// StampCalendar is an OpenTimestamps calendar of the settings.
type StampCalendar struct {
	Name string // "": as its address is
	URL  string
}

const (
	asksAtOnce  = 8
	maxUpgrades = 200 // promises that one call asks for, the newest first
)

// stamping is one call of [Recorder.Stamp].
type stamping struct {
	*Stamper
	rec    *Recorder
	target *archive.Snapshot
	report *schemas.StampReport

	mu       sync.Mutex
	evidence []*archive.Evidence
	proof    *timestamp.Proof // what calendars have promised now
}

// Stamp asks for what the newest snapshot lacks: a token of each authority, and
// the promise of each calendar. The chain covers all snapshots before it, so that
// what could not be had for one is made up for by the next. What was had becomes
// one commit of kind evidence. An authority that fails is part of the report, not
// an error. With renew, the newest commit of all is stamped, evidence too, and
// current revocation lists are kept with it.
func (rec *Recorder) Stamp(ctx context.Context, s *Stamper, renew bool) (*schemas.StampReport, error) {
	st := &stamping{Stamper: s, rec: rec, report: rec.stampReport()}
	if err := rec.Ready(ctx); err != nil {
		return nil, err
	}
	have, err := st.choose(ctx, renew)
	if err != nil {
		return nil, err
	}
	if added, err := rec.entrustAuthorities(ctx, st.missing(have)); err != nil {
		return nil, err
	} else if added {
		if have, err = st.choose(ctx, renew); err != nil {
			return nil, err
		}
	}
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(asksAtOnce)
	st.report.Asked = make([]schemas.StampResult, len(s.Authorities)+len(s.Calendars))
	for i, a := range s.Authorities {
		group.Go(func() error { st.report.Asked[i] = st.askAuthority(asking, &a, have); return nil })
	}
	for i, c := range s.Calendars {
		group.Go(func() error { st.report.Asked[len(s.Authorities)+i] = st.askCalendar(asking, c, have); return nil })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if renew {
		if err := st.fetchLists(ctx); err != nil {
			return nil, err
		}
	}
	return st.report, st.commit(ctx, have)
}

func (rec *Recorder) stampReport() *schemas.StampReport {
	return &schemas.StampReport{
		Schema: schemas.StampReportSchema, ArchiveID: rec.Archive.ID(), Asked: []schemas.StampResult{}, Ranges: []schemas.StampRange{},
	}
}

// had is what vouches for the target already.
type had struct {
	authorities map[string]string // files by authority
	calendars   map[string]string // files by address
	pending     int
}

// choose finds what to stamp and what it has.
func (st *stamping) choose(ctx context.Context, renew bool) (*had, error) {
	head, err := st.rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	st.target = nil
	for snapshot, err := range head.Snapshots(ctx) {
		if err != nil {
			return nil, err
		}
		if renew || snapshot.Message.Kind != schemas.KindEvidence {
			st.target = snapshot
			break
		}
	}
	of := st.target.Ref()
	st.report.Of = &of
	have := &had{authorities: map[string]string{}, calendars: map[string]string{}}
	files, err := head.EvidenceOf(ctx, of)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		switch kind, authority, _ := file.Kind(); kind {
		case archive.TokenEvidence:
			have.authorities[authority] = file.Name
		case archive.PendingProof:
			have.pending++
			data, err := head.ReadEvidence(file)
			if err != nil {
				return nil, err
			}
			proof, err := timestamp.ParseProof(data)
			if err != nil {
				continue // verify tells what is wrong with it
			}
			for _, a := range proof.Attestations() {
				have.calendars[strings.TrimSuffix(a.URI, "/")] = file.Name
			}
		}
	}
	return have, nil
}

// missing returns the authorities that are about to be asked.
func (st *stamping) missing(have *had) []StampAuthority {
	return slices.DeleteFunc(slices.Clone(st.Authorities), func(a StampAuthority) bool {
		return have.authorities[a.Name] != "" || st.Asked.wait(a.URL, a.Interval, st.rec.now()) > 0
	})
}

func (st *stamping) askAuthority(ctx context.Context, a *StampAuthority, have *had) schemas.StampResult {
	result := schemas.StampResult{Name: a.Name}
	if file := have.authorities[a.Name]; file != "" {
		result.Outcome, result.File = schemas.StampPresent, file
		return result
	}
	if wait := st.Asked.wait(a.URL, a.Interval, st.rec.now()); wait > 0 {
		result.Outcome, result.Detail = schemas.StampDelayed, "it was asked a moment ago, and is asked again in "+wait.Round(time.Second).String()
		return result
	}
	st.Asked.note(a.URL, st.rec.now())
	authority, err := a.authority()
	var answer []byte
	var token *timestamp.Token
	if err == nil {
		answer, token, _, err = st.Client.Stamp(ctx, a.URL, st.target.Commit.Raw, authority, new(timestamp.Verifier))
	}
	if err != nil {
		result.Outcome, result.Detail = schemas.StampFailed, err.Error()
		return result
	}
	result.Outcome, result.Time, result.File = schemas.StampGiven, schemas.TimeOf(token.Time), archive.TokenFile(a.Name, token.Time)
	if late := st.target.Commit.Time.Sub(token.Time); late > clockTolerance {
		// Kept, it would make the archive contradict itself for ever.
		result.Outcome, result.File = schemas.StampFailed, ""
		result.Detail = fmt.Sprintf("it says that it is %s, which is %s before the snapshot: one of the two clocks is wrong", token.Time.Format(time.RFC3339), late.Round(time.Second))
		return result
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.evidence = append(st.evidence, &archive.Evidence{Of: st.target.Ref(), Name: result.File, Content: answer})
	return result
}

func (a *StampAuthority) authority() (*timestamp.Authority, error) {
	roots, others, err := timestamp.ParseRoots(a.Roots)
	if err != nil {
		return nil, fmt.Errorf("reading the roots of %s: %w", a.Name, err)
	}
	return &timestamp.Authority{Name: a.Name, Roots: roots, Others: others, Policies: a.Policies, Qualified: a.Qualified}, nil
}

func (st *stamping) askCalendar(ctx context.Context, calendar StampCalendar, have *had) schemas.StampResult {
	result := schemas.StampResult{Name: cmp.Or(calendar.Name, calendarName(calendar.URL))}
	if file := have.calendars[strings.TrimSuffix(calendar.URL, "/")]; file != "" {
		result.Outcome, result.File = schemas.StampPresent, file
		return result
	}
	proof, err := st.Client.Submit(ctx, calendar.URL, st.target.Commit.SHA256)
	st.mu.Lock()
	defer st.mu.Unlock()
	if err == nil && st.proof == nil {
		st.proof = proof
	} else if err == nil {
		err = st.proof.Merge(proof)
	}
	if err != nil {
		result.Outcome, result.Detail = schemas.StampFailed, err.Error()
		return result
	}
	result.Outcome, result.File = schemas.StampPromised, archive.PendingFile(have.pending+1)
	return result
}

// commit keeps what was had.
func (st *stamping) commit(ctx context.Context, have *had) error {
	if st.proof != nil {
		st.evidence = append(st.evidence, &archive.Evidence{
			Of: st.target.Ref(), Name: archive.PendingFile(have.pending + 1), Content: st.proof.Encode(),
		})
	}
	if len(st.evidence) == 0 {
		return nil
	}
	snapshot, err := st.rec.Vouch(ctx, fmt.Sprintf("timestamps of snapshot %d", st.target.Message.Sequence), st.evidence)
	if err != nil || snapshot == nil {
		return err
	}
	ref := snapshot.Ref()
	st.report.Commit = &ref
	return nil
}

// fetchLists keeps the current revocation lists of the authorities whose tokens
// the archive has: later on nobody may give them any more.
func (st *stamping) fetchLists(ctx context.Context) error {
	v, err := st.rec.lookAtTimes(ctx)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for _, p := range v.times.proofs {
		for _, c := range p.chain {
			for _, address := range c.CRLDistributionPoints {
				if asked[address] || !strings.HasPrefix(address, "http") {
					continue
				}
				asked[address] = true
				st.report.Asked = append(st.report.Asked, st.fetchList(ctx, p.source, address))
			}
		}
	}
	return nil
}

func (st *stamping) fetchList(ctx context.Context, authority, address string) schemas.StampResult {
	result := schemas.StampResult{Name: address, Outcome: schemas.StampFailed}
	der, err := st.Client.CRL(ctx, address)
	var list *timestamp.CRL
	if err == nil {
		list, err = timestamp.ParseCRL(der)
	}
	if err != nil {
		result.Detail = err.Error()
		return result
	}
	name := archive.CRLFile(authority, list.ThisUpdate)
	if slices.ContainsFunc(st.evidence, func(e *archive.Evidence) bool { return e.Name == name }) {
		result.Detail = "another list of the same authority has the same date"
		return result
	}
	st.evidence = append(st.evidence, &archive.Evidence{Of: st.target.Ref(), Name: name, Content: der})
	result.Outcome, result.File, result.Time = schemas.StampGiven, name, schemas.TimeOf(list.ThisUpdate)
	return result
}

// entrustAuthorities writes into the archive who these authorities are, where that
// is not there already: tokens are judged by it.
func (rec *Recorder) entrustAuthorities(ctx context.Context, list []StampAuthority) (added bool, err error) {
	if len(list) == 0 {
		return false, nil
	}
	snapshot, err := rec.entrust(ctx, func(e *trustEdit) (string, error) {
		known, err := authorityList(e.read)
		if err != nil {
			return "", err
		}
		var names []string
		for _, a := range list {
			changed, err := e.trustAuthority(known, &a)
			if err != nil {
				return "", err
			}
			if changed {
				names = append(names, a.Name)
			}
		}
		return "authorities " + strings.Join(names, ", "), nil
	})
	return snapshot != nil, err
}

func (e *trustEdit) trustAuthority(known *schemas.Authorities, a *StampAuthority) (changed bool, err error) {
	authority, err := a.authority()
	if err != nil {
		return false, nil //nolint:nilerr // asking it will tell
	}
	file := rootsFile(a.Name)
	before, err := e.read(file)
	if err != nil {
		return false, err
	}
	pem := timestamp.EncodePEM(slices.Concat(authority.Roots, authority.Others)...)
	entry := schemas.TrustedAuthority{Name: a.Name, Policies: a.Policies, Qualified: a.Qualified}
	i := slices.IndexFunc(known.Authorities, func(k schemas.TrustedAuthority) bool { return k.Name == a.Name })
	if i >= 0 && bytes.Equal(before, pem) && known.Authorities[i].Qualified == a.Qualified && slices.Equal(known.Authorities[i].Policies, a.Policies) {
		return false, nil
	}
	if i < 0 {
		known.Authorities = append(known.Authorities, entry)
	} else {
		known.Authorities[i] = entry
	}
	list, err := schemas.Encode(known)
	if err != nil {
		return false, err
	}
	e.write(authoritiesFile, list)
	e.write(file, pem)
	return true, nil
}

// lookAtTimes finds out what timestamps prove as of the head, and nothing else.
func (rec *Recorder) lookAtTimes(ctx context.Context) (*verifier, error) {
	return lookAtTimes(ctx, rec.Archive.Store(), VerifyOptions{Now: rec.Now})
}

func lookAtTimes(ctx context.Context, store *gitstore.Store, options VerifyOptions) (*verifier, error) {
	v := newVerifier(store, options)
	v.walk(ctx)
	if len(v.chain) == 0 {
		return nil, errors.New("the archive's commits cannot be read; walkback verify tells more")
	}
	v.checkAllEvidence(ctx)
	return v, ctx.Err()
}
