package main

import (
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// maskedWeb stands for the address of a script's web in what programs print.
// It has the length of a loopback address with a port of five digits, so that
// columns stay where they are.
const maskedWeb = "web.example.org"

// mask puts fixed words in place of those that differ in each run, so that a
// script can hold all that a program prints.
type mask []struct {
	pattern *regexp.Regexp
	word    string
}

var masks = mask{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`), "2006-01-02 15:04:05 UTC"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`), "2006-01-02T15:04:05.000Z"},
	{regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{8}`), "RUN"},
	{regexp.MustCompile(`pages/(?:[0-9a-f]/){4}[^ ~/]*~([^ ~/]*)~[0-9a-f]{20}`), "pages/…~${1}~…"},
	{regexp.MustCompile(`sha256:[0-9a-f]{64}`), "sha256:…"},
	{regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`), "SHA256:…"},
	{regexp.MustCompile(`[A-Za-z0-9+/_-]{8}@walkback\.invalid`), "KEY@walkback.invalid"},
	{regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}`), "urn:uuid:…"},
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "c0ffeec0ffee"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+->`), "->"},
}

type masker struct{ literal *strings.Replacer }

func maskFor(ts *testscript.TestScript) masker {
	web := ts.Value(webKey{}).(*archivetest.Web)
	words := []string{ts.Getenv("WORK"), "$WORK", web.Addr(), maskedWeb}
	if proxy := ts.Getenv("PROXY"); proxy != "" {
		words = append(words, proxy, "proxy.example:1080")
	}
	return masker{strings.NewReplacer(words...)}
}

func (m masker) Replace(s string) string {
	s = m.literal.Replace(s)
	for _, each := range masks {
		s = each.pattern.ReplaceAllString(s, each.word)
	}
	return s
}
