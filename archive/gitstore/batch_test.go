package gitstore_test

import (
	"context"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestFirst(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	c1 := record(t, s, "a/b.txt", "one", "c.txt", "two")
	c2 := record(t, s, "a/b.txt", "three")
	if c2.Parent != c1.ID {
		t.Fatal("parent")
	}
	fsck(t, dir)
	t.Log(git(t, dir, "log", "--stat"))
	t.Log(git(t, dir, "count-objects", "-v"))
	readAll(t, dir, s)
	_ = context.Background
}
