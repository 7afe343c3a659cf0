// Command worddiff writes the word diff of two files as git diff --no-index
// --word-diff does, with the same exit codes. The benchmark of this package
// measures it as a process against git.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

func main() {
	changed, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "worddiff: error:", err)
		os.Exit(2)
	}
	if changed {
		os.Exit(1)
	}
}

func run(a, b string) (changed bool, err error) {
	before, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	after, err := os.ReadFile(b)
	if err != nil {
		return false, err
	}
	hunks := textdiff.Compare(string(before), string(after)).Readable().Hunks(3)
	w := bufio.NewWriter(os.Stdout)
	for _, h := range hunks {
		fmt.Fprintf(w, "@@ -%d,%d +%d,%d @@\n", h.BeforeLine, h.BeforeLines, h.AfterLine, h.AfterLines)
		for _, s := range h.Segments {
			switch s.Op {
			case textdiff.Equal:
				w.WriteString(s.Text)
			case textdiff.Delete:
				w.WriteString("[-" + s.Text + "-]")
			case textdiff.Insert:
				w.WriteString("{+" + s.Text + "+}")
			}
		}
	}
	return len(hunks) > 0, w.Flush()
}
