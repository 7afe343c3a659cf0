package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// changeWeb changes what the script's web answers. Addresses are paths on it.
//
//	web serve PATH FILE [OPTION=VALUE...]   a page; $WEB in it is the web's address
//	web otherwise / FILE [OPTION=VALUE...]  what is answered for all other addresses
//	web once PATH FILE [OPTION=VALUE...]    the page for the next request alone; in a row, for the next ones
//	web status PATH CODE                    an answer with this status until restore
//	web edit PATH OLD NEW                   one page in place
//	web challenge PATH                      what is shown to supposed robots, until restore
//	web retract|remove|restore PATH         410, 404, as before
//	web redirect PATH LOCATION
//	web break PATH stall|hangup|reset [head|body]
//	web await PATH N                        wait for the N-th request
//	web asked PATH N                        there were N requests
//	web sent PATH TEXT                      the last request's head holds this text; ! if it does not
//	web then PATH CODE...                   one answer of each status, then as before
//	web proxy [USER PASSWORD]               a proxy is at $PROXY from now on
//	web proxied N                           it was asked for N connections
//
// The options are status, type, etag, modified, coding, charset, length, header
// and endless.
func changeWeb(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 0 && strings.HasPrefix(args[0], "prox") {
		changeProxy(ts, args)
		return
	}
	if len(args) < 2 || neg && args[0] != "sent" {
		ts.Fatalf("usage: web VERB PATH ARG...")
	}
	web := ts.Value(webKey{}).(*archivetest.Web)
	address, rest := web.Local(args[1]), append(args[2:], "", "")
	number := func() int {
		n, err := strconv.Atoi(rest[0])
		ts.Check(err)
		return n
	}
	switch args[0] {
	case "serve":
		web.Serve(address, servedPage(ts, rest[0], args[3:]))
	case "otherwise":
		web.Otherwise(servedPage(ts, rest[0], args[3:]))
	case "once":
		web.Once(address, servedPage(ts, rest[0], args[3:]))
	case "status":
		web.Replace(address, archivetest.Page{Status: number(), Body: "<h1>No</h1><p>The server says no.</p>"})
	case "challenge":
		web.Replace(address, archivetest.Challenge(403))
	case "edit":
		web.Edit(address, rest[0], rest[1])
	case "retract":
		web.Retract(address)
	case "remove":
		web.Remove(address)
	case "restore":
		web.Restore(address)
	case "redirect":
		web.Redirect(address, rest[0])
	case "break":
		web.Break(address, fault(ts, rest[0], rest[1]))
	case "await":
		web.Await(address, number())
	case "asked":
		if got := len(web.Requests(address)); got != number() {
			ts.Fatalf("%d requests for %s, want %d", got, args[1], number())
		}
	case "sent":
		all := web.Requests(address)
		if len(all) == 0 || strings.Contains(string(all[len(all)-1].Head), rest[0]) == neg {
			ts.Fatalf("of %d requests for %s, the last one is not so: %q", len(all), args[1], rest[0])
		}
	case "then":
		var pages []archivetest.Page
		for _, code := range args[2:] {
			status, err := strconv.Atoi(code)
			ts.Check(err)
			pages = append(pages, archivetest.Page{Status: status, Body: "<h1>No</h1><p>The server says no.</p>", Header: []string{"Retry-After: 0"}})
		}
		web.First(address, pages...)
	default:
		ts.Fatalf("the web knows no %q", args[0])
	}
}

type proxyKey struct{}

// changeProxy starts a proxy, or asks it what it was asked for.
func changeProxy(ts *testscript.TestScript, args []string) {
	holder := ts.Value(proxyKey{}).(**archivetest.Proxy)
	switch {
	case args[0] == "proxy" && (len(args) == 1 || len(args) == 3):
		proxy, err := archivetest.StartProxy(nil)
		ts.Check(err)
		ts.Defer(proxy.Close)
		if len(args) == 3 {
			proxy.Demand(args[1], args[2])
		}
		*holder = proxy
		ts.Setenv("PROXY", proxy.Addr())
	case args[0] == "proxied" && len(args) == 2 && *holder != nil:
		if asked := (*holder).Asked(); strconv.Itoa(len(asked)) != args[1] {
			ts.Fatalf("the proxy was asked for %q, want %s connections", asked, args[1])
		}
	default:
		ts.Fatalf("usage: web proxy [USER PASSWORD], web proxied N")
	}
}

func servedPage(ts *testscript.TestScript, file string, options []string) archivetest.Page {
	page := archivetest.Page{Body: withWeb(ts, file)}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		var err error
		switch name {
		case "status":
			page.Status, err = strconv.Atoi(value)
		case "length":
			page.Length, err = strconv.Atoi(value)
		case "type":
			page.Type = value
		case "etag":
			page.ETag = value
		case "modified":
			page.Modified = value
		case "coding":
			page.Coding = value
		case "header":
			page.Header = append(page.Header, value)
		case "endless":
			page.Endless = true
		case "charset":
			if value != "gbk" {
				ts.Fatalf("the web knows no charset %q", value)
			}
			page.Body, err = simplifiedchinese.GBK.NewEncoder().String(page.Body)
		default:
			ts.Fatalf("a page has no %q", name)
		}
		ts.Check(err)
	}
	return page
}

func fault(ts *testscript.TestScript, how, where string) archivetest.Fault {
	places := map[string]archivetest.Place{"": archivetest.BeforeHead, "head": archivetest.InHead, "body": archivetest.InBody}
	place, ok := places[where]
	if !ok {
		ts.Fatalf("an answer has no %q", where)
	}
	switch how {
	case "stall":
		return archivetest.Stall(place)
	case "hangup":
		return archivetest.HangUp(place)
	case "reset":
		return archivetest.Reset(place)
	}
	ts.Fatalf("an answer does not go wrong by %q", how)
	return archivetest.Fault{}
}

func withWeb(ts *testscript.TestScript, file string) string {
	return strings.ReplaceAll(ts.ReadFile(file), "$WEB", ts.Getenv("WEB"))
}

func expandFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(withWeb(ts, args[0])), 0o644))
}
