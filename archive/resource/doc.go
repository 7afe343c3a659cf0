// Package resource finds what a page asks for beside its payload: images, style
// sheets, fonts, icons, video and audio. It reads HTML (see [OfPage]) and CSS
// (see [OfStyle]), and puts other references in the place of those of a style
// sheet (see [RewriteStyle]). It is pure, and what it reads is hostile: all is
// done in time linear in the input, with bounded nesting.
//
// # What a page asks for
//
//	img                 src, srcset; data-src, data-srcset, data-original,
//	                    data-lazy-src, data-lazy-srcset, data-lazy (scripts put
//	                    these in place when the reader scrolls there)
//	picture > source    srcset, data-srcset
//	video, audio, source, track  src; video: poster too
//	input type=image    src
//	SVG image, feImage  href, xlink:href
//	link                rel=stylesheet, and rel=preload as=style that a script
//	                    makes one; rel=icon, shortcut icon, apple-touch-icon
//	body, table, td, th background
//	style, style=""     as a style sheet
//
// The content of noscript is read as if no script ran. What loading="lazy" puts
// off is asked for like the rest. Scripts, frames, objects and beacons are left
// out: no script of a page is ever run, so what it would have asked for is not
// known here.
//
// Of the candidates of a srcset one is asked for: the smallest with a width of at
// least 1,600, else the widest; or that of the density nearest to 2, at most 2.
//
// # What a style sheet asks for
//
// url() and src() anywhere, strings in image-set(), and @import. Of the fonts of
// an @font-face rule one is asked for, by format: woff2, woff, TrueType or
// OpenType, others. Namespaces, fragments (#id) and data: are no resources.
package resource
