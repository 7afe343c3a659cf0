package gitstore

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"path"
)

// The order of objects in a compacted archive, as sort records:
//
//	1 byte    class: commits, trees, files
//	8 bytes   digest of the folder's path
//	8 bytes   digest of the path
//	4 bytes   age in commits, the newest first
//	20 bytes  object id
//
// So the versions of a path stand together from the newest, and the files of a
// folder near each other. A file at the root, such as a list of what a commit
// touches, stands with the first folder in which the commit changes a file: it is
// most like the list of the last commit that did so.
const (
	classCommit byte = iota
	classTree
	classFile
)

const (
	groupSize = 1 + 8 + 8 // of a record: class and path
	recordID  = groupSize + 4
)

func arrangeRecord(class byte, name string, age uint32, id ID) (r sortRecord) {
	r[0] = class
	if class != classCommit {
		folder, whole := sha1.Sum([]byte(path.Dir(name))), sha1.Sum([]byte(name))
		copy(r[1:9], folder[:])
		copy(r[9:17], whole[:])
	}
	binary.BigEndian.PutUint32(r[groupSize:], age)
	copy(r[recordID:], id[:])
	return r
}

// arrange walks the history and puts what it finds in order.
func (c *compaction) arrange(ctx context.Context) error {
	c.order = &sorter{path: c.store.privatePath(compactPrefix + "order")}
	head, err := c.store.Head()
	if err != nil {
		return err
	}
	var newer *Commit
	age := uint32(0)
	for commit, err := range c.store.History(head) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && newer != nil {
			err = c.arrangeCommit(newer, commit.Tree, age)
			age++
		}
		if err != nil {
			return err
		}
		newer = commit
		c.options.Progress("read snapshots", int64(age), 0)
	}
	if newer == nil {
		return nil
	}
	return c.arrangeCommit(newer, ID{}, age)
}

// arrangeCommit adds a commit and what it changed.
func (c *compaction) arrangeCommit(commit *Commit, former ID, age uint32) error {
	c.report.Commits++
	if err := c.order.add(arrangeRecord(classCommit, "", age, commit.ID)); err != nil {
		return err
	}
	c.rootFiles, c.firstFolder = c.rootFiles[:0], ""
	if err := c.arrangeTree(former, commit.Tree, "", 0, age); err != nil {
		return err
	}
	for _, e := range c.rootFiles {
		if err := c.order.add(arrangeRecord(classFile, joinPath(c.firstFolder, e.Name), age, e.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (c *compaction) arrangeTree(former, tree ID, folder string, depth int, age uint32) error {
	if former == tree || tree.IsZero() {
		return nil
	}
	if err := c.order.add(arrangeRecord(classTree, folder, age, tree)); err != nil {
		return err
	}
	read := trees(c.store.entries)
	a, err := read.level(former, folder, depth)
	if err != nil {
		return err
	}
	b, err := read.level(tree, folder, depth)
	if err != nil {
		return err
	}
	for len(b) > 0 {
		var before Entry
		switch order := compareHeads(a, b); {
		case order < 0:
			a = a[1:]
			continue
		case order == 0:
			before, a = a[0], a[1:]
		}
		if err := c.arrangeEntry(before, b[0], folder, depth, age); err != nil {
			return err
		}
		b = b[1:]
	}
	return nil
}

// modeTypeCommit is the file type of a submodule, whose commit is elsewhere.
const modeTypeCommit = 0o160000

func (c *compaction) arrangeEntry(before, after Entry, folder string, depth int, age uint32) error {
	if before == after || after.Mode&modeTypeMask == modeTypeCommit {
		return nil
	}
	name := joinPath(folder, after.Name)
	if after.Mode.IsFolder() {
		return c.arrangeTree(before.ID, after.ID, name, depth+1, age)
	}
	if c.options.Counts(name) {
		c.report.Versions++
	}
	if depth == 0 {
		c.rootFiles = append(c.rootFiles, after)
		return nil
	}
	if c.firstFolder == "" {
		c.firstFolder = folder
	}
	return c.order.add(arrangeRecord(classFile, name, age, after.ID))
}
