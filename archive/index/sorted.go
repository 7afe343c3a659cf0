package index

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strings"
)

// A row of sorted is one page's spoken name, in an order in which nothing can go
// missing unseen: the check of a row is of the name that follows, too, as NSEC
// records are in DNS (RFC 4034, section 4). Before all names stands an empty one
// of page 0, after the last one follows nothing.

// sortedName is a key of sorted.
type sortedName struct {
	name string
	page int64
}

// check is that of the row of a name which is followed by next; nil: by none.
func (s sortedName) check(next *sortedName) int64 {
	if next == nil {
		return sum(s.name, s.page)
	}
	return sum(s.name, s.page, next.name, next.page)
}

const (
	insertSorted = `INSERT INTO sorted (name, page, "check") VALUES (?, ?, ?)`
	updateSorted = `UPDATE sorted SET "check" = ? WHERE (name, page) = (?, ?)`
	selectBefore = `SELECT name, page, "check" FROM sorted WHERE (name, page) < (?, ?) ORDER BY name DESC, page DESC LIMIT 1`
	selectLast   = `SELECT name, page, "check" FROM sorted ORDER BY name DESC, page DESC LIMIT 1`
	selectFrom   = `SELECT name, page, "check" FROM sorted WHERE (name, page) >= (?, ?) ORDER BY name, page`
)

func scanSorted(x *Index, row interface{ Scan(...any) error }) (s sortedName, check int64, err error) {
	var name []byte
	err = row.Scan(&name, &s.page, &check)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s, 0, err
	case err != nil:
		return s, 0, x.unscanned(err)
	}
	s.name = string(name)
	return s, check, nil
}

// addSorted puts the name of a new page into its place.
func (w *Writer) addSorted(ctx context.Context, s sortedName) error {
	before, check, err := scanSorted(w.index, w.statements.before.QueryRowContext(ctx, []byte(s.name), s.page))
	if errors.Is(err, sql.ErrNoRows) {
		return w.index.damaged("the sorted names have no beginning")
	}
	if err != nil {
		return err
	}
	var next *sortedName
	after, _, err := scanSorted(w.index, w.statements.from.QueryRowContext(ctx, []byte(s.name), s.page))
	switch {
	case err == nil:
		next = &after
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if before.check(next) != check {
		return w.index.damaged("the sorted names are not whole after %q", before.name)
	}
	if _, err := w.statements.updateSorted.ExecContext(ctx, before.check(&s), []byte(before.name), before.page); err != nil {
		return err
	}
	_, err = w.statements.insertSorted.ExecContext(ctx, []byte(s.name), s.page, s.check(next))
	return err
}

// SpokenFrom yields the spoken names of all pages from the first one that is not
// below from, by their bytes. A name that several pages have comes several times.
func (v *View) SpokenFrom(ctx context.Context, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		at, err := v.sortedBefore(ctx, from)
		if err != nil {
			yield("", err)
			return
		}
		rows, err := v.conn.QueryContext(ctx, selectFrom, []byte(at.name), at.page)
		if err != nil {
			yield("", v.fail(err))
			return
		}
		defer rows.Close()
		var last sortedName
		var lastCheck int64
		for first := true; rows.Next(); first = false {
			s, check, err := scanSorted(v.index, rows)
			if err == nil && !first && last.check(&s) != lastCheck {
				err = v.index.damaged("the sorted names are not whole after %q", last.name)
			}
			if err != nil {
				yield("", v.fail(err))
				return
			}
			last, lastCheck = s, check
			if !first && !yield(s.name, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield("", v.fail(err))
		} else if last.check(nil) != lastCheck {
			yield("", v.index.damaged("the sorted names are not whole after %q", last.name))
		}
	}
}

// SpokenLast returns the last spoken name that begins with prefix; ok is false
// when there is none.
func (v *View) SpokenLast(ctx context.Context, prefix string) (name string, ok bool, err error) {
	limit := []byte(prefix)
	for len(limit) > 0 && limit[len(limit)-1] == 0xff {
		limit = limit[:len(limit)-1]
	}
	var at sortedName
	var check int64
	if len(limit) == 0 { // nothing can follow
		at, check, err = scanSorted(v.index, v.conn.QueryRowContext(ctx, selectLast))
		if err == nil && at.check(nil) != check {
			err = v.index.damaged("the sorted names are not whole after %q", at.name)
		}
	} else {
		limit[len(limit)-1]++
		if at, err = v.sortedBefore(ctx, string(limit)); err == nil {
			for _, err = range v.SpokenFrom(ctx, string(limit)) { // what follows vouches for it
				break
			}
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = v.index.damaged("the sorted names have no beginning")
	}
	return at.name, err == nil && at.page > 0 && strings.HasPrefix(at.name, prefix), v.fail(err)
}

// sortedBefore returns the last row below a name, at least the one before all.
func (v *View) sortedBefore(ctx context.Context, name string) (sortedName, error) {
	s, _, err := scanSorted(v.index, v.conn.QueryRowContext(ctx, selectBefore, []byte(name), 1))
	if errors.Is(err, sql.ErrNoRows) {
		err = v.index.damaged("the sorted names have no beginning")
	}
	return s, v.fail(err)
}
