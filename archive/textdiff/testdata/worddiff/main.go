// Command worddiff writes the word diff of two files as git diff --no-index
// --word-diff does, with the same exit codes; of two folders, those of the files
// that both have. The benchmark of this package measures it as a process against
// git.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

func main() {
	w := bufio.NewWriterSize(os.Stdout, 64<<10)
	changed, err := run(w, os.Args[1], os.Args[2])
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "worddiff: error:", err)
		os.Exit(2)
	}
	if changed {
		os.Exit(1)
	}
}

func run(w *bufio.Writer, a, b string) (changed bool, err error) {
	if info, err := os.Stat(a); err != nil || !info.IsDir() {
		return files(w, a, b)
	}
	entries, err := os.ReadDir(a)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		differs, err := files(w, filepath.Join(a, e.Name()), filepath.Join(b, e.Name()))
		if err != nil {
			return false, err
		}
		changed = changed || differs
	}
	return changed, nil
}

func files(w *bufio.Writer, a, b string) (changed bool, err error) {
	before, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	after, err := os.ReadFile(b)
	if err != nil {
		return false, err
	}
	hunks := textdiff.Compare(text(before), text(after)).Readable().Hunks(3)
	for _, h := range hunks {
		fmt.Fprintf(w, "@@ -%d,%d +%d,%d @@\n", h.BeforeLine, h.BeforeLines, h.AfterLine, h.AfterLines)
		for _, s := range h.Segments {
			switch s.Op {
			case textdiff.Equal:
				w.WriteString(s.Text)
			case textdiff.Delete:
				marked(w, "[-", s.Text, "-]")
			case textdiff.Insert:
				marked(w, "{+", s.Text, "+}")
			}
		}
	}
	return len(hunks) > 0, nil
}

// text is a file that nobody writes to any more, without another copy.
func text(file []byte) string { return unsafe.String(unsafe.SliceData(file), len(file)) }

func marked(w *bufio.Writer, open, text, end string) {
	w.WriteString(open)
	w.WriteString(text)
	w.WriteString(end)
}
