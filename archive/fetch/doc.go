// Package fetch asks for one URL and records the exchange: every request and
// response head as the exact bytes that were sent and received, the payload,
// the certificates, and why it ended when it did not end well. A failure is a
// result, too; it is never lost.
//
// # What is spoken
//
// HTTP/1.1 (RFC 9112), written and framed here over plain or TLS connections,
// because net/http hides the exact heads and the dialled address. A request is
//
//	GET <target> HTTP/1.1
//	Host: <host, with the port when it is not the scheme's own>
//	User-Agent: <Options.UserAgent>
//	Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
//	Accept-Encoding: identity
//	If-None-Match, If-Modified-Since: <when asked for, see Request>
//	Cookie: <set by earlier hops of the same Fetch, Options.Cookies>
//	<Options.Headers, of which an Accept takes the place of ours>
//
// in this order with CRLF line ends. URLs are read as browsers do (WHATWG), so
// odd spellings of hosts (http://2130706433/, IDN) become what they mean. User
// information and schemes other than http and https are refused.
//
// # What is recorded
//
// [Exchange.Hops] holds one [Hop] for every request that was tried, with the
// addresses that the host's name had and the one that was dialled: the
// redirects 301, 302, 303, 307 and 308 with a Location each lead to a next
// one. Meta refresh and scripts are not followed. Cookies live within one
// Fetch. The payload is the last response's content with its transfer-coding
// removed and its content-coding kept; trailer fields are dropped.
//
// Heads are exact but for secrets: the values of Cookie, Set-Cookie,
// Authorization and all Proxy- fields become "[redacted]". The names, the case
// and the line structure stay, obsolete line folding included, and
// [Hop.Redacted] lists what was changed.
//
// Responses are read leniently where browsers do (lines that end in LF, fields
// that make no sense) and strictly where it decides what belongs to whom:
// after anything doubtful the connection is closed, so that no byte of one
// answer can be taken for the next one.
//
// # Limits
//
// Bytes, redirects, time, heads and cookies are limited, see [Options]. What
// arrived before a limit is kept and marked with [Exchange.Truncated]. A payload
// that is too large for memory goes to a temporary file as it comes, see package
// buffer, so that memory does not depend on its size.
//
// # Manners
//
// One request at a time goes to a host and port, over one connection that is
// kept open for the next one; others wait in line. Who waits there also waits for
// the pause between two pages (Options.Delay), for the Crawl-delay of robots.txt and
// for a Retry-After; a host that failed too often, or wants to be left alone for more
// than a minute, is answered for with [HostFailing] until [Client.Wake].
//
// With Request.Robots, robots.txt is asked for leave on each hop (RFC 9309): once
// a scheme, host and port. A file that is not there (4xx, too many redirects) allows
// all, one that cannot be had (5xx, 429, no HTTP, broken off) forbids all; where there
// is no connection to the host, the request itself says so.
//
// A request whose failure may pass is made again (Options.Retries), and each try but
// the last one is in [Hop.Tries], without its body.
//
// Proxies of the environment are never used; Options.Via is, see [Proxy] for what can
// be guarded behind it.
//
// # Secrets
//
// Options.Cookies and Options.Headers go to the hosts they name and nowhere else; what
// was asked for over https gives no header away over http. Of what is recorded, heads,
// addresses and failures have "[redacted]" in their place, wherever they occur and
// percent-encoded too, if they have six bytes or more; a header's name marks its value
// as secret whatever its length. A body is kept as it came, and Exchange.HoldsSecret
// says that one is in it.
//
// # Addresses
//
// Every address is checked when it is dialled, after its name has been
// resolved and on every hop: private, loopback, link-local and other special
// purpose addresses (IANA registries) are refused unless Options.AllowPrivate.
// Any port is allowed. With the default dialer nothing is sent to a refused
// address, not even a SYN. A dialer of the caller's is guarded by the
// connection's remote address, after it connected but before a byte is sent;
// a connection without an IP address is refused.
package fetch
