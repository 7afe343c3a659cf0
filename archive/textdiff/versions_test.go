package textdiff

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const versionsRepo = "../../../shared/data/versions/versions.git"

// git runs a git command that only reads.
func git(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && (len(out) == 0 || stderr.Len() > 0) { // diff --no-index exits 1 on a difference
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// TestAgainstGit compares the number of words marked as changed with that of
// git diff --word-diff, on real texts of which each has many versions.
func TestAgainstGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("git is missing")
		}
		t.Skip("git is missing")
	}
	if _, err := os.Stat(versionsRepo); err != nil {
		t.Skip("the texts with many versions are not here")
	}
	dir := t.TempDir()
	var ours, theirs, pairs, worse int
	var spent, gitSpent time.Duration
	for _, p := range versionPairs(t, 100) {
		before, after := git(t, "--git-dir", versionsRepo, "cat-file", "blob", p[0]), git(t, "--git-dir", versionsRepo, "cat-file", "blob", p[1])
		start := time.Now()
		d := Compare(string(before), string(after))
		spent += time.Since(start)
		if err := checkDiff(d, string(before), string(after)); err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		s := d.Stat()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		write(t, a, before)
		write(t, b, after)
		start = time.Now()
		out := git(t, "diff", "--no-index", "--minimal", "--word-diff=porcelain", "--word-diff-regex=[[:alnum:]_]+|[^[:space:]]", a, b)
		gitSpent += time.Since(start)
		marked := markedWords(out)
		pairs++
		ours += s.WordsAdded + s.WordsDeleted
		theirs += marked
		if s.WordsAdded+s.WordsDeleted > marked+marked/10+10 {
			worse++
		}
	}
	t.Logf("%d pairs: %d words marked, git marks %d (%.3f); more than a tenth above git in %d; %v, git %v",
		pairs, ours, theirs, float64(ours)/float64(theirs), worse, spent.Round(time.Millisecond), gitSpent.Round(time.Millisecond))
	if float64(ours) > 1.02*float64(theirs) {
		t.Errorf("%d words marked, git marks %d", ours, theirs)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// versionPairs returns the blobs of n changes, spread over the history.
func versionPairs(t *testing.T, n int) [][2]string {
	t.Helper()
	var all [][2]string
	log := git(t, "--git-dir", versionsRepo, "log", "--all", "--raw", "--no-abbrev", "--format=", "--diff-filter=M")
	for s := bufio.NewScanner(bytes.NewReader(log)); s.Scan(); {
		if f := strings.Fields(s.Text()); len(f) >= 5 {
			all = append(all, [2]string{f[2], f[3]})
		}
	}
	var out [][2]string
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}

// markedWords counts the words in the added and deleted parts of a porcelain
// word diff.
func markedWords(porcelain []byte) int {
	n := 0
	body := false
	for line := range strings.SplitSeq(string(porcelain), "\n") {
		switch {
		case strings.HasPrefix(line, "@@"):
			body = true
		case body && (strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-")):
			for _, w := range pieces(tokens(line[1:])) {
				if isWord(w) {
					n++
				}
			}
		}
	}
	return n
}
