package index

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/walkback-dev/walkback/schemas"
)

// View is the index as it was at one moment, whatever is added meanwhile. Its
// methods must not be called at the same time. It must be closed.
//
// Each method may return a *DamagedError; what it yielded before that is not to
// be trusted.
type View struct {
	index *Index
	conn  *sql.Conn
	about about
}

// View begins to read.
func (x *Index) View(ctx context.Context) (*View, error) {
	conn, err := x.db.Conn(ctx)
	if err != nil {
		return nil, x.asDamage(fmt.Errorf("reading index: %w", err))
	}
	v := &View{index: x, conn: conn}
	if _, err = conn.ExecContext(ctx, "BEGIN"); err == nil {
		v.about, err = readAbout(ctx, x, conn)
	}
	if err != nil {
		return nil, errors.Join(x.asDamage(fmt.Errorf("reading index: %w", err)), v.Close())
	}
	return v, nil
}

// Close ends the reading.
func (v *View) Close() error {
	// The transaction read only: it ends with the connection at the latest.
	_, _ = v.conn.ExecContext(context.Background(), "ROLLBACK")
	return v.conn.Close()
}

func readAbout(ctx context.Context, x *Index, conn *sql.Conn) (about, error) {
	a, whole, err := scanAbout(conn.QueryRowContext(ctx, selectAbout))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return a, x.damaged("it does not say what it is")
	case err != nil:
		return a, x.unscanned(err)
	case !whole || a.identity != x.identity || a.sequence >= 0 && len(a.commit) != len(CommitID{}):
		return a, x.damaged("what it says of itself is not whole")
	}
	return a, nil
}

func (a *about) newest() (int64, CommitID) {
	var id CommitID
	copy(id[:], a.commit)
	return a.sequence, id
}

// Newest returns the newest commit that is indexed, -1 and none in an empty
// index.
func (v *View) Newest() (int64, CommitID) { return v.about.newest() }

// Commit returns the commit with this sequence, which must not be higher than
// the newest nor negative.
func (v *View) Commit(ctx context.Context, sequence int64) (CommitID, error) {
	var (
		id    []byte
		check int64
		found CommitID
	)
	err := v.conn.QueryRowContext(ctx, `SELECT id, "check" FROM commits WHERE sequence = ?`, sequence).Scan(&id, &check)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return found, v.index.damaged("commit %d is not in it", sequence)
	case err != nil:
		return found, v.fail(v.index.unscanned(err))
	case copy(found[:], id) != len(found) || commitCheck(sequence, id) != check:
		return found, v.index.damaged("commit %d is not whole", sequence)
	}
	return found, nil
}

// Pages yields every page as the newest commit has it, in the order of their
// first captures, or of their names, which takes longer and space for temporary
// files.
func (v *View) Pages(ctx context.Context, byName bool) iter.Seq2[schemas.ListedPage, error] {
	return func(yield func(schemas.ListedPage, error) bool) {
		stop := func(err error) { yield(schemas.ListedPage{}, err) }
		order := "n"
		if byName {
			order = "url"
		}
		rows, err := v.conn.QueryContext(ctx, selectPages+order)
		if err != nil {
			stop(v.fail(err))
			return
		}
		defer rows.Close()
		var count, digest int64
		for rows.Next() {
			p, whole, err := scanPage(rows.Scan)
			if err != nil {
				stop(v.fail(v.index.unscanned(err)))
				return
			}
			if !whole {
				stop(v.index.damaged("page %d is not whole", p.n))
				return
			}
			count++
			digest += p.check()
			if !yield(p.listed, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			stop(v.fail(err))
		} else if count != v.about.pages || digest != v.about.digest {
			stop(v.index.damaged("it has %d pages in place of %d, or others", count, v.about.pages))
		}
	}
}

// Due yields the pages that are to be looked at again by a moment, each with the
// time of its last look and when it is due, those due first first, and no more
// than most; 0 is all. A damaged list of them can hide a page until the file is
// made anew.
func (v *View) Due(ctx context.Context, by schemas.Time, most int) iter.Seq2[schemas.ListedPage, error] {
	return func(yield func(schemas.ListedPage, error) bool) {
		if most == 0 {
			most = -1 // as SQL says it
		}
		rows, err := v.conn.QueryContext(ctx, selectDue, int64(by), most)
		if err != nil {
			yield(schemas.ListedPage{}, v.fail(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			p, whole, err := scanPage(rows.Scan)
			switch {
			case err != nil:
				err = v.fail(v.index.unscanned(err))
			case !whole || p.due() > by:
				err = v.index.damaged("page %d is not whole", p.n)
			}
			p.listed.LookedAt, p.listed.DueAt = p.looks.Looked, p.due()
			if !yield(p.listed, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(schemas.ListedPage{}, v.fail(err))
		}
	}
}

// Capture is a commit that touched a page's folder.
type Capture struct {
	Sequence   int64
	Commit     CommitID        // by [View.Captures] only
	CapturedAt schemas.Time    // of the newest capture then
	Outcome    schemas.Outcome // of the capture that it made; "" when it made none
	Untracked  bool            // check passed the page over then
	Served     bool            // it made a served capture, or else no more than read one anew,
	Content    schemas.Digest  // which says this; none when neither is so
	Reader     string          // the extractor of the text that Content is of; "": it is of no text
	Verdict    string          // see Touch
}

func (c *capture) public() Capture {
	return Capture{Sequence: c.sequence, CapturedAt: c.capturedAt, Outcome: c.outcome, Untracked: c.untracked, Served: c.served, Content: digestOf(c.content), Reader: c.reader, Verdict: c.verdict}
}

// Capture returns the commit with this sequence, which touched the page's folder:
// if it is not in the index, that is damage.
func (v *View) Capture(ctx context.Context, id schemas.PageID, sequence int64) (Capture, error) {
	rows, err := v.conn.QueryContext(ctx, `SELECT `+captureRow+` FROM captures c
		WHERE page = (SELECT n FROM pages WHERE id = ?) ORDER BY n DESC`, id[:])
	if err != nil {
		return Capture{}, v.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c capture
		var check int64
		switch err := rows.Scan(c.columns(&check)...); {
		case err != nil:
			return Capture{}, v.fail(v.index.unscanned(err))
		case c.check() != check:
			return Capture{}, v.index.damaged("capture %d is not whole", c.n)
		case c.sequence == sequence:
			return c.public(), nil
		}
	}
	if err := rows.Err(); err != nil {
		return Capture{}, v.fail(err)
	}
	return Capture{}, v.index.damaged("commit %d did not touch %s", sequence, id)
}

// Captures returns the commits that touched a page's folder, oldest first. The
// newest commit must have the page: one that is not in the index is damage.
func (v *View) Captures(ctx context.Context, id schemas.PageID) ([]Capture, error) {
	statement, err := v.conn.PrepareContext(ctx, selectPage)
	if err != nil {
		return nil, v.fail(err)
	}
	defer statement.Close()
	p, known, err := readPage(ctx, v.index, statement, id)
	if err != nil {
		return nil, v.fail(err)
	}
	if !known {
		return nil, v.index.damaged("page %s is not in it", id)
	}
	rows, err := v.conn.QueryContext(ctx, selectCaptures, p.n)
	if err != nil {
		return nil, v.fail(err)
	}
	defer rows.Close()
	var captures []Capture
	var digest int64
	for rows.Next() {
		var (
			c              capture
			id             []byte
			check, idCheck int64
		)
		if err := rows.Scan(append(c.columns(&check), &id, &idCheck)...); err != nil {
			return nil, v.fail(v.index.unscanned(err))
		}
		digest = sum(digest, c.check())
		found := c.public()
		if copy(found.Commit[:], id) != len(found.Commit) || commitCheck(c.sequence, id) != idCheck {
			return nil, v.index.damaged("commit %d is not whole", c.sequence)
		}
		captures = append(captures, found)
	}
	if err := rows.Err(); err != nil {
		return nil, v.fail(err)
	}
	if int64(len(captures)) != p.captures || digest != p.digest {
		return nil, v.index.damaged("it has %d captures of %s in place of %d, or others", len(captures), id, p.captures)
	}
	return captures, nil
}

// readPage returns the row of a page, and whether there is one.
func readPage(ctx context.Context, x *Index, statement *sql.Stmt, id schemas.PageID) (page, bool, error) {
	p, whole, err := scanPage(statement.QueryRowContext(ctx, id[:]).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return page{}, false, nil
	case err != nil:
		return page{}, false, x.unscanned(err)
	case !whole || p.listed.Page != id:
		return page{}, false, x.damaged("page %s is not whole", id)
	}
	return p, true, nil
}

// digestOf is the reverse of content.
func digestOf(content []byte) (d schemas.Digest) {
	copy(d[:], content)
	return d
}

// Hit is a served capture that has the words of a query. Of those in a row that
// say the same it is the first.
type Hit struct {
	URL      string // the page's name
	Sequence int64  // of the commit that made the capture
	Content  schemas.Digest
}

// Search yields the captures that have the words of a query, those indexed last
// first. A hit is to be held against the text of the capture: see [Query.Find].
func (v *View) Search(ctx context.Context, q Query) iter.Seq2[Hit, error] {
	return func(yield func(Hit, error) bool) {
		rows, err := v.conn.QueryContext(ctx, `SELECT `+captureRow+`, p.url
			FROM words CROSS JOIN captures c ON c.n = words.rowid CROSS JOIN pages p ON p.n = c.page
			WHERE words MATCH ? ORDER BY words.rowid DESC`, q.match())
		if err != nil {
			yield(Hit{}, v.fail(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var (
				c     capture
				check int64
				hit   Hit
			)
			err := rows.Scan(append(c.columns(&check), &hit.URL)...)
			switch {
			case err != nil:
				err = v.fail(v.index.unscanned(err))
			case c.check() != check:
				err = v.index.damaged("capture %d is not whole", c.n)
			}
			hit.Sequence, hit.Content = c.sequence, digestOf(c.content)
			if !yield(hit, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Hit{}, v.fail(err))
		}
	}
}

func (v *View) fail(err error) error {
	if err == nil {
		return nil
	}
	return v.index.asDamage(fmt.Errorf("reading index: %w", err))
}

// Quoting returns the names of the posts that have quotes bound to a page.
func (v *View) Quoting(ctx context.Context, source schemas.PageID) (names []string, err error) {
	rows, err := v.conn.QueryContext(ctx, `SELECT q.post, q."check", p.url, p.id FROM quoted q LEFT JOIN pages p ON p.n = q.post WHERE q.source = ?`, source[:])
	if err != nil {
		return nil, v.index.asDamage(err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			post, check int64
			name        sql.NullString
			id          []byte
		)
		if err := rows.Scan(&post, &check, &name, &id); err != nil {
			return nil, v.index.unscanned(err)
		}
		page := schemas.PageIDOf(name.String)
		if check != quotedCheck(source[:], post) || !bytes.Equal(page[:], id) {
			return nil, v.index.damaged("what it says of the quotes from page %s is not whole", source)
		}
		names = append(names, name.String)
	}
	if err := rows.Err(); err != nil {
		return nil, v.index.asDamage(err)
	}
	return names, nil
}
