//go:build unix

package gitstore

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps a file into memory. The bytes stay valid until unmap; the file
// may be closed before.
func mapFile(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	if size == 0 { // which cannot be mapped
		return nil, func() error { return nil }, nil
	}
	data, err = unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return data, func() error { return unix.Munmap(data) }, nil
}
