// Package picture compares two pictures of a page and draws a third, which shows
// both side by side with what changed marked.
//
// # Comparison
//
// Pages grow and shrink in height, so rows are aligned before pixels are compared:
// rows that are the same and occur once in each picture are anchors, of which the
// longest run in order is kept (patience diff); from them, equal rows are followed
// in both directions. What lies between is compared row by row as far as both
// pictures have rows, the rest is inserted or deleted. Pictures of different widths
// are not aligned. Two pixels are equal when none of their channels differs by more
// than 8 of 255.
//
// # Drawing
//
// The picture before is at the left, that after at the right, 16 pixels apart, with
// aligned rows at the same height and grey where one side has no row. Regions that
// changed are framed in orange on both sides, those inserted in green at the right,
// those deleted in red at the left.
//
// # Limits
//
// Pictures are hostile: one of more than 40 million pixels, or one that takes more
// than 160 MB, is refused by its header ([SizeError]). Beside the two, memory is a
// few dozen bytes a row; the drawing is made as it is encoded.
package picture
