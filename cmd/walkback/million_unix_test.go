//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMillion measures whole processes on the archive that
// BenchmarkMillionArchive of package archive has made in WALKBACK_MILLION_DIR,
// of WALKBACK_MILLION pages. The first command makes the index, unless it is
// there: remove walkback.git/walkback/index.db to measure that.
func BenchmarkMillion(b *testing.B) {
	pages, err := strconv.Atoi(os.Getenv("WALKBACK_MILLION"))
	if err != nil {
		b.Skip("WALKBACK_MILLION does not say how many pages")
	}
	m := &millionCommands{b: b, binary: buildBinary(b), dir: os.Getenv("WALKBACK_MILLION_DIR"), times: 20}
	if m.dir == "" {
		b.Fatal("WALKBACK_MILLION_DIR does not say where BenchmarkMillionArchive has made an archive")
	}
	for b.Loop() {
		m.measure(pages)
		m.capture()
		m.again()
	}
}

// millionCommands runs commands in the folder of a large archive.
type millionCommands struct {
	b      *testing.B
	binary string
	dir    string
	times  int // that a command is run
}

func (m *millionCommands) measure(pages int) {
	page := func(i int) string { // spread over all
		n := i * (pages / m.times)
		return fmt.Sprintf("http://site%d.example/news/%d/article-%d", n%48, n/10_000, n)
	}
	m.run("first", 1, func(int) []string { return []string{"show", page(0) + "@latest"} })
	m.run("version", m.times, func(int) []string { return []string{"--version"} })
	m.run("show", m.times, func(i int) []string { return []string{"show", page(i)} })
	m.run("show-version", m.times, func(i int) []string { return []string{"show", hotPage(i) + "@latest"} })
	m.run("show-fragment", m.times, func(i int) []string { return []string{"show", strings.TrimPrefix(page(i), "http://s")} })
	m.run("log-page", m.times, func(i int) []string { return []string{"log", hotPage(i)} })
	m.run("log-20", m.times, func(int) []string { return []string{"log", "-n", "20"} })
	m.run("ambiguous", 3, func(int) []string { return []string{"show", "example/news"} })
	m.run("unknown", 3, func(int) []string { return []string{"show", "http://siet5.exmple/newz/artcle"} })
	m.run("complete", m.times, func(i int) []string { return []string{"completion", "words", "--", "walkback", "log", page(i)[:12]} })
	words := []string{"ka", "ro", "mi", "ten", "sul", "var", "pel", "don", "gri", "fa", "lo", "ster", "nek", "u", "bra", "chi", "wen", "mor", "ta", "ly"}
	word := func(i int) string { return words[i%len(words)] }
	m.run("search-common", m.times, func(i int) []string { return []string{"search", word(i)} })
	m.run("search-rare", m.times, func(i int) []string { return []string{"search", fmt.Sprintf("hay%d", i*(pages/m.times)/1000*1000+7)} })
	m.run("search-two", m.times, func(i int) []string { return []string{"search", word(i), word(i+7) + word(i+3)} })
	m.run("search-phrase", m.times, func(i int) []string { return []string{"search", word(i) + " " + word(i*3+1)} })
	m.run("search-long-phrase", m.times, func(i int) []string {
		return []string{"search", word(i) + " " + word(i+1) + " " + word(i+2) + " " + word(i+3)}
	})
	m.run("search-absent", m.times, func(i int) []string { return []string{"search", word(i) + " zzz"} })
	m.run("list-words", 3, func(i int) []string { return []string{"list", fmt.Sprintf("article-%d7", i)} })
	m.run("list", 1, func(int) []string { return []string{"list"} })
	m.run("list-json", 1, func(int) []string { return []string{"list", "--json"} })
	m.run("log", 1, func(int) []string { return []string{"log"} })
}

// hotPage is a page with many versions.
func hotPage(i int) string {
	return fmt.Sprintf("http://site%d.example/news/0/article-%d", i*37%48, i*37)
}

// capture adds one page that is not there, and captures it again.
func (m *millionCommands) capture() {
	revision := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<html><title>%s</title><p>This is revision %d of a small page that nobody else has.", r.URL.Path, revision)
	}))
	defer site.Close()
	for ; revision < 2; revision++ {
		before := m.stored()
		m.run(fmt.Sprint("capture-", revision), m.times, func(i int) []string {
			return []string{"capture", "--allow-private", "--no-sources", fmt.Sprintf("%s/page-%d", site.URL, i)}
		})
		m.b.ReportMetric(float64(m.stored()-before)/float64(m.times), fmt.Sprintf("capture-%d-B", revision))
	}
}

// stored is the size of the archive's packs, without their indexes.
func (m *millionCommands) stored() (size int64) {
	packs, err := filepath.Glob(filepath.Join(m.dir, "walkback.git", "objects", "pack", "*.pack"))
	if err != nil {
		m.b.Fatal(err)
	}
	for _, pack := range packs {
		info, err := os.Stat(pack)
		if err != nil {
			m.b.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// again captures a page anew, in this archive and in one of a thousand pages, in
// turns: the load of the machine meets both alike.
func (m *millionCommands) again() {
	const pages = 1000
	revision := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<html><title>%s</title><p>This is revision %d of a small page that nobody else has.", r.URL.Path, revision)
	}))
	defer site.Close()
	capture := []string{"capture", "--allow-private", "--no-sources"}
	fill := slices.Clone(capture)
	for i := range pages { // none of which has the number of an error
		fill = append(fill, fmt.Sprintf("%s/page-%d", site.URL, pages+i))
	}
	small := m.b.TempDir()
	m.once(small, fill, true)
	capture = append(capture, fill[len(fill)-1])
	m.once(m.dir, capture, true)
	var here, there processes
	for range m.times {
		revision++
		here.add(m.once(m.dir, capture, true))
		there.add(m.once(small, capture, true))
	}
	here.report(m.b, "again")
	there.report(m.b, "again-1000")
	m.b.ReportMetric(here.ratio(there, processes.walls), "again-wall-ratio")
	m.b.ReportMetric(here.ratio(there, processes.cpus), "again-cpu-ratio")
}

// run runs a command several times and reports what its processes took.
func (m *millionCommands) run(name string, times int, args func(i int) []string) {
	var all processes
	for i := range times {
		all.add(m.once(m.dir, args(i), name != "ambiguous" && name != "unknown"))
	}
	all.report(m.b, name)
}

// used is what one process took.
type used struct {
	wall, cpu float64 // ms
	memory    int64   // the most that was resident, KiB
	lines     int     // of output
}

// once runs a command in the folder of an archive, which works or may fail.
func (m *millionCommands) once(dir string, args []string, works bool) used {
	cmd := exec.Command(m.binary, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WALKBACK_CONFIG="+filepath.Join(dir, "config"), "WALKBACK_STATE="+filepath.Join(dir, "state"))
	var out counter
	var complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if err != nil && works {
		m.b.Errorf("%s: %v: %s", args, err, complaints.String())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage) // its memory in KiB on Linux
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return used{float64(wall.Microseconds()) / 1000, float64(cpu.Microseconds()) / 1000, int64(usage.Maxrss), int(out)}
}

// processes is what several processes took.
type processes []used

func (m *processes) add(u used) { *m = append(*m, u) }

func (m processes) walls() (walls []float64) {
	for _, u := range m {
		walls = append(walls, u.wall)
	}
	return walls
}

func (m processes) cpus() (cpus []float64) {
	for _, u := range m {
		cpus = append(cpus, u.cpu)
	}
	return cpus
}

// ratio is the median of the ratios of a turn.
func (m processes) ratio(to processes, of func(processes) []float64) float64 {
	ratios := of(m)
	for i, x := range of(to) {
		ratios[i] /= x
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// report tells the wall and CPU time, and the most memory of any.
func (m processes) report(b *testing.B, name string) {
	wall, cpu := m.walls(), m.cpus()
	slices.Sort(wall)
	slices.Sort(cpu)
	var most int64
	lines := 0
	for _, u := range m {
		most, lines = max(most, u.memory), lines+u.lines
	}
	p95 := func(times []float64) float64 { return times[(len(times)*95+99)/100-1] }
	b.Logf("%-18s wall p50 %7.0f ms, p95 %7.0f ms; cpu p50 %7.0f ms, p95 %7.0f ms; %4d MiB; %d lines a run",
		name, wall[len(wall)/2], p95(wall), cpu[len(cpu)/2], p95(cpu), most>>10, lines/len(m))
	b.ReportMetric(p95(cpu), name+"-p95-cpu-ms")
}

// counter counts lines.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}
