package extract

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// A hint is what the markup of an element says about its content. Hints are
// believed only as far as the text agrees, see furnish.
type hint uint8

const (
	bodyHint    hint = 1 << iota // the text of an article
	storyHint                    // an article as a whole, with headline and all
	weakHint                     // beside the article: a sidebar, a box, a footer
	firmHint                     // never the article: comments, navigation, consent
	captionHint                  // below a picture
	noticeHint                   // a box for corrections and the like
	topicHint                    // it is bad by its id alone, which may say what the text is about

	goodHint = bodyHint | storyHint
	badHint  = weakHint | firmHint
)

// maxHints is how many names of elements are remembered: pages that have more of
// them hardly repeat any.
const maxHints = 4096

// hintOf returns the hints of an element.
func (w *treeWalk) hintOf(n *html.Node) hint {
	out := elementHints[n.Data]
	class, id := "", ""
	for _, a := range n.Attr {
		switch a.Key {
		case "class":
			class = a.Val
		case "id":
			id = a.Val
		case "role":
			out |= roleHints[a.Val]
		case "itemprop":
			if strings.EqualFold(a.Val, "articleBody") {
				out |= bodyHint
			}
		case "aria-hidden":
			if a.Val == "true" {
				out |= weakHint
			}
		}
	}
	switch n.Data {
	case "html", "body", "main", "h1":
		return out // their classes speak of the whole page
	}
	if class == "" && id == "" || len(class)+len(id) > maxClass {
		return out
	}
	key := class + "\x00" + id
	known, ok := w.hints[key]
	if !ok {
		known = classHint(class)
		if known&badHint == 0 && isTopic(id) {
			known |= topicHint
		}
		known |= classHint(id)
		if len(w.hints) < maxHints {
			w.hints[key] = known
		}
	}
	if oneBlock[n.Data] {
		known &^= goodHint
	}
	switch {
	case known&topicHint == 0:
	case out&badHint != 0:
		known &^= topicHint
	case oneParagraph[n.Data]:
		known &^= topicHint | badHint // nobody lays out a page with paragraphs
	}
	return out | known
}

// oneBlock elements hold no article, whatever they are called.
var oneBlock = wordSet("p h1 h2 h3 h4 h5 h6 li dt dd figure figcaption blockquote td")

// oneParagraph elements are of a text, and what their id says is what they are
// about: "#advertising" of a list of terms is no advertisement.
var oneParagraph = wordSet("p h1 h2 h3 h4 h5 h6 li dt dd")

// isTopic reports whether an id has none of the words that name parts of pages
// but those that texts are about as well: a policy on cookies has a section with
// the id "cookies".
func isTopic(id string) bool {
	left := make([]string, 0, 4)
	for _, w := range nameWords(id) {
		if !topics[w] {
			left = append(left, w)
		}
	}
	return !strings.ContainsAny(id, "0123456789") && nameHint(left)&badHint == 0 && classHint(id)&badHint != 0
}

// topics are words of wordHints that texts are about.
var topics = wordSet(`cookie cookies gdpr consent share sharing social newsletter newsletters subscribe subscription login register signin signup
	search advert adverts advertisement advertisements advertising ads tools promo promotion promotions sponsor sponsors sponsored partner partners
	copyright legal disclaimer tags keywords categories topics print email mail feedback survey poll rating ratings donate donation donations
	support attribution metadata meta latest popular jump bio biography gallery recommendation recommendations partage werbung anzeige publicidad`)

// maxClass is the length of the longest class attribute that is looked at.
const maxClass = 1024

var elementHints = map[string]hint{
	"article": storyHint,
	"main":    storyHint,
	"nav":     firmHint,
	"menu":    firmHint,
	"dialog":  firmHint,
	"aside":   weakHint,
	"footer":  weakHint,
	"form":    weakHint,
}

var roleHints = map[string]hint{
	"article":       storyHint,
	"main":          storyHint,
	"navigation":    firmHint,
	"menu":          firmHint,
	"menubar":       firmHint,
	"search":        firmHint,
	"dialog":        firmHint,
	"alertdialog":   firmHint,
	"complementary": weakHint,
	"contentinfo":   weakHint,
	"banner":        weakHint,
}

// classHint reads the names in a class or id attribute word by word.
func classHint(class string) hint {
	var out hint
	for name := range strings.FieldsSeq(class) {
		out |= nameHint(nameWords(name))
	}
	return out
}

// nameHint judges one name, such as "article-body" or "relatedStories".
func nameHint(words []string) hint {
	var out hint
	for i, w := range words {
		switch {
		case stateWords[w], i == 0 && len(words) == 2 && topicWords[w] && pairHints[w+" "+words[1]] == 0:
			return out
		case w == "social" && embeds(words):
			continue
		}
		if i > 0 {
			out |= pairHints[words[i-1]+" "+w]
		}
		out |= wordHints[w]
	}
	if len(words) == 1 && words[0] == "widget" { // others are the boxes of page builders
		out |= weakHint
	}
	return out
}

// embeds tells a post of a social network in the text from buttons for one.
func embeds(words []string) bool {
	return slices.Contains(words, "embed") || slices.Contains(words, "tweet") || slices.Contains(words, "post")
}

// nameWords splits a name at signs and at capitals and lowers its words.
func nameWords(name string) []string {
	var out []string
	start := 0
	lower := false // the character before is a small letter
	for i, r := range name {
		switch {
		case !unicode.IsLetter(r):
			if i > start {
				out = append(out, strings.ToLower(name[start:i]))
			}
			start = i + len(string(r))
			lower = false
			continue
		case unicode.IsUpper(r) && lower && i > start:
			out = append(out, strings.ToLower(name[start:i]))
			start = i
		}
		lower = unicode.IsLower(r)
	}
	if len(name) > start {
		out = append(out, strings.ToLower(name[start:]))
	}
	return out
}

// stateWords begin names that say what an element has or what the page is about,
// not what the element is: "has-sidebar", "no-comments", "category-newsletters".
var stateWords = wordSet(`has have no not with without hide hidden show is js toggle below above before after
	contains enable disable withsidebar nosidebar`)

// topicWords do so at their beginning.
var topicWords = wordSet("tag category type status format post postid page hentry")

// wordHints hold for a name with such a word. Other languages than English are
// here with the words that their sites use for parts of a page.
var wordHints = hintsOf(map[hint]string{
	firmHint: `comment comments commentlist commenting disqus livefyre respond replies discussion
		kommentar kommentare kommentarer commentaire commentaires comentario comentarios commenti reacties yorumlar
		nav navi navbar navigation menu submenu breadcrumb breadcrumbs pagination pager paginator
		cookie cookies gdpr consent cmp onetrust cookiebot
		outbrain taboola zergnet revcontent plista ligatus nativo
		share sharing sharebar sharer sharetools addthis addtoany sharethis sharedaddy social socials
		partage partager compartir condividi teilen delen
		related relatedposts relatedlinks recirc recirculation jp-relatedposts yarpp crp
		relacionados relacionadas verwandt verwandte gerelateerd
		recommended recommendation recommendations recommends readmore
		newsletter newsletters signup subscribe subscription
		login signin register search searchbar searchbox
		advert adverts advertisement advertisements advertising ads ad adbox adslot adsense adsbygoogle dfp gpt
		werbung anzeige publicite publicidad publicidade pubblicita reklama
		popup lightbox skiplink skip`,
	weakHint: `sidebar sidebars rail aside footer footnav masthead topbar toolbar toolbox tools
		promo promos promotion promobox sponsor sponsored sponsors partner partners
		trending popular mostread mostpopular latest ticker
		gallery slideshow slideshows photogallery
		tags taglist tagcloud keywords categories topics
		teaser teasers banner carousel slider playlist
		copyright legal disclaimer colophon
		overlay modal tooltip dropdown flyout offcanvas
		authorbio authorbox bio biography
		meta metadata postmeta jump print email mail feedback survey poll rating ratings
		donate donation donations support crumb crumbs credit credits
		byline bylines dateline timestamp pubdate attribution hashtag
		infobox navbox toc editsection reflist catlinks mw-jump`,
	captionHint: `caption captions figcaption bildunterschrift legende`,
	noticeHint: `correction corrections clarification clarifications erratum errata corrigendum corrigenda retraction
		editorsnote editornote korrektur rectificatif`,
	bodyHint: `articlebody storybody articletext articlecontent storycontent storytext postcontent postbody
		entrycontent bodytext bodycontent bodycopy articlecopy contentbody maincontent`,
})

// pairHints hold for a name with two such words in a row.
var pairHints = hintsOf(map[hint]string{
	firmHint: `more_stories more_news more_articles more_from more_on more_posts more_like most_read most_popular
		most_viewed most_commented read_next read_also read_more read_on up_next next_article next_post
		prev_next next_prev previous_next post_navigation also_read also_like also_on
		other_stories other_news other_articles latest_news latest_stories top_stories top_news
		see_also recent_posts recent_articles popular_posts similar_posts similar_articles suggested_articles
		you_may you_might email_signup sign_up sign_in log_in opt_in call_to cta_box`,
	weakHint: `author_bio author_box author_info author_card author_profile author_description author_about
		about_author about_the widget_area article_tags post_tags entry_tags tag_list post_meta entry_meta article_meta
		article_footer post_footer entry_footer site_footer site_header page_header page_footer global_header
		pull_quote image_credit photo_credit font_size text_size`,
	noticeHint: `editor_note editors_note editorial_note update_note update_notice article_update article_updates article_notice
		article_correction story_update story_correction`,
	bodyHint: `article_body article_text article_content article_copy story_body story_text story_content
		post_content post_body post_text entry_content entry_body entry_text body_text body_content body_copy
		content_body content_text news_body news_text news_content blog_content main_text rich_text`,
})

func hintsOf(words map[hint]string) map[string]hint {
	out := make(map[string]hint)
	for h, list := range words {
		for word := range strings.FieldsSeq(list) {
			key := strings.ReplaceAll(word, "_", " ")
			out[key] |= h
		}
	}
	return out
}
