package archive_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/buffer"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	millionRun      = 10_000 // new pages of a run
	millionHot      = 1000   // the first pages, which every later run captures again
	millionBatch    = 1024   // pages of a batch
	millionTogether = 32     // pages of a snapshot
)

// BenchmarkMillionArchive makes a signed archive of as many pages as
// WALKBACK_MILLION says, with one more version of a thousand pages for each
// 10,000, in the folder that WALKBACK_MILLION_DIR names, with the key and the
// state of its user beside it. An archive that is there is continued. It writes
// all that a capture writes and leaves out only the network. What it made is
// measured by BenchmarkMillion of cmd/walkback:
//
//	export WALKBACK_MILLION=1000000 WALKBACK_MILLION_DIR=/big/million
//	go test -run '^$' -bench MillionArchive -benchtime 1x -timeout 3h ./archive
//	go test -run '^$' -bench Million -benchtime 1x -timeout 1h ./cmd/walkback
func BenchmarkMillionArchive(b *testing.B) {
	pages, err := strconv.Atoi(os.Getenv("WALKBACK_MILLION"))
	if err != nil {
		b.Skip("WALKBACK_MILLION does not say how many pages")
	}
	m := &million{dir: os.Getenv("WALKBACK_MILLION_DIR"), pages: pages, texts: newManyTexts(), buffers: buffer.NewPool("")}
	if m.dir == "" {
		m.dir = b.TempDir()
	}
	if err := m.grow(b); err != nil {
		b.Fatal(err)
	}
}

type million struct {
	dir   string
	pages int
	texts *manyTexts

	buffers *buffer.Pool
	archive *archive.Archive
	key     *trust.Key
	resumed int // the run that may have been cut short
}

func (m *million) path(elem ...string) string {
	return filepath.Join(append([]string{m.dir}, elem...)...)
}

// grow captures pages until there are enough, from where it was cut short.
func (m *million) grow(b *testing.B) (err error) {
	ctx := b.Context()
	memory := trust.NewMemory(m.path("state"))
	if err := m.open(ctx, memory); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.archive.Close()) }()
	runs, err := m.finished()
	if err != nil {
		return err
	}
	for m.resumed = runs; runs*millionRun < m.pages; runs++ {
		started := time.Now()
		head, err := m.run(ctx, runs)
		if err != nil {
			return err
		}
		err = memory.Remember(schemas.Receipt{
			Schema: schemas.ReceiptSchema, ArchiveID: m.archive.ID(),
			Sequence: head.Message.Sequence, HeadSHA256: head.Ref().SHA256, SeenAt: schemas.TimeOf(time.Now()),
		})
		if err == nil {
			err = os.WriteFile(m.path("runs"), []byte(strconv.Itoa(runs+1)), 0o644)
		}
		if err != nil {
			return err
		}
		b.Logf("%d pages, %.0f/s", (runs+1)*millionRun, millionRun/time.Since(started).Seconds())
	}
	return nil
}

func (m *million) open(ctx context.Context, memory *trust.Memory) error {
	file := m.path("config", "keys", "default")
	var err error
	m.key, err = trust.OpenKey(file, nil)
	if errors.Is(err, fs.ErrNotExist) {
		m.key, err = trust.NewKey(file, "", "", nil, rand.Reader)
	}
	if err != nil {
		return err
	}
	m.archive, err = archive.Open(m.path("walkback.git"))
	if errors.Is(err, archive.ErrNotArchive) {
		m.archive, err = provenance.Init(ctx, m.path("walkback.git"), m.key, memory, nil)
	}
	if err == nil {
		m.archive.UseIndex(archive.IndexOptions{Key: m.indexKey})
	}
	return err
}

// indexKey returns the secret that the commands will use too. Without the index,
// each changed page would be judged by a walk through all snapshots.
func (m *million) indexKey() ([]byte, error) {
	file := m.path("state", "index.key")
	key, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key = []byte(rand.Text() + rand.Text())[:32]
		err = errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, key, 0o600))
	}
	return key, err
}

// finished returns how many runs were finished before.
func (m *million) finished() (int, error) {
	data, err := os.ReadFile(m.path("runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(data))
}

// run captures the pages of a run.
func (m *million) run(ctx context.Context, n int) (*archive.Snapshot, error) {
	run, err := archive.NewRun(m.archive, archive.RunOptions{Tool: schemas.Tool{Name: "walkback", Version: "benchmark"}})
	if err != nil {
		return nil, err
	}
	group, within := errgroup.WithContext(ctx)
	drawn := make(chan []*archive.Draft, 2)
	group.Go(func() error {
		defer close(drawn)
		for pages := range slices.Chunk(m.pagesOf(n), millionBatch) {
			drafts, err := m.draw(within, run, n, pages)
			if err != nil {
				return err
			}
			select {
			case drawn <- drafts:
			case <-within.Done():
				return within.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		for drafts := range drawn {
			if _, err := m.archive.Commit(within, run, archive.CommitOptions{Signer: m.key}, drafts...); err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return m.archive.Head()
}

// pagesOf returns the pages of a run.
func (m *million) pagesOf(run int) []int {
	var pages []int
	for n := run * millionRun; n < min(m.pages, (run+1)*millionRun); n++ {
		pages = append(pages, n)
		if run > 0 && n%(millionRun/millionHot) == 0 {
			pages = append(pages, n%millionRun/(millionRun/millionHot))
		}
	}
	return pages
}

// draw drafts snapshots of several pages each.
func (m *million) draw(ctx context.Context, run *archive.Run, n int, pages []int) ([]*archive.Draft, error) {
	looks := make([]*archive.PageDraft, len(pages))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, page := range pages {
		group.Go(func() (err error) {
			revision, fresh := 0, n != m.resumed
			if page < millionHot {
				revision, fresh = n, false
			}
			looks[i], err = m.look(within, run, page, revision, fresh)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var drafts []*archive.Draft
	for _, look := range looks {
		look.Describe(provenance.Standing)
	}
	for together := range slices.Chunk(looks, millionTogether) {
		draft := &archive.Draft{
			Kind: schemas.KindCapture, Subject: fmt.Sprintf("%s (+%d sources)", together[0].Name, len(together)-1), Pages: together,
		}
		if err := provenance.Judge(ctx, m.archive, draft); err != nil {
			return nil, err
		}
		drafts = append(drafts, draft)
	}
	return drafts, nil
}

// look is what comes of fetching a page.
func (m *million) look(ctx context.Context, run *archive.Run, page, revision int, fresh bool) (*archive.PageDraft, error) {
	ref, err := archive.PageAt(fmt.Sprintf("http://site%d.example/news/%d/article-%d", page%48, page/10_000, page))
	if err != nil {
		return nil, err
	}
	text := m.texts.text(page, revision)
	now := time.Now().UTC()
	payload := &fetch.Payload{Buffer: m.buffers.New(), SHA256: sha256.Sum256([]byte(text))}
	if _, err := payload.Write([]byte(text)); err != nil {
		return nil, err
	}
	x := &fetch.Exchange{Started: now, Duration: 30 * time.Millisecond, Payload: payload}
	defer x.Close()
	x.Hops = []fetch.Hop{{
		URL: ref.Name, Started: now, Duration: x.Duration, RemoteAddr: "192.0.2.1:80", Status: http.StatusOK,
		Request:  fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: site%d.example\r\nUser-Agent: %s\r\nAccept-Encoding: identity\r\n\r\n", ref.Name, page%48, fetch.DefaultUserAgent),
		Response: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nDate: %s\r\nContent-Length: %d\r\n\r\n", now.Format(http.TimeFormat), len(text)),
		Header:   http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
	}}
	return run.Record(ctx, ref, fresh, x)
}
