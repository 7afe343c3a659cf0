package browser

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// watch keeps the memory of a browser within a limit: beyond it, the largest of
// its pages' processes is killed, which ends that page and no other.
type watch struct {
	done    chan struct{}
	stopped chan struct{}
}

const watchEvery = 400 * time.Millisecond

func newWatch(pid int, limit int64) *watch {
	w := &watch{done: make(chan struct{}), stopped: make(chan struct{})}
	go func() {
		defer close(w.stopped)
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-ticker.C:
				if total, largest := memoryOf(pid); total > limit && largest != 0 {
					_ = syscall.Kill(largest, syscall.SIGKILL)
				}
			}
		}
	}()
	return w
}

func (w *watch) stop() {
	close(w.done)
	<-w.stopped
}

// memoryOf adds up what the processes of a group hold for themselves, in bytes,
// and finds the renderer that holds most; 0 when there is none.
func memoryOf(group int) (total int64, renderer int) {
	var most int64
	processes, _ := os.ReadDir("/proc")
	for _, entry := range processes {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || groupOf(entry.Name()) != group {
			continue
		}
		status, err := os.ReadFile("/proc/" + entry.Name() + "/status")
		if err != nil {
			continue
		}
		held := anonymous(status)
		total += held
		if held <= most {
			continue
		}
		if line, err := os.ReadFile("/proc/" + entry.Name() + "/cmdline"); err == nil && bytes.Contains(line, []byte("--type=renderer")) {
			most, renderer = held, pid
		}
	}
	return total, renderer
}

// groupOf returns the process group of a process, from proc(5) stat; the name in
// brackets may hold anything.
func groupOf(pid string) int {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 3 {
		return 0
	}
	group, _ := strconv.Atoi(fields[2])
	return group
}

// anonymous reads what a process holds that is no file's, from proc(5) status.
func anonymous(status []byte) (held int64) {
	for line := range bytes.Lines(status) {
		for _, name := range []string{"RssAnon:", "RssShmem:"} {
			if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
				n, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
				held += n << 10
			}
		}
	}
	return held
}
