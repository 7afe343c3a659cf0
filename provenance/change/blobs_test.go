package change_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// data is where real pages lie, when they are there; the program never has
// them.
const data = "../../../shared/data"

// blobReader reads objects of a repository that is never written to.
type blobReader struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func openBlobs(t testing.TB, repository string) *blobReader {
	t.Helper()
	if _, err := os.Stat(repository); err != nil {
		t.Skipf("%s is not here", repository)
	}
	git := exec.Command("git", "--git-dir="+repository, "cat-file", "--batch")
	in, err := git.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := git.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := git.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := git.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &blobReader{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// read returns the object that a name of git means.
func (r *blobReader) read(t testing.TB, name string) []byte {
	t.Helper()
	if _, err := fmt.Fprintln(r.in, name); err != nil {
		t.Fatal(err)
	}
	line, err := r.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var id, kind string
	var size int
	if _, err := fmt.Sscan(line, &id, &kind, &size); err != nil {
		t.Fatalf("%s: %q", name, line)
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(r.out, content); err != nil {
		t.Fatal(err)
	}
	return content[:size]
}
