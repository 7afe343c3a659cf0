// Walkback archives posts and the sources they cite, signs what it saw, and
// tells later what changed.
//
// Run "walkback --help" for the commands.
package main

import (
	"context"
	"os"
	"time"
)

func main() {
	os.Exit(run(context.Background(), os.Args, world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now,
	}))
}
