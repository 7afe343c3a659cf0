package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// clean takes control characters out of foreign text before it is printed, so
// that a page's title cannot move the cursor. Line feeds and tabs stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// terminalOf returns the file descriptor when a stream is a terminal.
func terminalOf(stream any) (int, bool) {
	file, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	return int(file.Fd()), true
}

// colours reports whether stdout takes colours (https://no-color.org).
func (p *program) colours() bool {
	_, ok := terminalOf(p.stdout)
	return ok && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
}

// width returns the columns of stdout, and whether it has an end at all.
func (p *program) width() (int, bool) {
	fd, ok := terminalOf(p.stdout)
	if !ok {
		return 0, false
	}
	columns, _, err := term.GetSize(fd)
	if err != nil || columns < 40 {
		return 0, false
	}
	return columns, true
}

// columns prints rows as aligned columns. The last column is cut to the
// terminal's width; in a pipe nothing is cut.
func (p *program) columns(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			row[i] = clean(cell)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(row[i]))
		}
	}
	limit, bounded := p.width()
	for _, row := range rows {
		var line strings.Builder
		used := 0
		for i, cell := range row {
			if i == len(row)-1 {
				if bounded && limit-used >= 10 {
					cell = text.Snip(cell, limit-used, "…")
				}
				line.WriteString(cell)
				break
			}
			line.WriteString(text.Pad(cell, widths[i], ' ') + "  ")
			used += widths[i] + 2
		}
		fmt.Fprintln(p.stdout, strings.TrimRight(line.String(), " "))
	}
}

// progress is a line on a terminal that says how far a run is. Elsewhere it is
// silent.
type progress struct {
	out     io.Writer
	started time.Time
	mu      sync.Mutex
	shown   bool
	last    time.Time
}

// progressAfter spares short runs the line.
const progressAfter = time.Second

func (p *program) progress() *progress {
	line := &progress{started: time.Now()}
	if _, ok := terminalOf(p.stderr); ok {
		line.out = p.stderr
	}
	return line
}

// show replaces the line. total may be 0 when it is not known.
func (l *progress) show(what string, done, total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.out == nil || now.Sub(l.started) < progressAfter || now.Sub(l.last) < 100*time.Millisecond {
		return
	}
	l.last, l.shown = now, true
	state := fmt.Sprintf("%s %d", what, done)
	if total > 0 {
		state = fmt.Sprintf("%s %d of %d", what, done, total)
		if done > 0 && done < total {
			left := time.Duration(float64(now.Sub(l.started)) * float64(total-done) / float64(done))
			state += fmt.Sprintf(", about %s left", left.Round(time.Second))
		}
	}
	fmt.Fprintf(l.out, "\r\x1b[K%s", state)
}

// clear takes the line away.
func (l *progress) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.shown = false
	}
}

// size prints bytes for a person.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// count prints a number with its noun.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
