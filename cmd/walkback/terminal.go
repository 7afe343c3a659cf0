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

// cleanLine is clean for what stands within a line.
func cleanLine(s string) string {
	return clean(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}

// oneLined makes texts among the arguments of a format harmless. Values with a
// form of their own, such as digests, cannot hold foreign text.
func oneLined(args []any) []any {
	cleaned := make([]any, len(args))
	for i, arg := range args {
		switch value := arg.(type) {
		case string:
			arg = cleanLine(value)
		case error:
			arg = cleanLine(value.Error())
		}
		cleaned[i] = arg
	}
	return cleaned
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

// columns prints rows as aligned columns. On a terminal the widest column but
// the last, which holds addresses, is cut so that the rest has room, and the
// last at the terminal's edge; in a pipe nothing is cut.
func (p *program) columns(rows [][]string) {
	_ = p.writeColumns(rows) // as little as of what is printed otherwise
}

func (p *program) writeColumns(rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			row[i] = cleanLine(cell)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(row[i]))
		}
	}
	if limit, bounded := p.width(); bounded {
		narrow(widths, limit)
	}
	var out, line strings.Builder
	for _, row := range rows {
		line.Reset()
		for i, cell := range row {
			line.WriteString(text.Pad(text.Snip(cell, widths[i], "…"), widths[i], ' ') + gutter)
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(p.stdout, out.String())
	return err
}

const (
	gutter = "  "
	// leastWidth is what narrow leaves of a column.
	leastWidth = 24
)

// narrow makes columns fit into a limit as far as that leaves them legible.
func narrow(widths []int, limit int) {
	if len(widths) == 0 {
		return
	}
	total := -len(gutter)
	for _, w := range widths {
		total += w + len(gutter)
	}
	last := len(widths) - 1
	widest := 0
	for i := range last {
		if widths[i] > widths[widest] {
			widest = i
		}
	}
	for _, column := range []int{widest, last} {
		if over := total - limit; over > 0 && widths[column] > leastWidth {
			cut := min(over, widths[column]-leastWidth)
			widths[column] -= cut
			total -= cut
		}
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
	what    string    // the step that is shown
	since   time.Time // when it was first told of
	from    int64     // how much of it was done then
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
	if what != l.what {
		l.what, l.since, l.from = what, now, done
	}
	if l.out == nil || now.Sub(l.started) < progressAfter || now.Sub(l.last) < 100*time.Millisecond {
		return
	}
	l.last, l.shown = now, true
	fmt.Fprintf(l.out, "\r\x1b[K%s", progressWords(what, done, total, done-l.from, now.Sub(l.since)))
}

// progressWords says how far a step is, and by what was done of it within a time how
// fast it goes and when it will end. What a run that was continued had done before is
// no part of that.
func progressWords(what string, done, total, did int64, within time.Duration) string {
	words := fmt.Sprintf("%s %d", what, done)
	if total > 0 {
		words = fmt.Sprintf("%s %d of %d", what, done, total)
	}
	if did <= 0 || within < progressAfter {
		return words
	}
	rate := float64(did) / within.Seconds()
	switch {
	case rate >= 10:
		words += fmt.Sprintf(", %.0f/s", rate)
	case rate >= 1:
		words += fmt.Sprintf(", %.1f/s", rate)
	default:
		words += fmt.Sprintf(", %.1f/min", rate*60)
	}
	if left := total - done; left > 0 {
		words += ", about " + spokenDuration(time.Duration(float64(left)/rate*float64(time.Second))) + " left"
	}
	return words
}

// spokenDuration is as exact as a guess can be.
func spokenDuration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int(d.Seconds()+0.5)))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24+0.5))
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
