package gitstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// openRegular opens a regular file. Anything else under a name of the
// repository, such as a pipe that never ends, is refused before it is opened.
func openRegular(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &CorruptError{Where: path, Reason: "it is not a regular file"}
	}
	f, err := os.Open(path)
	return f, info, err
}

// readShort returns a file that may have at most limit bytes.
func readShort(path string, limit int64) ([]byte, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("reading %s: it has more than %d bytes", path, limit)
	}
	return content, err
}

func readDirNames(folder string) ([]string, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// writeDurable makes a new file that is on disk when it returns. On failure the
// file is gone. As git's own, the permissions obey the umask.
func writeDurable(path string, content []byte, perm os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

// syncFolder makes the names in a folder durable. Windows has no such call and
// writes them through.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// removeIfThere removes a file whose absence is just as good.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
