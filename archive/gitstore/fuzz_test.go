package gitstore

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzParseCommit(f *testing.F) {
	raw := "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 1111111111111111111111111111111111111111\n" +
		"author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n" +
		"gpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lH\n -----END SSH SIGNATURE-----\n\nm\n\nt: v\n"
	f.Add([]byte(raw))
	f.Add([]byte(strings.Replace(raw, "parent 1111111111111111111111111111111111111111\n", "", 1)))
	f.Add([]byte(strings.Replace(raw, "gpgsig", "encoding x\ngpgsig", 1)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := ParseCommit(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Raw, raw) || !bytes.Equal(spliceSignature(c.Payload, c.Signature), raw) {
			t.Errorf("payload and signature do not make the commit again:\n%q", raw)
		}
		if c.Author == c.Committer && !bytes.Equal(encodePayload(c.Tree, c.Parent, c.Author, c.Time, c.Message), c.Payload) {
			t.Errorf("the fields do not make the payload again:\n%q", raw)
		}
	})
}

func FuzzParseTree(f *testing.F) {
	entry := func(mode, name string) string { return mode + " " + name + "\x00" + strings.Repeat("\x11", 20) }
	f.Add([]byte(entry("100644", "a") + entry("40000", "a.b") + entry("100644", "b")))
	f.Add([]byte(entry("100644", "a") + entry("100644", "a.b") + entry("40000", "a")))
	f.Add([]byte(entry("040000", "a")))
	f.Add([]byte(entry("160000", "a") + entry("120000", "b")))
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, err := parseTree(content)
		if err != nil {
			return
		}
		if got := encodeTree(entries); !bytes.Equal(got, content) {
			t.Errorf("encoding %q again gives %q", content, got)
		}
		for _, e := range entries {
			if i, ok := findName(entries, e.Name); !ok || entries[i] != e {
				t.Errorf("%q cannot be found", e.Name)
			}
		}
	})
}

func FuzzEntryHeader(f *testing.F) {
	f.Add(appendEntryHeader(nil, KindBlob, MaxObjectSize), int64(100))
	f.Add(append(appendEntryHeader(nil, kindOffset, 77), 0x80, 0x10), int64(1000))
	f.Add(append(appendEntryHeader(nil, kindRef, 1), make([]byte, 20)...), int64(12))
	f.Fuzz(func(t *testing.T, b []byte, off int64) {
		if off < packHeaderSize || off > 1<<40 {
			return
		}
		e, err := parseEntryHeader(b, off)
		if err != nil {
			return
		}
		if e.size < 0 || e.size > MaxObjectSize || e.data <= off || e.data > off+int64(len(b)) {
			t.Errorf("entry %+v of %x", e, b)
		}
		if e.kind == kindOffset && (e.offset < packHeaderSize || e.offset >= off) {
			t.Errorf("entry %+v has its base outside the pack or after itself", e)
		}
		if e.kind <= KindTag {
			again, err := parseEntryHeader(appendEntryHeader(nil, e.kind, e.size), off)
			if err != nil || again.kind != e.kind || again.size != e.size {
				t.Errorf("entry %+v becomes %+v, %v", e, again, err)
			}
		}
	})
}

func FuzzIndex(f *testing.F) {
	w := packWriter{}
	for i := range 5 {
		w.list = append(w.list, located{id: ID{byte(40 * i), 1}, crc: uint32(i), offset: int64(i) << 30})
	}
	f.Add(w.encodeIndex([20]byte{1}))
	f.Add((&packWriter{}).encodeIndex([20]byte{}))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x.idx")
		check(t, os.WriteFile(path, content, 0o666))
		x, err := openIndex(path)
		if err != nil {
			return
		}
		defer x.close()
		searched := inFile(t, path)
		for i := range x.count {
			id := ID(x.id(i))
			at, ok, err := x.find(id)
			if err == nil && ok && at.offset < 0 {
				t.Errorf("object %s is at %d", id, at.offset)
			}
			if i > 0 && bytes.Compare(x.id(i-1), id[:]) >= 0 {
				return // what is not sorted may be found or not
			}
			if read, found, _ := searched.find(id); err == nil && (read != at || found != ok) {
				t.Errorf("object %s is at %+v, %v; in the file at %+v, %v", id, at, ok, read, found)
			}
		}
		for _, id := range []ID{{}, {0xff, 0xff}, {40, 1}} {
			_, _, _ = x.find(id)
			_, _, _ = searched.find(id)
		}
	})
}

func FuzzDelta(f *testing.F) {
	base := bytes.Repeat([]byte("0123456789"), 50)
	head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(base))), 12)
	f.Add(base, append(bytes.Clone(head), 0x91, 5, 10, 2, 'x', 'y'))
	f.Add(base, append(bytes.Clone(head), 12))
	f.Add(base, binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(base))), 1<<60))
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		got, err := applyDelta(base, delta)
		if err != nil {
			return
		}
		r := bytes.NewReader(delta)
		_, _ = binary.ReadUvarint(r)
		if want, _ := binary.ReadUvarint(r); uint64(len(got)) != want {
			t.Errorf("the result has %d bytes, the delta says %d", len(got), want)
		}
	})
}

func FuzzLoose(f *testing.F) {
	f.Add(deflate([]byte("blob 5\x00hello")))
	f.Add(deflate([]byte("tree 0\x00")))
	f.Add(deflate([]byte("blob 1073741824\x00hello")))
	f.Fuzz(func(t *testing.T, content []byte) {
		var pool inflaters
		o, err := inflateLoose(&pool, bytes.NewReader(content), int64(len(content)))
		if err == nil && (o.kind < KindCommit || o.kind > KindTag) {
			t.Errorf("kind %d", o.kind)
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(configText))
	f.Add([]byte("[include]\n\tpath = x\n[remote \"a.b\"]\n\tpromisor\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		cfg, err := parseConfig(content)
		if err == nil {
			_ = cfg.checkSupported()
			_ = cfg.hazards("config")
		}
	})
}
