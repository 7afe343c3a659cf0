package extract

// choose returns the blocks of the page that make up the article.
func choose(page, engine []pageBlock) []pageBlock {
	_ = page
	return engine
}
