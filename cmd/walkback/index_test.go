package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestInterruptedReader: the first interrupt ends a command that only reads, also
// while the index is made for it.
func TestInterruptedReader(t *testing.T) {
	w := newWorkplace(t)
	if err := os.WriteFile(w.path("note.txt"), []byte("A note."), 0o644); err != nil {
		t.Fatal(err)
	}
	w.must(0, "capture", "note.txt")
	w.remove(filepath.Join(w.archive(), "walkback", "index.db"))
	stop, interrupt := context.WithCancel(t.Context())
	interrupt()
	env := environment(w.command().Env)
	var out, complaints counted
	p := &program{stop: stop, world: world{stdout: &out, stderr: &complaints, getenv: env.get, now: time.Now}}
	for _, args := range [][]string{{"list"}, {"log"}, {"log", "note.txt"}, {"search", "note"}} {
		err := p.app().RunContext(t.Context(), append([]string{"walkback", "--archive", w.archive()}, args...))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

type environment []string

// get returns the value that was set last.
func (e environment) get(name string) string {
	for _, line := range slices.Backward(e) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
}

type counted int

func (c *counted) Write(p []byte) (int, error) {
	*c += counted(len(p))
	return len(p), nil
}
