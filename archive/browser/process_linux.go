package browser

import "syscall"

// dieWithUs lets the system end the browser when this program is killed.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
