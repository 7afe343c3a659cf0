//go:build unix && !linux

package browser

import "syscall"

// dieWithUs has nothing to say to this system: the browser ends itself when its
// pipe does.
func dieWithUs(*syscall.SysProcAttr) {}
