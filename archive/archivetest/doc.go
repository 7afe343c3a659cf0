// Package archivetest is a scripted web for tests: a small real server on
// loopback whose sites and pages change on command.
//
//	w := archivetest.NewWeb(t)
//	w.Serve("https://news.example/a", archivetest.Page{Body: "<p>Ten people came."})
//	client := fetch.New(fetch.Options{DialContext: w.DialContext, RootCAs: w.RootCAs()})
//	…
//	w.Edit("https://news.example/a", "Ten", "Two")
//	w.Retract("https://news.example/a")
//
// # Names
//
// Pages are named by their whole address. Any host name and any port may be
// used: one listener plays them all, http and https alike, when it is reached
// through [Web.DialContext], or from another process through [DialVia]. Each
// host seems to have a public address of its own (see [Web.At]), so that a
// client's guard against private addresses stays on. Hosts that serve nothing
// do not exist. Tools that know nothing of this dialer use [Web.Addr] or
// addresses made by [Web.Local].
//
// # Lies
//
// Nothing between a [Page] and the wire corrects what it says: a wrong length
// goes out wrong. What the fields of Page cannot say, [Page.Raw] can. A [Fault]
// stalls, hangs up or resets before the head, within it or within the body.
//
// # Records
//
// Every request is kept with its exact head, and with the head it was answered
// with: [Web.Requests].
//
// # Wire
//
// The dialer opens a connection to the listener, sends NUL "dial host:port"
// LF, and gets one line back: "ok " and the addresses that the host seems to
// have, the first being the dialled one, or "nxdomain", "refused", "unreachable"; no line at all from a host
// that does not answer. A connection that begins with 0x16 is TLS, anything
// else is HTTP/1.1.
package archivetest
