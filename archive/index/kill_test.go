package index_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/index"
)

func TestMain(m *testing.M) {
	if file := os.Getenv("INDEX_TO_FILL"); file != "" {
		if err := fill(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fill adds commits until it is killed.
func fill(file string) error {
	ctx := context.Background()
	x, err := index.Open(ctx, file, "urn:uuid:one")
	if err != nil {
		return err
	}
	w, err := x.Writer(ctx)
	if err != nil {
		return err
	}
	for {
		newest, _ := w.Newest()
		n := newest + 1
		touch := touched(fmt.Sprint("https://a.example/", n%100), fmt.Sprintf("Number %d of all numbers", n))
		touch.First = n < 100
		if err := w.Add(ctx, index.Commit{Sequence: n, ID: idOf(n), Touched: []index.Touch{touch}}); err != nil {
			return err
		}
		if n%7 == 0 {
			if err := w.Flush(ctx); err != nil {
				return err
			}
			fmt.Println(n)
		}
	}
}

// TestKilled kills a process that makes and fills an index at random moments:
// the next one opens it, finds whole commits only, none fewer than were
// flushed, and goes on.
func TestKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	file := newFile(t)
	flushed := int64(-1)
	for round := range 30 {
		if round%10 == 0 {
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			flushed = -1
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "INDEX_TO_FILL="+file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killed := time.AfterFunc(time.Duration(r.Int64N(int64(120*time.Millisecond))), func() { cmd.Process.Kill() })
		for {
			var n int64
			if _, err := fmt.Fscanln(out, &n); err != nil {
				break
			}
			flushed = n
		}
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() >= 0 {
			t.Fatalf("it ended by itself: %v", err)
		}
		killed.Stop()
		checkFilled(t, file, flushed)
	}
}

func checkFilled(t *testing.T, file string, flushed int64) {
	t.Helper()
	x := open(t, file)
	defer closed(t, x)
	got, err := read(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sequence < flushed || got.Sequence >= 0 && got.ID != idOf(got.Sequence) {
		t.Fatalf("it stands at %d %x; flushed was %d", got.Sequence, got.ID, flushed)
	}
	if want := min(int(got.Sequence)+1, 100); len(got.Pages) != want {
		t.Fatalf("%d pages after %d commits", len(got.Pages), got.Sequence+1)
	}
	if got.Sequence < 0 {
		return
	}
	found, err := hits(t.Context(), x, fmt.Sprintf(`"number %d"`, got.Sequence))
	want := hit(fmt.Sprint("https://a.example/", got.Sequence%100), got.Sequence, fmt.Sprintf("Number %d of all numbers", got.Sequence))
	if err != nil || len(found) != 1 || found[0] != want {
		t.Fatalf("found %v, %v; want %s", found, err, want)
	}
	if found, err := hits(t.Context(), x, "numbers"); err != nil || int64(len(found)) != got.Sequence+1 {
		t.Fatalf("%d hits after %d commits, %v", len(found), got.Sequence+1, err)
	}
}
