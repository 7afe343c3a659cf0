package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/walkback-dev/walkback/provenance/timestamptest"
)

// startAuthority has openssl play a time stamping authority until the script ends.
func startAuthority(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: authority NAME")
	}
	name := args[0]
	dir := ts.MkAbs("authority-" + name)
	ts.Check(os.Mkdir(dir, 0o755))
	authority := timestamptest.MakeOpenSSL(dir, strings.ToUpper(name[:1])+name[1:]+" Time", ts.Logf)
	server := httptest.NewServer(authority)
	ts.Defer(server.Close)
	ts.Setenv("TSA_"+strings.ReplaceAll(strings.ToUpper(name), "-", "_"), server.URL)
	root, err := os.ReadFile(authority.Root())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name+".pem"), root, 0o644))
}

type calendarKey struct{}

// changeCalendar starts a calendar that lasts until the script ends, or has it
// make a block.
func changeCalendar(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 1 && args[0] == "start":
		calendar := ts.Value(calendarKey{}).(*timestamptest.Calendar)
		server := httptest.NewServer(calendar)
		ts.Defer(server.Close)
		calendar.URL = server.URL
		ts.Setenv("CALENDAR", server.URL)
	case !neg && len(args) == 3 && args[0] == "mine":
		height, err := strconv.ParseUint(args[1], 10, 31)
		ts.Check(err)
		header := ts.Value(calendarKey{}).(*timestamptest.Calendar).Mine(height, time.Now())
		ts.Check(os.WriteFile(filepath.Clean(ts.MkAbs(args[2])), header[:], 0o644))
	default:
		ts.Fatalf("usage: calendar start, or calendar mine HEIGHT FILE")
	}
}
