package browser

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// connectPipes gives the browser the two pipes as inherited handles.
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
	handles := []syscall.Handle{syscall.Handle(theirIn.Fd()), syscall.Handle(theirOut.Fd())}
	for _, handle := range handles {
		if err := syscall.SetHandleInformation(handle, syscall.HANDLE_FLAG_INHERIT, syscall.HANDLE_FLAG_INHERIT); err != nil {
			return nil, nil, nil, err
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{AdditionalInheritedHandles: handles}
	cmd.Args = append(cmd.Args, "--remote-debugging-pipe", fmt.Sprintf("--remote-debugging-io-pipes=%d,%d", handles[0], handles[1]))
	return ourOut, ourIn, func() {
		theirIn.Close()
		theirOut.Close()
	}, nil
}

// killTree kills the browser; its parts end when they lose it.
func killTree(p *os.Process) { _ = p.Kill() }
