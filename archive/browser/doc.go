// Package browser renders one page in a headless Chromium and records what came
// of it: the page as it stood in the end, the document as the server sent it, every
// request and response, a picture of the whole page, and on request a PDF. A
// failure is a result, as in package fetch.
//
// It never downloads a browser. [Find] looks for Chromium, Chrome or Edge on this
// machine; a missing one is a [MissingError]. The DevTools protocol is spoken over
// two pipes, so that no debugging port is open; see docs/0020-browser.md for why it
// is spoken here.
//
// # One page
//
// A [Browser] is started by its first page and serves all that follow, several at
// once. Each page has a browser context of its own, without cookies, storage or
// cache of others. The page is left alone until it has loaded, its network has been
// quiet for 0.75 s and it has stopped growing; requests that take more than 5 s,
// media, event streams and sockets are not waited for. Then its scripts are
// stopped, and it is recorded:
//
//   - [Rendering.DOM] is the doctype and the outer HTML of the document element, in
//     UTF-8. Shadow trees and the content of frames are not in it.
//   - [Rendering.Document] holds the bytes that the browser was given to make the
//     page of. Documents are asked for with Accept-Encoding: identity, so these are
//     the bytes the server sent; of a server that compresses all the same they are
//     those after decompression.
//   - [Rendering.Hops] and [Rendering.Resources] are what the page asked for. Heads
//     are written in the form of HTTP/1.1 from the fields that DevTools reports: the
//     order and case of fields, folded lines and 1xx heads are not to be relied on.
//     Secret values are redacted as in package fetch. Bodies are without
//     content-coding.
//   - [Rendering.Screenshot] is 1280 pixels wide and at most 10,000 high.
//
// Certificates are judged by the browser. The chain is kept for a document that
// came over https without content-coding; DevTools gives it for no other.
//
// # Limits
//
// A page has Options.Timeout, of which it may take two thirds until it is recorded
// as it stands. Over its connections it is sent at most Options.MaxBytes, of which
// at most 10 MiB a resource and 32 MiB a document are kept. It may ask for 2,000
// things, go on to 20 addresses, open 5 dialogs (all are dismissed), and have 50
// frames and workers in processes of their own. Beyond 300,000 nodes it is recorded
// as it stands. Windows that it opens are closed, downloads denied, scripts that do
// not end ended. On Linux the browser as a whole holds at most Options.MaxMemory:
// beyond that the page that holds most is ended, and no other. [Rendering.Limits]
// says what was cut short.
//
// # Network
//
// The only way out is a proxy of ours on loopback, one for each page, which ends
// with it and serves nobody without its random password. It connects through
// Options.Dial, which refuses private addresses when it dials, after the name was
// resolved. The browser itself resolves no names, and QUIC, UDP that goes past a
// proxy, prefetching and all requests on its own account are off. Addresses that
// are neither http nor https are not rendered, and a page that ends at one is a
// failure.
//
// # Processes
//
// The browser has a profile in a temporary folder walkback-browser-<random>, which
// is removed when it ends; what a killed run left, the next one removes. The
// process group of the browser is killed by [Browser.Close]; on Linux the kernel
// kills the browser when this process dies, elsewhere it ends with its pipe.
//
// The browser's sandbox is on, but for root, for whom it refuses to work: see
// [Sandboxed].
package browser
