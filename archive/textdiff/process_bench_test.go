package textdiff

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkAgainstGit measures a program that compares two files by this
// package against git diff --word-diff, by turns on the same pairs, and reports
// the processor time of each in ms a pair and their ratio (below 1: less than
// git). The pairs are spread over the histories of the texts.
func BenchmarkAgainstGit(b *testing.B) {
	needVersions(b)
	dir := b.TempDir()
	program := filepath.Join(dir, "worddiff")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./testdata/worddiff").CombinedOutput(); err != nil {
		b.Fatalf("building the program: %v\n%s", err, out)
	}
	var files [][2]string
	for i, p := range versionPairs(b, 100) {
		f := [2]string{filepath.Join(dir, fmt.Sprint(i, "a")), filepath.Join(dir, fmt.Sprint(i, "b"))}
		write(b, f[0], blob(b, p[0]))
		write(b, f[1], blob(b, p[1]))
		files = append(files, f)
	}
	var ours, theirs time.Duration
	pairs := 0
	for b.Loop() {
		for _, f := range files {
			ours += processTime(b, exec.CommandContext(b.Context(), program, f[0], f[1]))
			theirs += processTime(b, exec.CommandContext(b.Context(), "git", "diff", "--no-index", "--word-diff", f[0], f[1]))
			pairs++
		}
	}
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(pairs), "ms/pair")
	b.ReportMetric(float64(theirs.Microseconds())/1000/float64(pairs), "git-ms/pair")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
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
