// Package replay shows a captured page again, offline, as one HTML file that needs
// nothing else and can do nothing.
//
// # What becomes of a page
//
// The page is parsed as by a browser that runs no scripts, and written again:
//
//   - What it asks for (see package resource) is put in place as data: addresses of
//     the stored bytes. What is not stored is left out. Of a srcset the stored
//     candidate stays, with its descriptor, so that it has the size it had.
//   - Pictures that a script would have put in place stand there. A noscript
//     element gives way to its content when that has a picture or style sheet
//     which is not there otherwise, else it goes.
//   - Scripts, event handlers, frames, objects, base, meta http-equiv and all other
//     references go. Forms lead nowhere. Links to places on the page work; others
//     lead nowhere and have their address as a tooltip.
//   - The first element is a Content-Security-Policy that allows data: pictures,
//     fonts, media and style sheets, inline styles, and nothing else.
//   - A banner says what it is, see [Banner].
//
// The same page gives the same bytes. A file has at most 512 MiB; what would be
// beyond that is left out.
package replay
