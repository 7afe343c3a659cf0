//go:build !unix

package gitstore_test

import "errors"

func childFill([]string) error { return errors.ErrUnsupported }

func childFillCompact([]string) error { return errors.ErrUnsupported }
