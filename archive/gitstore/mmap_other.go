//go:build !unix

package gitstore

import (
	"io"
	"os"
)

// mapFile stands in for a memory map where there is none that this package
// knows: it reads the file, 28 bytes for each object of the pack.
func mapFile(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	data, err = io.ReadAll(io.LimitReader(f, size))
	if err == nil && int64(len(data)) < size {
		err = io.ErrUnexpectedEOF
	}
	return data, func() error { return nil }, err
}
