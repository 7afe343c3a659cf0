package index

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strings"
)

// namesInBlock is how many names stand in one row of the table of names, but for
// the last: few rows, and few bytes to write again when a name is added.
const namesInBlock = 256

// names are the names of all pages in the order of their first captures, each
// with an LF, in blocks. A name never changes and never goes, so a block is
// written again only while it is the last.
type names struct {
	pages int64           // whose names are in blocks that are written, and in last
	last  strings.Builder // the block that is not full
	dirty bool            // last is not written
}

// resume reads the last block.
func (n *names) resume(ctx context.Context, x *Index, conn *sql.Conn, pages int64) error {
	*n = names{pages: pages}
	if pages%namesInBlock == 0 {
		return nil
	}
	block, err := scanNames(x, conn.QueryRowContext(ctx, selectNames+` WHERE block = ?`, pages/namesInBlock))
	if err == nil && int64(strings.Count(block, "\n")) != pages%namesInBlock {
		err = x.damaged("the last names are not whole")
	}
	n.last.WriteString(block)
	return err
}

// add adds the name of the next page.
func (n *names) add(ctx context.Context, statement *sql.Stmt, name string) error {
	n.last.WriteString(name)
	n.last.WriteByte('\n')
	n.pages++
	n.dirty = true
	if n.pages%namesInBlock > 0 {
		return nil
	}
	err := n.write(ctx, statement)
	n.last.Reset()
	return err
}

// write writes the last block.
func (n *names) write(ctx context.Context, statement *sql.Stmt) error {
	if !n.dirty {
		return nil
	}
	n.dirty = false
	block, last := (n.pages-1)/namesInBlock, n.last.String()
	_, err := statement.ExecContext(ctx, block, last, sum(block, last))
	return err
}

const (
	selectNames = `SELECT block, names, "check" FROM names`
	insertNames = `INSERT OR REPLACE INTO names (block, names, "check") VALUES (?, ?, ?)`
)

func scanNames(x *Index, row interface{ Scan(...any) error }) (string, error) {
	var block, check int64
	var names string
	err := row.Scan(&block, &names, &check)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", x.damaged("names are missing")
	case err != nil:
		return "", x.unscanned(err)
	case sum(block, names) != check:
		return "", x.damaged("the names in block %d are not whole", block)
	}
	return names, nil
}

// Names yields the names of all pages, in the order of their first captures, each
// with an LF, a few hundred at a time: a part of a name is looked for in all of
// these at once. It costs a hundredth of Pages.
func (v *View) Names(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		rows, err := v.conn.QueryContext(ctx, selectNames+` ORDER BY block`)
		if err != nil {
			yield("", v.fail(err))
			return
		}
		defer rows.Close()
		count := 0
		for rows.Next() {
			names, err := scanNames(v.index, rows)
			if err != nil {
				yield("", v.fail(err))
				return
			}
			if count += strings.Count(names, "\n"); !yield(names, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield("", v.fail(err))
		} else if int64(count) != v.about.pages {
			yield("", v.index.damaged("it has the names of %d pages in place of %d", count, v.about.pages))
		}
	}
}
