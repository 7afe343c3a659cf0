package gitstore

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// writeCommitGraph has stock git write a commit-graph with the paths that each
// commit changed, which makes git log -- PATH fast; it returns why there is none.
// Git is run only where the config says what a new archive's says and nothing
// else bends it, without the user's configuration, and without hooks.
func (s *Store) writeCommitGraph(ctx context.Context, git string) (reason string) {
	if git == "" {
		return "there is no git"
	}
	if reason := s.foreign(); reason != "" {
		return reason
	}
	cmd := exec.CommandContext(ctx, git, "--git-dir="+s.dir, "-c", "core.hooksPath="+os.DevNull,
		"commit-graph", "write", "--reachable", "--changed-paths", "--no-progress")
	cmd.Dir = s.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_NO_REPLACE_OBJECTS=1",
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("git: %v: %s", err, strings.TrimSpace(string(out)))
	}
	return ""
}

// foreign says what in the archive this package did not write and git would
// obey.
func (s *Store) foreign() string {
	hazards, err := s.Hazards()
	if err != nil {
		return err.Error()
	}
	if len(hazards) > 0 {
		return fmt.Sprintf("%s: %s", hazards[0].Path, hazards[0].Detail)
	}
	// Through a link git would write into another folder.
	for _, name := range []string{"objects", "objects/info", "objects/info/commit-graph", "objects/info/commit-graphs"} {
		info, err := os.Lstat(filepath.Join(s.dir, filepath.FromSlash(name)))
		if err == nil && info.Mode()&os.ModeSymlink != 0 {
			return name + " is a symbolic link"
		}
	}
	// Not by meaning: two readers of a config may see two things.
	config, err := readShort(filepath.Join(s.dir, "config"), maxConfigSize)
	if err != nil {
		return err.Error()
	}
	if string(config) != configText {
		return "the archive's config is not the one that a new archive has"
	}
	return ""
}
