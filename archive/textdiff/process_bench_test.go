package textdiff

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// likeOurs makes git cut words as this package does, as near as a regular
// expression comes to it.
const likeOurs = "--word-diff-regex=[[:alnum:]_]+|[^[:space:]]"

// BenchmarkAgainstGit measures a program that compares files by this package
// against git diff --word-diff, by turns on the same 100 pairs, which are spread
// over the histories of the texts: one process a pair, and one process for all of
// them. It reports the processor time of each in ms a pair and its ratio to that
// of git (below 1: less than git), and to that of git with words cut like ours.
func BenchmarkAgainstGit(b *testing.B) {
	needVersions(b)
	dir := b.TempDir()
	program := filepath.Join(dir, "worddiff")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./testdata/worddiff").CombinedOutput(); err != nil {
		b.Fatalf("building the program: %v\n%s", err, out)
	}
	folders := [2]string{filepath.Join(dir, "before"), filepath.Join(dir, "after")}
	var pairs [][2]string
	for side, folder := range folders {
		if err := os.Mkdir(folder, 0o700); err != nil {
			b.Fatal(err)
		}
		for i, p := range versionPairs(b, 100) {
			file := filepath.Join(folder, fmt.Sprint(i))
			write(b, file, blob(b, p[side]))
			if side == 0 {
				pairs = append(pairs, [2]string{file})
			} else {
				pairs[i][side] = file
			}
		}
	}
	b.Run("a process a pair", func(b *testing.B) { againstGit(b, program, pairs, len(pairs)) })
	b.Run("a process for all", func(b *testing.B) { againstGit(b, program, [][2]string{folders}, len(pairs)) })
}

// againstGit compares files, or folders of them, n pairs in all.
func againstGit(b *testing.B, program string, pairs [][2]string, n int) {
	var ours, theirs, alike time.Duration
	rounds := 0
	for b.Loop() {
		for _, p := range pairs {
			ours += processTime(b, exec.CommandContext(b.Context(), program, p[0], p[1]))
			theirs += processTime(b, exec.CommandContext(b.Context(), "git", "diff", "--no-index", "--word-diff", p[0], p[1]))
			alike += processTime(b, exec.CommandContext(b.Context(), "git", "diff", "--no-index", "--word-diff", likeOurs, p[0], p[1]))
		}
		rounds++
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(rounds*n) }
	b.ReportMetric(each(ours), "ms/pair")
	b.ReportMetric(each(theirs), "git-ms/pair")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	b.ReportMetric(float64(ours)/float64(alike), "ratio-same-words")
}

// processTime runs a comparison and returns its user and system time.
func processTime(b *testing.B, cmd *exec.Cmd) time.Duration {
	b.Helper()
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		b.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
