package provenance

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// StampStatus tells which snapshots exist since a proven time, which have only the
// promise of a proof, and which have nothing. Of options it minds Headers, Network,
// Now and Progress.
func StampStatus(ctx context.Context, a *archive.Archive, options VerifyOptions) (*schemas.StampReport, error) {
	v, err := lookAtTimes(ctx, a.Store(), options)
	if err != nil {
		return nil, err
	}
	return &schemas.StampReport{
		Schema: schemas.StampReportSchema, ArchiveID: a.ID(), Asked: []schemas.StampResult{}, Ranges: v.stampRanges(),
		Renew: v.times.renewals(v.options.Now()),
	}, nil
}

func (v *verifier) stampRanges() []schemas.StampRange {
	ranges := []schemas.StampRange{}
	from, first := 0, v.firstSequence()
	add := func(to int, state schemas.StampState, by []string) *schemas.StampRange {
		slices.Sort(by)
		ranges = append(ranges, schemas.StampRange{From: first + int64(from), To: first + int64(to), State: state, By: slices.Compact(by)})
		from = to + 1
		return &ranges[len(ranges)-1]
	}
	t := v.times
	for i := 0; i < len(t.after); {
		of, best := t.proofs[t.after[i]].of, t.existed(t.proofs[t.after[i]].of)
		var by []string
		for ; i < len(t.after) && t.proofs[t.after[i]].of == of; i++ {
			by = append(by, t.proofs[t.after[i]].source)
		}
		add(of, schemas.TimeProven, by).NotAfter = schemas.TimeOf(best.notAfter)
	}
	last, by := -1, []string(nil)
	for _, a := range t.unchecked {
		if a.of >= from {
			last, by = max(last, a.of), append(by, nameOfBlock(a.Height))
		}
	}
	if last >= from {
		add(last, schemas.TimeUnchecked, by)
	}
	last, by = -1, nil
	for _, p := range t.promises {
		if p.of >= from {
			last, by = max(last, p.of), append(by, p.calendars...)
		}
	}
	if last >= from {
		add(last, schemas.TimePending, by)
	}
	if v.newest >= from {
		add(v.newest, schemas.TimeMissing, nil)
	}
	return ranges
}

// AskTimes keeps in a file when each authority was asked last, by all archives of
// a user: some refuse who asks too often.
type AskTimes struct {
	file string
	mu   sync.Mutex
}

// NewAskTimes keeps the times in this file, which need not exist yet.
func NewAskTimes(file string) *AskTimes { return &AskTimes{file: file} }

func (t *AskTimes) read() map[string]time.Time {
	times := map[string]time.Time{}
	data, err := os.ReadFile(t.file)
	if err == nil {
		err = json.Unmarshal(data, &times)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return map[string]time.Time{} // it is worth a question too many, no more
	}
	return times
}

// wait is how long an authority is not to be asked yet.
func (t *AskTimes) wait(address string, interval time.Duration, now time.Time) time.Duration {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	last, ok := t.read()[address]
	if !ok || last.After(now) {
		return 0
	}
	return max(0, interval-now.Sub(last))
}

// note writes down that an authority is asked now.
func (t *AskTimes) note(address string, now time.Time) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	times := t.read()
	for known, at := range times {
		if now.Sub(at) > 24*time.Hour {
			delete(times, known)
		}
	}
	times[address] = now.UTC()
	data, err := json.MarshalIndent(times, "", "  ")
	if err != nil {
		return
	}
	if os.MkdirAll(filepath.Dir(t.file), 0o700) != nil {
		return // as in read
	}
	fresh := t.file + ".new"
	if os.WriteFile(fresh, append(data, '\n'), 0o600) == nil {
		_ = os.Rename(fresh, t.file) // as in read
	}
}
