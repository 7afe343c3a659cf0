package gitstore

// Within one pack, a further version of a tree or file is stored as a delta on
// the former one.
const (
	// maxFormer is the deepest chain of such deltas: reading the last of them
	// costs that many small inflations.
	maxFormer = 40
	// minDelta and maxDelta bound the contents that are compared. Below, nothing
	// is to be gained; above, base and result would have to be held in memory.
	minDelta = 512
	maxDelta = 1 << 20
)

// worthwhile reports whether a delta saves enough to make up for its base having
// to be read first: 30 percent.
func worthwhile(delta, whole int) bool { return 10*delta < 7*whole }

// formerEntry returns the entry of the pack that a delta can be made on.
func (w *spool) formerEntry(kind Kind, former ID) (base int, ok bool) {
	base, ok = w.byID[former]
	return base, ok && w.entries[base].kind == kind && w.entries[base].depth < maxFormer
}

// addTree writes a tree, as a delta when the pack has the former tree. Trees are
// small: deflating them slowly costs next to nothing.
func (b *Batch) addTree(w *spool, id, former ID, entries []Entry) error {
	if base, ok := w.formerEntry(KindTree, former); ok {
		old, err := b.tree(former)
		if err != nil {
			return err
		}
		if delta := treeDelta(old, entries); worthwhile(len(delta), treeSize(entries)) {
			return w.addDelta(id, base, int64(len(delta)), deflateWith(slowDeflaters, delta))
		}
	}
	content := encodeTree(entries)
	return w.add(KindTree, id, int64(len(content)), deflateWith(treeDeflaters, content))
}

// addBlob writes a blob, as a delta when the pack has the former version of the
// file and much of it is still there.
func (b *Batch) addBlob(w *spool, blob *Blob, former ID) error {
	delta, base, err := b.blobDelta(w, blob, former)
	if err != nil {
		return err
	}
	if delta != nil {
		deflated := deflate(delta)
		if worthwhile(len(deflated), int(blob.length)) {
			return w.addDelta(blob.id, base, int64(len(delta)), deflated)
		}
	}
	return w.addFrom(blob)
}

// blobDelta returns nil when there is nothing to make a delta on.
func (b *Batch) blobDelta(w *spool, blob *Blob, former ID) (delta []byte, base int, err error) {
	base, ok := w.formerEntry(KindBlob, former)
	if !ok || blob.size < minDelta || blob.size > maxDelta || w.entries[base].size > maxDelta {
		return nil, 0, nil
	}
	pool := &b.store.packReader.inflaters
	old, err := w.content(pool, base)
	if err != nil || len(old) > maxDelta {
		return nil, 0, err
	}
	content, _, err := pool.inflateAt(blob.deflated, 0, blob.length, blob.size)
	if err != nil {
		return nil, 0, err
	}
	return b.differ.delta(old, content), base, nil
}
