package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// killsBeside is how often TestKilledBesideGit kills in an ordinary run.
const killsBeside = 8

// TestKilledBesideGit kills whatever walkback does to an archive (capture, check,
// compact, the making of the index) at random moments, while stock git packs the
// same archive anew or pushes to it. After each kill the archive verifies up to
// the last receipt, which is what was acknowledged, git fsck has nothing to say,
// and the next command works. WALKBACK_KILLS=200 kills 200 times.
func TestKilledBesideGit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some twenty seconds")
	}
	t.Parallel()
	kills := killsBeside
	if s := os.Getenv("WALKBACK_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dice := newDice(t)
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	posts, _ := servePosts(web, 40, 8)
	list := w.list(posts)
	w.must(exitDone, "capture", "--list", list)
	happened, tally := 0, map[string]int{}
	for round := 0; happened < kills; round++ {
		if round > 5*kills+20 {
			t.Fatalf("only %d of %d runs were killed: %v", happened, round, tally)
		}
		web.Edit(posts[dice.IntN(len(posts))], "story", fmt.Sprintf("story %d", round))
		command := [][]string{
			{"capture", "--list", list}, {"check"}, {"compact"}, {"search", "story"},
		}[dice.IntN(4)]
		if command[0] == "search" { // which makes the index anew
			w.remove(filepath.Join(w.archive(), "walkback", "index.db"))
		}
		beside := w.gitBeside(dice, posts[0])
		moment := time.Duration(dice.Int64N(int64(700 * time.Millisecond)))
		killed := w.killed(moment, func() bool { return true }, command...)
		t.Logf("round %d: %s beside git %s, killed: %v", round, command[0], <-beside, killed)
		if killed {
			happened++
			tally[command[0]]++
		}
		w.intact()
	}
	t.Logf("killed: %v", tally)
	w.must(exitDone, "capture", "--fresh", "--list", list)
	w.must(exitDone, "compact")
	w.intact()
	if lines := strings.Count(w.must(exitDone, "list"), "/post/"); lines != len(posts) {
		t.Errorf("the archive has %d posts, want %d", lines, len(posts))
	}
}

// gitBeside starts a stock git command in the archive, or a push of what another
// walkback has added to a clone, and sends what it was when it has ended. That a
// push is refused because main has moved on is as it should be.
func (w workplace) gitBeside(dice *rand.Rand, post string) <-chan string {
	w.t.Helper()
	ended := make(chan string, 1)
	commands := [][]string{{"gc", "--quiet"}, {"repack", "-adfq"}, {"push"}, {"gc", "--quiet", "--prune=now"}}
	command := commands[dice.IntN(len(commands))]
	var elsewhere string
	if command[0] == "push" {
		elsewhere = w.addElsewhere(post)
	}
	go func() {
		cmd := exec.Command("git", command...)
		cmd.Dir = w.archive()
		if elsewhere != "" {
			cmd = exec.Command("git", "push", "--quiet", w.archive(), "main:main")
			cmd.Dir = elsewhere
		}
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
		out, err := cmd.CombinedOutput()
		if elsewhere != "" {
			_ = os.RemoveAll(filepath.Dir(elsewhere)) // in the temporary folder of the test
		}
		ended <- strings.TrimSpace(fmt.Sprintf("%s %v %s", command[0], err, out))
	}()
	return ended
}

// addElsewhere clones the archive and captures a post into the clone, as the same
// user would on another machine.
func (w workplace) addElsewhere(post string) string {
	w.t.Helper()
	dir, err := os.MkdirTemp(w.path("tmp"), "clone-")
	if err != nil {
		w.t.Fatal(err)
	}
	clone := filepath.Join(dir, "clone.git")
	w.git("clone", "--quiet", "--mirror", "--no-local", w.archive(), clone)
	cmd := w.command("--archive", clone, "capture", "--no-sources", post)
	for i, line := range cmd.Env {
		if strings.HasPrefix(line, "WALKBACK_STATE=") {
			cmd.Env[i] = "WALKBACK_STATE=" + filepath.Join(dir, "state")
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("capturing into the clone: %v: %s", err, out)
	}
	return clone
}
