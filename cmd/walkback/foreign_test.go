package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// TestForeignArchive: whatever an archive from elsewhere bids git to run, no
// command of walkback has it run. In place of git there is a program that only
// notes that it was called: in an archive of our own, compact calls it.
func TestForeignArchive(t *testing.T) {
	web := archivetest.NewWeb(t)
	posts, _ := servePosts(web, 1, 1)
	original := newWorkplace(t)
	original.must(exitDone, "capture", posts[0])
	original.must(exitDone, "capture", posts[0])
	fakeGit := original.path("bin", "git")
	writeProgram(t, fakeGit, `echo "$@" >> "$(dirname "$0")/../git-was-run"`)

	t.Run("our own", func(t *testing.T) {
		w := original.copy(t)
		w.withFakeGit("compact")
		if _, err := os.Stat(w.path("git-was-run")); err != nil {
			t.Errorf("compact does not run git, so this test shows nothing: %v", err)
		}
	})

	trace := original.path("evil-was-run")
	evil := "touch " + trace
	t.Run("hooks of ours", func(t *testing.T) { // git is run, and runs none of them
		w := original.copy(t)
		for _, hook := range []string{"reference-transaction", "post-index-change", "pre-auto-gc"} {
			writeProgram(t, filepath.Join(w.archive(), "hooks", hook), evil)
		}
		w.must(exitDone, "compact")
		w.must(exitDone, "capture", posts[0])
		if _, err := os.Stat(trace); err == nil {
			t.Error("a hook of the archive was run")
		}
	})

	writeProgram(t, original.path("evil", "program"), evil)
	evil = original.path("evil", "program")
	for _, hook := range []string{"pre-commit", "post-commit", "reference-transaction", "post-index-change", "pre-auto-gc", "post-checkout", "update"} {
		writeProgram(t, original.path("evil", "hooks", hook), "touch "+trace)
	}
	settings := map[string]string{
		"include":      "[include]\n\tpath = " + original.path("evil", "included") + "\n",
		"includeIf":    "[includeIf \"gitdir:/**\"]\n\tpath = " + original.path("evil", "included") + "\n",
		"fsmonitor":    "[core]\n\tfsmonitor = " + evil + "\n",
		"hooksPath":    "[core]\n\thooksPath = " + original.path("evil", "hooks") + "\n",
		"pager":        "[core]\n\tpager = " + evil + "\n[pager]\n\tcommit-graph = " + evil + "\n",
		"editor":       "[core]\n\teditor = " + evil + "\n",
		"sshCommand":   "[core]\n\tsshCommand = " + evil + "\n",
		"gitProxy":     "[core]\n\tgitProxy = " + evil + "\n",
		"alternates":   "[core]\n\talternateRefsCommand = " + evil + "\n",
		"worktree":     "[core]\n\tworktree = " + original.path("evil") + "\n\tbare = false\n",
		"alias":        "[alias]\n\tcommit-graph = !" + evil + "\n\tlog = !" + evil + "\n",
		"gpg":          "[gpg]\n\tprogram = " + evil + "\n[gpg \"ssh\"]\n\tprogram = " + evil + "\n\tdefaultKeyCommand = " + evil + "\n",
		"filter":       "[filter \"x\"]\n\tclean = " + evil + "\n\tsmudge = " + evil + "\n",
		"diff":         "[diff]\n\texternal = " + evil + "\n[diff \"x\"]\n\ttextconv = " + evil + "\n",
		"credential":   "[credential]\n\thelper = !" + evil + "\n",
		"remote":       "[remote \"origin\"]\n\turl = ext::" + evil + "\n\tpromisor = true\n[protocol]\n\tallow = always\n",
		"partialClone": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ext::" + evil + "\n",
	}
	if err := os.WriteFile(original.path("evil", "included"), []byte(settings["fsmonitor"]+settings["hooksPath"]+settings["pager"]), 0o644); err != nil {
		t.Fatal(err)
	}
	few := [][]string{{"verify"}, {"compact"}, {"check"}}
	t.Run("all settings", func(t *testing.T) {
		w := original.copy(t)
		w.appendTo(filepath.Join(w.archive(), "config"), strings.Join(slices.Collect(maps.Values(settings)), ""))
		w.runsNothing(trace, [][]string{
			{"capture", posts[0]},
			{"diff", posts[0]},
			{"log"},
			{"log", posts[0]},
			{"show", posts[0]},
			{"list"},
			{"search", "story"},
			{"untrack", posts[0]},
			{"compact", "--dry-run"},
			{"init"},
			{"key", "list"},
			{"verify", posts[0]},
		})
	})
	for name, text := range settings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := original.copy(t)
			w.appendTo(filepath.Join(w.archive(), "config"), text)
			w.runsNothing(trace, few)
		})
	}
	for name, plant := range map[string]func(w workplace){
		"alternates file": func(w workplace) {
			w.appendTo(filepath.Join(w.archive(), "objects", "info", "alternates"), w.path("elsewhere")+"\n")
		},
		"worktree config": func(w workplace) {
			w.appendTo(filepath.Join(w.archive(), "config.worktree"), settings["fsmonitor"])
		},
		"commondir": func(w workplace) { w.appendTo(filepath.Join(w.archive(), "commondir"), w.path("elsewhere")+"\n") },
		"linked folder": func(w workplace) {
			info := filepath.Join(w.archive(), "objects", "info")
			if err := os.RemoveAll(info); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(w.path("state"), info); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := original.copy(t)
			plant(w)
			w.runsNothing(trace, few)
		})
	}
}

// runsNothing runs commands in an archive that bids git to run a program, which
// leaves a trace. Some refuse; none calls git, and the program is not run.
func (w workplace) runsNothing(trace string, commands [][]string) {
	w.t.Helper()
	for _, command := range commands {
		w.withFakeGit(command...)
		for _, trace := range []string{trace, w.path("git-was-run")} {
			if said, err := os.ReadFile(trace); err == nil {
				w.t.Fatalf("after walkback %s there is %s: %s", strings.Join(command, " "), trace, said)
			}
		}
	}
}

// withFakeGit runs walkback where git is the program that notes its calls.
func (w workplace) withFakeGit(args ...string) {
	w.t.Helper()
	cmd := w.command(args...)
	for i, line := range cmd.Env {
		if path, ok := strings.CutPrefix(line, "PATH="); ok {
			cmd.Env[i] = "PATH=" + w.path("bin") + string(os.PathListSeparator) + path
		}
	}
	out, _ := cmd.CombinedOutput() // some commands refuse, as they should
	if strings.Contains(string(out), "goroutine ") {
		w.t.Errorf("walkback %s panics: %s", args[0], out)
	}
}

// appendTo adds text to a file, which may be new.
func (w workplace) appendTo(file, text string) {
	w.t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if closeErr := f.Close(); err != nil || closeErr != nil {
		w.t.Fatal(err, closeErr)
	}
}

// writeProgram writes a shell script.
func writeProgram(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
