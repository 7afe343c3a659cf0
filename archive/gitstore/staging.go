package gitstore

import (
	"fmt"
	"slices"
	"strings"
)

// folder is a node of the tree being edited. Nodes are made only for folders
// that an edit passes through, so an edit costs its own path and nothing else.
type folder struct {
	id      ID // of the tree; zero while dirty
	former  ID // of the tree that was there before the edits; zero when none was
	dirty   bool
	stored  bool // in the repository or the pack being written
	loaded  bool
	shared  bool // entries were lent out and must be copied before a change
	entries []Entry
	folders map[string]*folder // those entered so far
}

// staging is the tree being edited over the trees of the batch.
type staging struct {
	root   *folder
	read   trees          // stored trees
	sealed map[ID][]Entry // trees that have an id and are not stored yet
}

func newStaging(root ID, read trees) *staging {
	f := &folder{id: root, former: root, stored: true}
	if root.IsZero() { // not even an empty tree is there yet
		f = &folder{dirty: true, loaded: true, folders: map[string]*folder{}}
	}
	return &staging{root: f, read: read, sealed: map[ID][]Entry{}}
}

// maxPath bounds a stored path, maxName one component of it, in bytes.
const (
	maxPath = 4096
	maxName = 255
)

// checkPath refuses paths that some file system or some git could not check
// out: names are printable ASCII without the characters that Windows reserves.
func checkPath(path string) error {
	if len(path) > maxPath || strings.Count(path, "/") >= maxDepth {
		return fmt.Errorf("path %q is too long or too deep", path)
	}
	for name := range strings.SplitSeq(path, "/") {
		if fault := writeFault(name); fault != "" {
			return fmt.Errorf("path %q: name %q %s", path, name, fault)
		}
	}
	return nil
}

func writeFault(name string) string {
	if fault := nameFault(name); fault != "" {
		return fault
	}
	lower := strings.ToLower(name)
	switch {
	case len(name) > maxName:
		return "is too long"
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\:*?"<>|`, r) }):
		return "has a character that some systems do not allow"
	case strings.HasSuffix(name, "."):
		return "ends in a dot"
	case strings.HasPrefix(lower, "git~"), strings.HasPrefix(lower, ".git") && lower != ".gitattributes":
		return "is reserved"
	}
	return ""
}

// load reads a node's entries.
func (t *staging) load(f *folder) error {
	if f.loaded {
		return nil
	}
	if !f.id.IsZero() {
		entries, err := t.read(f.id)
		if err != nil {
			return err
		}
		f.entries, f.shared = entries, true
	}
	f.loaded, f.folders = true, map[string]*folder{}
	return nil
}

// enter returns the node of a folder's folder, or nil when there is none.
func (t *staging) enter(f *folder, name string) (*folder, error) {
	if err := t.load(f); err != nil {
		return nil, err
	}
	if sub := f.folders[name]; sub != nil {
		return sub, nil
	}
	i, ok := findKey(f.entries, name, true)
	if !ok {
		return nil, nil
	}
	sub := &folder{id: f.entries[i].ID, former: f.entries[i].ID, stored: true}
	f.folders[name] = sub
	return sub, nil
}

// trail enters the folders of a path, and makes those that are missing when
// asked to. It returns nil when one is missing.
func (t *staging) trail(path string, make bool) (trail []*folder, base string, err error) {
	names := strings.Split(path, "/")
	f := t.root
	trail = append(trail, f)
	for _, name := range names[:len(names)-1] {
		sub, err := t.enter(f, name)
		if err != nil {
			return nil, "", err
		}
		if sub == nil {
			if !make {
				return nil, "", nil
			}
			if _, ok := findKey(f.entries, name, false); ok {
				return nil, "", fmt.Errorf("%q is a file", name)
			}
			sub = &folder{loaded: true, folders: map[string]*folder{}}
			f.folders[name] = sub
		}
		f = sub
		trail = append(trail, f)
	}
	return trail, names[len(names)-1], t.load(f)
}

// file returns the file at a path, or zero.
func (t *staging) file(path string) (ID, error) {
	trail, base, err := t.trail(path, false)
	if trail == nil || err != nil {
		return ID{}, err
	}
	f := trail[len(trail)-1]
	if i, ok := findKey(f.entries, base, false); ok {
		return f.entries[i].ID, nil
	}
	return ID{}, nil
}

// put sets a file.
func (t *staging) put(path string, id ID) error {
	trail, base, err := t.trail(path, true)
	if err != nil {
		return err
	}
	f := trail[len(trail)-1]
	if _, ok := findKey(f.entries, base, true); ok {
		return fmt.Errorf("%q is a folder", base)
	}
	if i, ok := findKey(f.entries, base, false); ok && f.entries[i] == (Entry{base, ModeFile, id}) {
		return nil
	}
	f.set(Entry{base, ModeFile, id})
	t.touch(trail, path)
	return nil
}

// remove takes out a file or folder, and folders that become empty by it.
func (t *staging) remove(path string) error {
	trail, base, err := t.trail(path, false)
	if err != nil {
		return err
	}
	if trail == nil {
		return ErrNotFound
	}
	f := trail[len(trail)-1]
	if _, ok := findName(f.entries, base); !ok {
		return ErrNotFound
	}
	names := strings.Split(path, "/")
	for i := len(trail) - 1; i >= 0; i-- {
		trail[i].drop(names[i])
		if i == 0 || len(trail[i].entries) > 0 {
			t.touch(trail[:i+1], path)
			break
		}
	}
	return nil
}

// touch marks the folders of a trail, which follow the names of path, as
// changed and enters new ones in their parents.
func (t *staging) touch(trail []*folder, path string) {
	names := strings.Split(path, "/")
	for i := len(trail) - 1; i >= 0; i-- {
		f := trail[i]
		f.id, f.dirty, f.stored = ID{}, true, false
		if i > 0 {
			trail[i-1].set(Entry{Name: names[i-1], Mode: ModeFolder})
		}
	}
}

func (f *folder) own() {
	if f.shared {
		f.entries, f.shared = slices.Clone(f.entries), false
	}
}

func (f *folder) set(e Entry) {
	f.own()
	i, ok := findKey(f.entries, e.Name, e.Mode.IsFolder())
	if !ok {
		f.entries = slices.Insert(f.entries, i, Entry{})
	}
	f.entries[i] = e
}

func (f *folder) drop(name string) {
	f.own()
	if i, ok := findName(f.entries, name); ok {
		f.entries = slices.Delete(f.entries, i, i+1)
	}
	delete(f.folders, name)
}

// seal gives every changed tree its id and returns that of the root. Nothing is
// written.
func (t *staging) seal() ID { return t.sealFolder(t.root) }

func (t *staging) sealFolder(f *folder) ID {
	if !f.dirty {
		return f.id
	}
	for name, sub := range f.folders {
		if sub.dirty {
			id := t.sealFolder(sub)
			f.set(Entry{name, ModeFolder, id})
		}
	}
	f.id = ownID(KindTree, encodeTree(f.entries))
	f.dirty, f.shared = false, true
	t.sealed[f.id] = f.entries
	return f.id
}

// entries reads sealed and stored trees.
func (t *staging) entries(id ID) ([]Entry, error) {
	if entries, ok := t.sealed[id]; ok {
		return entries, nil
	}
	return t.read(id)
}

// unstored visits the sealed trees that are not stored, folders before those
// that hold them, each with the tree whose place it takes.
func (t *staging) unstored(visit func(id, former ID, entries []Entry) error) error {
	return unstored(t.root, visit)
}

func unstored(f *folder, visit func(id, former ID, entries []Entry) error) error {
	if f.stored {
		return nil
	}
	for _, sub := range f.folders {
		if err := unstored(sub, visit); err != nil {
			return err
		}
	}
	return visit(f.id, f.former, f.entries)
}
