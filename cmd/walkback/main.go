// Walkback archives posts and the sources they cite, signs what it saw, and
// tells later what changed.
//
// Run "walkback --help" for the commands.
package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// memoryGoal is how many bytes of memory the collector aims at. Below it, garbage
// may be twice what is in use; beyond it, no more than there must be. Reading one
// long page takes a third less so, and not more time.
const memoryGoal = 88 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	os.Exit(run(context.Background(), os.Args, world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now,
	}))
}
