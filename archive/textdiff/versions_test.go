package textdiff

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const versionsRepo = "../../../shared/data/versions/versions.git"

// git runs a git command that only reads.
func git(t testing.TB, args ...string) []byte {
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

// needVersions skips a test where the texts with many versions or git are not
// there.
func needVersions(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("git is missing")
		}
		t.Skip("git is missing")
	}
	if _, err := os.Stat(versionsRepo); err != nil {
		t.Skip("the texts with many versions are not here")
	}
}

// TestAgainstMinimum compares the number of tokens marked as changed with the
// least possible one, and that of words with git diff --word-diff, on real
// texts of which each has many versions.
func TestAgainstMinimum(t *testing.T) {
	needVersions(t)
	dir := t.TempDir()
	var pairs, marked, least, words, gitWords int
	worst := 1.0
	for _, p := range versionPairs(t, 60) {
		before, after := blob(t, p[0]), blob(t, p[1])
		d := Compare(before, after)
		if err := checkDiff(d, before, after); err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		m, l := tokensMarked(d), leastMarked(before, after)
		pairs, marked, least = pairs+1, marked+m, least+l
		if m > l+10 {
			worst = max(worst, float64(m)/float64(l))
		}
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		write(t, a, before)
		write(t, b, after)
		out := git(t, "diff", "--no-index", "--minimal", "--word-diff=porcelain", "--word-diff-regex=[[:alnum:]_]+|[^[:space:]]", a, b)
		s := d.Stat()
		words, gitWords = words+s.WordsAdded+s.WordsDeleted, gitWords+markedWords(out)
	}
	t.Logf("%d pairs: %d tokens marked, at least %d (%.4f; worst pair %.4f); %d words, git diff --minimal --word-diff %d (%.3f)",
		pairs, marked, least, float64(marked)/float64(least), worst, words, gitWords, float64(words)/float64(gitWords))
	if float64(marked) > 1.02*float64(least) {
		t.Errorf("%d tokens marked, want at most 1.02 times %d", marked, least)
	}
	if float64(words) > 1.02*float64(gitWords) {
		t.Errorf("%d words marked, git marks %d", words, gitWords)
	}
}

func blob(t testing.TB, id string) string {
	t.Helper()
	return string(git(t, "--git-dir", versionsRepo, "cat-file", "blob", id))
}

func tokensMarked(d Diff) int {
	n := 0
	for _, s := range d.Segments {
		if s.Op != Equal {
			n += len(visible(s.Text, make(numbering)))
		}
	}
	return n
}

// leastMarked counts the tokens that no longest common subsequence of all the
// tokens of two texts holds.
func leastMarked(before, after string) int {
	ids := make(numbering)
	a, b := visible(before, ids), visible(after, ids)
	var al aligner
	al.align(a, b, len(ids), math.MaxInt)
	return len(a) + len(b) - 2*len(al.pairs)
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// versionPairs returns the blobs of n changes, spread over the history.
func versionPairs(t testing.TB, n int) [][2]string {
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
