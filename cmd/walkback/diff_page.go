package main

import (
	_ "embed"
	"html/template"
	"strings"
	"sync"

	"github.com/walkback-dev/walkback/schemas"
)

//go:embed diff_page.html
var diffPageSource string

// The page loads nothing and runs nothing: its policy forbids both.
var diffPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("diff").Funcs(template.FuncMap{"minute": minute}).Parse(diffPageSource))
})

// diffRow is one line of each side; a side without text has no line there.
type diffRow struct {
	Before, After []schemas.DiffSegment
	Changed       bool
	Gap           bool // lines were left out here
}

// printDiffPage writes a page with both versions side by side.
func (p *program) printDiffPage(diff *schemas.Diff) error {
	if _, ok := terminalOf(p.stdout); ok {
		return &usage{message: "a web page is not written to a terminal", hint: "send it to a file: … > diff.html"}
	}
	return diffPage().Execute(p.stdout, map[string]any{"Diff": diff, "Rows": diffRows(diff.Hunks)})
}

// diffRows aligns the lines of both sides. A line ends where either side ends
// one; what was deleted stands beside what came in its place.
func diffRows(hunks []schemas.DiffHunk) []diffRow {
	var rows []diffRow
	for i, hunk := range hunks {
		if i > 0 {
			rows = append(rows, diffRow{Gap: true})
		}
		rows = append(rows, hunkRows(hunk)...)
	}
	return rows
}

func hunkRows(hunk schemas.DiffHunk) []diffRow {
	var rows []diffRow
	var before, after [][]schemas.DiffSegment // lines since the last line that both share
	openBefore, openAfter := false, false
	flush := func() {
		for i := range max(len(before), len(after)) {
			var row diffRow
			if i < len(before) {
				row.Before = before[i]
			}
			if i < len(after) {
				row.After = after[i]
			}
			row.Changed = marked(row.Before) || marked(row.After)
			rows = append(rows, row)
		}
		before, after, openBefore, openAfter = nil, nil, false, false
	}
	add := func(lines *[][]schemas.DiffSegment, open *bool, s schemas.DiffSegment, ends bool) {
		if !*open {
			*lines = append(*lines, nil)
		}
		last := len(*lines) - 1
		if s.Text != "" {
			(*lines)[last] = append((*lines)[last], s)
		}
		*open = !ends
	}
	for _, s := range hunk.Segments {
		for _, piece := range strings.SplitAfter(s.Text, "\n") {
			text, ends := strings.CutSuffix(piece, "\n")
			if piece == "" {
				continue
			}
			part := schemas.DiffSegment{Op: s.Op, Text: text}
			if s.Op != opInsert {
				add(&before, &openBefore, part, ends)
			}
			if s.Op != opDelete {
				add(&after, &openAfter, part, ends)
			}
			if s.Op == opEqual && ends {
				flush()
			}
		}
	}
	flush()
	return rows
}

func marked(segments []schemas.DiffSegment) bool {
	for _, s := range segments {
		if s.Op != opEqual {
			return true
		}
	}
	return false
}
