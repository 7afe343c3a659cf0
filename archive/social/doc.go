// Package social reads posts of services through their public JSON: what a page
// shows only to a browser that runs its scripts, the API of the service says in a
// few hundred bytes, with the author, the time and what belongs to the post.
//
// It is pure. A [Service] knows which addresses are those of its posts, what to
// ask in place of the page, and how to read the answer. The page keeps its own
// name, the address of the post.
//
//	mastodon/1    Mastodon and what speaks its API: /@USER/ID, /users/USER/statuses/ID,
//	              /web/…, /notice/ID on any host; GET /api/v1/statuses/ID there.
//	              https://docs.joinmastodon.org/entities/Status/
//	bluesky/1     https://bsky.app/profile/WHO/post/KEY;
//	              GET /xrpc/app.bsky.feed.getPostThread at the public AppView.
//	              github.com/bluesky-social/atproto lexicons/app/bsky/feed/defs.json
//	hackernews/1  https://news.ycombinator.com/item?id=N; GET /v0/item/N.json.
//	              https://github.com/HackerNews/API
//	reddit/1      …reddit.com/r/SUB/comments/ID/…, a comment's address too;
//	              GET /comments/ID.json. https://www.reddit.com/dev/api
//
// # What is read
//
// The text of the post itself, its author and times, a content warning, the media
// with the words that describe them, the options of a poll, the post that it
// quotes or passes on, and the address of the post that it replies to. Counters of
// likes, replies and votes are no part of the text, nor are the replies of others:
// these are posts of their own. Neither are previews that a server makes of linked
// pages, which change without the post.
//
// # The text
//
// [Post.Document] writes, in this order and each as a block of its own: the author,
// as name and handle; the time, and the time of the last edit; "In reply to" with
// the address; "Content warning:" with its words; the text; the link of the post;
// "Poll:" with an item for each option; "Image:" (or Video, Audio, File) with the
// words that describe it, for each medium; "Quoted post by …:" with the quoted text
// set off. The links of the text, the media, the quoted post and the post that is
// replied to are the links of the document; mentions and hashtags are none.
//
// # Posts that are not there
//
// [AbsentError] tells what the service says: not found, deleted by its author,
// removed by others, or shown to some only. An answer that is not of the service at
// all is [ErrForeign]: the page itself may be asked for then.
package social
