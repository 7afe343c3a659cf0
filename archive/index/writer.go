package index

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/walkback-dev/walkback/archive/schedule"
	"github.com/walkback-dev/walkback/schemas"
)

// Commit is a commit to be indexed, with the pages whose folders it touched,
// each once.
type Commit struct {
	Sequence int64
	ID       CommitID
	Touched  []Touch
	Observed []Observation // looks that found all as before, in the order in which they are told
}

// Observation is a look at a page that found all as before.
type Observation struct {
	Page schemas.PageID
	At   schemas.Time
}

// Touch is a page as a commit left it.
type Touch struct {
	Page schemas.ListedPage
	// Spoken is the page's name as people write it, by which it is completed.
	Spoken string
	// First says that the commit before does not have the page.
	First bool
	// Captured says that the commit made the page's newest capture, and not only
	// changed other files of its folder; Untracked that check passes it over.
	Captured, Untracked bool
	// Served says that the commit made a served capture of the page, and Content
	// what it says: versions are told apart by it. Content without Served is what
	// the page says since the commit read it anew.
	Served  bool
	Content schemas.Digest
	// Reader is the extractor of the text that Content is of; "" when it is of no
	// text.
	Reader string
	// Quotes are the pages that its quotes are bound to, each once, if it is a post.
	Quotes []schemas.PageID
	// Verdict is what is to be kept of the verdict on the capture, in any words.
	Verdict string
	// Text is called only when Content is not that of the served capture before;
	// nil text is no text.
	Text func() ([]byte, error)
}

// Writer adds commits to an index. There is one at a time. Its methods must not
// be called at the same time. It must be closed.
type Writer struct {
	index  *Index
	conn   *sql.Conn
	unlock func() error
	about  about
	names  names
	open   bool // in a transaction

	statements struct {
		page, insertPage, updatePage, looked, commit, capture, names, words, unquote, quote *sql.Stmt
		before, from, insertSorted, updateSorted                                            *sql.Stmt
	}
}

// Writer begins to add to the index, or returns ErrBusy when another process
// does so.
func (x *Index) Writer(ctx context.Context) (*Writer, error) {
	unlock, err := x.lock()
	if err != nil {
		return nil, err
	}
	w := &Writer{index: x, unlock: unlock}
	if w.conn, err = x.db.Conn(ctx); err == nil {
		if err = w.begin(ctx); err == nil {
			err = w.prepare(ctx)
		}
		if err == nil {
			err = w.names.resume(ctx, x, w.conn, w.about.pages)
		}
	}
	if err != nil {
		return nil, errors.Join(x.asDamage(fmt.Errorf("writing index: %w", err)), w.Close())
	}
	return w, nil
}

func (w *Writer) begin(ctx context.Context) error {
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	w.open = true
	var err error
	w.about, err = readAbout(ctx, w.index, w.conn)
	return err
}

func (w *Writer) prepare(ctx context.Context) error {
	var errs []error
	prepare := func(query string) *sql.Stmt {
		s, err := w.conn.PrepareContext(ctx, query)
		errs = append(errs, err)
		return s
	}
	s := &w.statements
	s.page = prepare(selectPage)
	s.insertPage = prepare(insertPage)
	s.updatePage = prepare(updatePage)
	s.looked = prepare(updateLooked)
	s.commit = prepare(`INSERT INTO commits (sequence, id, "check") VALUES (?, ?, ?)`)
	s.capture = prepare(`INSERT INTO captures (` + captureColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	s.names = prepare(insertNames)
	s.words = prepare(`INSERT INTO words (rowid, text) VALUES (?, ?)`)
	s.unquote = prepare(`DELETE FROM quoted WHERE post = ?`)
	s.quote = prepare(`INSERT INTO quoted (source, post, "check") VALUES (?, ?, ?)`)
	s.before = prepare(selectBefore)
	s.from = prepare(selectFrom + " LIMIT 1")
	s.insertSorted = prepare(insertSorted)
	s.updateSorted = prepare(updateSorted)
	return errors.Join(errs...)
}

// Newest returns the newest commit that was added, -1 and none in an empty
// index.
func (w *Writer) Newest() (int64, CommitID) { return w.about.newest() }

// Add adds the commit after the newest one.
func (w *Writer) Add(ctx context.Context, commit Commit) error {
	if commit.Sequence != w.about.sequence+1 {
		return fmt.Errorf("indexing commit %d: the index stands at %d", commit.Sequence, w.about.sequence)
	}
	err := w.add(ctx, commit)
	if err != nil {
		return w.index.asDamage(fmt.Errorf("indexing commit %d: %w", commit.Sequence, err))
	}
	return nil
}

func (w *Writer) add(ctx context.Context, commit Commit) error {
	if !w.open {
		if err := w.begin(ctx); err != nil {
			return err
		}
	}
	id := commit.ID[:]
	if _, err := w.statements.commit.ExecContext(ctx, commit.Sequence, id, commitCheck(commit.Sequence, id)); err != nil {
		return err
	}
	for i := range commit.Touched {
		if err := w.touch(ctx, commit.Sequence, &commit.Touched[i]); err != nil {
			return err
		}
	}
	for _, o := range commit.Observed {
		if err := w.observe(ctx, o); err != nil {
			return err
		}
	}
	w.about.sequence, w.about.commit = commit.Sequence, id
	return nil
}

// observe notes a look at a page. One that nobody captured has none.
func (w *Writer) observe(ctx context.Context, o Observation) error {
	p, known, err := readPage(ctx, w.index, w.statements.page, o.Page)
	if err != nil || !known {
		return err
	}
	w.about.digest -= p.check()
	p.looks.Observe(o.At)
	w.about.digest += p.check()
	_, err = w.statements.looked.ExecContext(ctx, int64(p.looks.Looked), int64(p.due()), p.check(), p.n)
	return err
}

func (w *Writer) touch(ctx context.Context, sequence int64, t *Touch) error {
	p, known, err := readPage(ctx, w.index, w.statements.page, t.Page.Page)
	if err != nil {
		return err
	}
	write := w.statements.updatePage
	switch {
	case known == t.First:
		return w.index.damaged("page %s is in it: %t", t.Page.Page, known)
	case known:
		w.about.digest -= p.check()
	default:
		w.about.pages++
		p.n, write = w.about.pages, w.statements.insertPage
		if err := w.names.add(ctx, w.statements.names, t.Page.URL); err != nil {
			return err
		}
		if err := w.addSorted(ctx, sortedName{t.Spoken, p.n}); err != nil {
			return err
		}
	}
	w.about.captures++
	c := capture{
		n: w.about.captures, page: p.n, sequence: sequence, capturedAt: t.Page.CapturedAt,
		served: t.Served, untracked: t.Untracked, verdict: t.Verdict,
	}
	if t.Captured {
		c.outcome = t.Page.Outcome
		p.looks.Capture(schedule.Capture{
			At: t.Page.CapturedAt, Outcome: t.Page.Outcome, Before: p.listed.Outcome,
			Differs: t.Served && !bytes.Equal(p.content, content(t.Content)),
		})
	}
	if !t.Content.IsZero() {
		c.content, c.reader = content(t.Content), t.Reader
		if !bytes.Equal(p.content, c.content) {
			if err := w.addWords(ctx, c.n, t); err != nil {
				return err
			}
		}
		p.content = c.content
	}
	if _, err := w.statements.capture.ExecContext(ctx, c.values()...); err != nil {
		return err
	}
	if p.listed.Post || t.Page.Post {
		if err := w.addQuotes(ctx, p.n, t.Quotes); err != nil {
			return err
		}
	}
	p.listed = t.Page
	p.captures++
	p.digest = sum(p.digest, c.check())
	w.about.digest += p.check()
	_, err = write.ExecContext(ctx, p.values()...)
	return err
}

// addQuotes takes what a post quotes in place of what it quoted before.
func (w *Writer) addQuotes(ctx context.Context, post int64, sources []schemas.PageID) error {
	if _, err := w.statements.unquote.ExecContext(ctx, post); err != nil {
		return err
	}
	for _, source := range sources {
		if _, err := w.statements.quote.ExecContext(ctx, source[:], post, quotedCheck(source[:], post)); err != nil {
			return err
		}
	}
	return nil
}

// content is a digest as it is stored: none is empty.
func content(d schemas.Digest) []byte {
	if d.IsZero() {
		return nil
	}
	return d[:]
}

func (w *Writer) addWords(ctx context.Context, n int64, t *Touch) error {
	text, err := t.Text()
	if err != nil || text == nil {
		return err
	}
	return tokens(string(text), func(part string) error {
		_, err := w.statements.words.ExecContext(ctx, n, part)
		return err
	})
}

// Flush makes what was added durable and visible to others. What was not
// flushed is lost with the Writer.
func (w *Writer) Flush(ctx context.Context) error {
	if !w.open {
		return nil
	}
	err := w.names.write(ctx, w.statements.names)
	if err == nil {
		err = w.commit(ctx)
	}
	if err != nil {
		return w.index.asDamage(fmt.Errorf("writing index: %w", err))
	}
	w.open = false
	return nil
}

func (w *Writer) commit(ctx context.Context) error {
	a := &w.about
	_, err := w.conn.ExecContext(ctx, `UPDATE about SET (sequence, "commit", pages, digest, captures, "check") = (?, ?, ?, ?, ?, ?) WHERE one = 1`,
		a.sequence, blob(a.commit), a.pages, a.digest, a.captures, a.check())
	if err == nil {
		_, err = w.conn.ExecContext(ctx, "COMMIT")
	}
	return err
}

// Close ends the writing and lets the next writer in.
func (w *Writer) Close() error {
	var errs []error
	s := &w.statements
	for _, statement := range []*sql.Stmt{s.page, s.insertPage, s.updatePage, s.looked, s.commit, s.capture, s.names, s.words, s.unquote, s.quote, s.before, s.from, s.insertSorted, s.updateSorted} {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	if w.open {
		_, err := w.conn.ExecContext(context.Background(), "ROLLBACK")
		errs = append(errs, err)
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	return errors.Join(append(errs, w.unlock())...)
}
