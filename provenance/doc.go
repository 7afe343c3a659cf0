// Package provenance answers for an archive: who vouches for it, what changed
// since, and whether any of it was altered. It joins the archive with the
// judgement of its parts:
//
//   - [Recorder.Record] captures posts: capture, judge, commit.
//   - [Recorder.Check] looks at known pages again.
//   - [SecondLooks] keep a passing fault from being told as news.
//   - [QuotesOf] tells what became of the quotes of a post.
//   - [Recorder.Stamp] has others prove when snapshots existed, [Recorder.Upgrade]
//     completes what they promised, [StampStatus] and [Brackets] tell what is proven.
//   - [Recorder.Withhold] takes out what a page said, on record; [Custody] tells who
//     did what.
//   - [Verify] proves that nothing was altered, from raw objects alone. Its checks,
//     and what each answers, are listed in docs/threats.md.
//
// Everything that is built on an archive passes [Recorder.guard] first: nothing
// is signed on top of a head that does not verify.
package provenance
