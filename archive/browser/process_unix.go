//go:build unix

package browser

import (
	"io"
	"os"
	"os/exec"
	"syscall"
)

// connectPipes gives the browser the two pipes as descriptors 3 and 4 and makes it
// the leader of a process group: the terminal's interrupt is for us to act on.
// after closes the browser's ends in this process.
func connectPipes(cmd *exec.Cmd) (to io.WriteCloser, from io.ReadCloser, after func(), err error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		ourOut.Close()
		return nil, nil, nil, err
	}
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	cmd.Args = append(cmd.Args, "--remote-debugging-pipe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithUs(cmd.SysProcAttr)
	return ourOut, ourIn, func() {
		theirIn.Close()
		theirOut.Close()
	}, nil
}

// killTree kills the process group of the browser.
func killTree(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill()
}
