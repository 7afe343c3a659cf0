package index

import (
	"context"
	"database/sql"

	"github.com/walkback-dev/walkback/archive/schedule"
	"github.com/walkback-dev/walkback/schemas"
)

// schema makes the tables. What it says is format: change both together. The
// hash that FTS5 gathers new words in is counted by it without what surrounds
// each word, which is ten times as much.
const schema = `
CREATE TABLE about (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	identity TEXT NOT NULL, sequence INTEGER NOT NULL, "commit" BLOB NOT NULL,
	pages INTEGER NOT NULL, digest INTEGER NOT NULL, captures INTEGER NOT NULL, "check" INTEGER NOT NULL
);
CREATE TABLE commits (sequence INTEGER PRIMARY KEY, id BLOB NOT NULL, "check" INTEGER NOT NULL);
CREATE TABLE pages (
	n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, url TEXT NOT NULL, title TEXT NOT NULL,
	post INTEGER NOT NULL, tracked INTEGER NOT NULL, method TEXT NOT NULL, outcome TEXT NOT NULL,
	captured_at INTEGER NOT NULL, bytes INTEGER NOT NULL,
	looked_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, failing_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
	captures INTEGER NOT NULL, content BLOB NOT NULL, digest INTEGER NOT NULL, "check" INTEGER NOT NULL
);
CREATE INDEX pages_due ON pages (due_at, n) WHERE due_at > 0;
CREATE TABLE captures (
	n INTEGER PRIMARY KEY, page INTEGER NOT NULL, sequence INTEGER NOT NULL, captured_at INTEGER NOT NULL,
	outcome TEXT NOT NULL, served INTEGER NOT NULL, untracked INTEGER NOT NULL,
	content BLOB NOT NULL, reader TEXT NOT NULL, verdict BLOB NOT NULL, "check" INTEGER NOT NULL
);
CREATE INDEX captures_of_page ON captures (page, n);
CREATE TABLE names (block INTEGER PRIMARY KEY, names TEXT NOT NULL, "check" INTEGER NOT NULL);
CREATE TABLE sorted (name BLOB NOT NULL, page INTEGER NOT NULL, "check" INTEGER NOT NULL, PRIMARY KEY (name, page)) WITHOUT ROWID;
CREATE TABLE quoted (
	source BLOB NOT NULL, post INTEGER NOT NULL, "check" INTEGER NOT NULL, PRIMARY KEY (source, post)
) WITHOUT ROWID;
CREATE INDEX quoted_by ON quoted (post);
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO words (words, rank) VALUES ('hashsize', 1048576);
`

// CommitID is git's name of a commit.
type CommitID [20]byte

// about is the one row that speaks of the whole file.
type about struct {
	identity string
	sequence int64 // of the newest commit; -1: none
	commit   []byte
	pages    int64
	digest   int64 // of the checks of all pages: their sum
	captures int64
}

func (a *about) check() int64 {
	return sum(a.identity, a.sequence, a.commit, a.pages, a.digest, a.captures)
}

func (a *about) insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO about VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
		a.identity, a.sequence, blob(a.commit), a.pages, a.digest, a.captures, a.check())
	return err
}

const selectAbout = `SELECT identity, sequence, "commit", pages, digest, captures, "check" FROM about WHERE one = 1`

// scanAbout reads the row and reports whether it is whole.
func scanAbout(row *sql.Row) (a about, whole bool, err error) {
	var check int64
	err = row.Scan(&a.identity, &a.sequence, &a.commit, &a.pages, &a.digest, &a.captures, &check)
	return a, a.check() == check, err
}

// page is a row of pages.
type page struct {
	n        int64
	listed   schemas.ListedPage
	looks    schedule.Page
	captures int64  // rows of captures
	content  []byte // what the newest served capture says, see Touch
	digest   int64  // of all its captures, in order
}

const (
	pageColumns = `n, id, url, title, post, tracked, method, outcome, captured_at, bytes,
		looked_at, changed_at, failing_at, due_at, captures, content, digest, "check"`
	insertPage = `INSERT INTO pages (` + pageColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updatePage = `UPDATE pages SET (` + pageColumns + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE n = ?1`
	// updateLooked leaves alone what a look cannot change.
	updateLooked = `UPDATE pages SET (looked_at, due_at, "check") = (?, ?, ?) WHERE n = ?`
	selectPage   = `SELECT ` + pageColumns + ` FROM pages WHERE id = ?`
	selectPages  = `SELECT ` + pageColumns + ` FROM pages ORDER BY `
	selectDue    = `SELECT ` + pageColumns + ` FROM pages WHERE due_at > 0 AND due_at <= ? ORDER BY due_at, n LIMIT ?`
)

func (p *page) check() int64 {
	l := &p.listed
	return sum(p.n, l.Page[:], l.URL, l.Title, l.Post, l.Tracked, string(l.Method), string(l.Outcome), int64(l.CapturedAt), l.Bytes,
		int64(p.looks.Looked), int64(p.looks.Changed), int64(p.looks.Failing), int64(p.due()), p.captures, p.content, p.digest)
}

func (p *page) values() []any {
	l := &p.listed
	return []any{
		p.n, l.Page[:], l.URL, l.Title, l.Post, l.Tracked, string(l.Method), string(l.Outcome), int64(l.CapturedAt), l.Bytes,
		int64(p.looks.Looked), int64(p.looks.Changed), int64(p.looks.Failing), int64(p.due()), p.captures, blob(p.content), p.digest, p.check(),
	}
}

// due is when the page is to be looked at again; 0: never.
func (p *page) due() schemas.Time {
	if !p.listed.Tracked {
		return 0
	}
	return p.looks.Due(p.listed.Outcome)
}

// scanPage reads a row and reports whether it is whole.
func scanPage(scan func(...any) error) (p page, whole bool, err error) {
	var (
		l     = &p.listed
		id    []byte
		due   schemas.Time
		check int64
	)
	err = scan(&p.n, &id, &l.URL, &l.Title, &l.Post, &l.Tracked, &l.Method, &l.Outcome, &l.CapturedAt, &l.Bytes,
		&p.looks.Looked, &p.looks.Changed, &p.looks.Failing, &due, &p.captures, &p.content, &p.digest, &check)
	whole = copy(l.Page[:], id) == len(l.Page) && p.due() == due && p.check() == check
	return p, whole, err
}

// capture is a row of captures.
type capture struct {
	n, page    int64
	sequence   int64
	capturedAt schemas.Time
	outcome    schemas.Outcome
	served     bool
	untracked  bool
	content    []byte
	reader     string
	verdict    string
}

const (
	captureColumns = `n, page, sequence, captured_at, outcome, served, untracked, content, reader, verdict, "check"`
	// captureRow are the same of captures c, as columns takes them.
	captureRow = `c.n, c.page, c.sequence, c.captured_at, c.outcome, c.served, c.untracked, c.content, c.reader, c.verdict, c."check"`
	// selectCaptures has a row without a commit for one that is missing, which a
	// join would leave out.
	selectCaptures = `SELECT ` + captureRow + `, m.id, ifnull(m."check", 0)
		FROM captures c LEFT JOIN commits m ON m.sequence = c.sequence WHERE c.page = ? ORDER BY c.n`
)

func (c *capture) check() int64 {
	return sum(c.n, c.page, c.sequence, int64(c.capturedAt), string(c.outcome), c.served, c.untracked, c.content, c.reader, c.verdict)
}

func (c *capture) values() []any {
	return []any{c.n, c.page, c.sequence, int64(c.capturedAt), string(c.outcome), c.served, c.untracked, blob(c.content), c.reader, []byte(c.verdict), c.check()}
}

// columns are where a row is scanned to.
func (c *capture) columns(check *int64) []any {
	return []any{&c.n, &c.page, &c.sequence, &c.capturedAt, &c.outcome, &c.served, &c.untracked, &c.content, &c.reader, &c.verdict, check}
}

func quotedCheck(source []byte, post int64) int64 { return sum(source, post) }

func commitCheck(sequence int64, id []byte) int64 { return sum(sequence, id) }

// blob keeps an empty blob from becoming NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
