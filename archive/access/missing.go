package access

import (
	"fmt"
	"mime"
	"strings"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// missingTitles say that there is no such page, as a whole title or as a piece
// of one.
var missingTitles = pattern.New(`(?i)^\W*(` + strings.Join([]string{
	`(error|http|fehler|erreur|errore)?[ :#]*404( error)?`, `(error )?404\W{0,4}(error|page|file|seite)?\W{0,3}(is |was |could )?(not )?(be )?found`,
	`404 ?[:!.,–—-]+ ?.{0,60}`, `(error|page|http|oops|fehler|erreur|seite|página|status)\W{1,4}404`,
	`((the |this |requested )*(page|article|story|document|file|content|post|resource|url|item|video)s? )?((you('re| are)? (requested|looking for|were looking for) )?(was|is|could|can|has|had) ?(no longer|not|n't|been)( been| be)* ?(found|available|exist|removed|deleted|moved)( or .{0,40})?)`,
	`(page|article|story|document|file|content|post|object|item) not found`, `not found`, `(page|article|story|content|file) (unavailable|missing|removed|deleted|does(n't| not) exist)`,
	`(page|article|story|content) (is )?no longer (available|exists?)`, `no longer available`, `nothing (was )?found( here)?`, `oops!?.{0,40}(not|n't|can't|gone).{0,30}`,
	`we can('|no)t find (that|the|this) page.{0,20}`, `sorry, (this|that|the) (page|article|story).{0,40}`,
	`page (introuvable|non trouvée|inexistante|inconnue)`, `(cette )?page n'existe (pas|plus)`, `seite (wurde )?nicht gefunden`, `nicht gefunden`, `(die )?seite existiert nicht( mehr)?`,
	`página no (encontrada|existe)`, `no encontrad[oa]`, `página não encontrada`, `não encontrad[oa]`, `pagina non trovata`, `pagina niet gevonden`, `niet gevonden`,
	`strona nie istnieje`, `nie znaleziono( strony)?`, `siden (blev )?(ikke fundet|finnes ikke)`, `sidan (kunde inte hittas|hittades inte|finns inte)`, `sivua ei löy(dy|tynyt)`,
	`страница не найдена`, `сторінку не знайдено`, `sayfa bulunamadı`, `a keresett oldal nem található`, `stránka (nenalezena|neexistuje)`, `ページが見つかりません.*`, `お探しのページ.*`, `页面不存在`, `找不到(网页|頁面|页面).*`, `페이지를 찾을 수 없습니다`,
}, "|") + `)\W*$`)

// softMissing tells a page that is not there from one that is, where the server
// calls both a success. Short words alone decide nothing: an article may be
// called so. The former text must be gone, or, of a page seen for the first
// time, there must hardly be any.
func softMissing(c *look) *schemas.Access {
	if c.Reading != nil && c.Reading.Noticed {
		return nil
	}
	seen := c.glance()
	titles := seen.titles()
	if c.Reading != nil && c.Reading.Title != "" && c.Reading.Title != seen.title {
		titles = append(titles, c.Reading.Title)
	}
	for _, title := range titles {
		if !missingTitles().MatchString(title) || c.alwaysSaid(title) || c.kept() > 0.05 {
			continue
		}
		if c.former() == nil && !c.hardlySpeaks() {
			continue
		}
		evidence := []string{statusLine(c.Answer), title}
		if c.lost() {
			evidence = append(evidence, "nothing of the former text is there")
		}
		if former := c.former(); former != nil && !former.Unlisted && c.Reading != nil && c.Reading.Unlisted {
			evidence = append(evidence, "robots: noindex, which was not there before") // proves nothing alone
		}
		return notFound(c, "soft-404", schemas.Likely, evidence...)
	}
	return nil
}

// hardlySpeaks reports whether the article part of a page has few words: the
// "not found" pages of large sites have long menus.
func (c *look) hardlySpeaks() bool {
	if c.Reading == nil {
		return c.glance().few(fewWords)
	}
	return wordCount(c.Reading.Text) <= fewWords
}

// otherType tells a document of another kind in the place of the page. An empty
// media type says nothing.
func otherType(c *look) *schemas.Access {
	if c.before == nil || c.before.MediaType == "" || c.MediaType == "" {
		return nil
	}
	was, is := kindOf(c.before.MediaType), kindOf(c.MediaType)
	if was == is || was == "" || is == "" {
		return nil
	}
	return verdict(schemas.WrongType, "type-changed", schemas.Likely, c.before.MediaType+" before", c.MediaType+" now")
}

// kindOf puts media types into classes of which one does not take the place of
// another by chance; "" where nothing can be said.
func kindOf(mediaType string) string {
	parsed, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return ""
	}
	family, sub, _ := strings.Cut(parsed, "/")
	switch {
	case sub == "html" || sub == "xhtml+xml":
		return "page"
	case sub == "json" || strings.HasSuffix(sub, "+json"):
		return "data"
	case sub == "pdf":
		return "pdf"
	case family == "image" || family == "audio" || family == "video":
		return family
	}
	return ""
}

const manyWords = 50

// blank tells a page without a word where there were many: a program that did
// not run, or a fault. It is no edit.
func blank(c *look) *schemas.Access {
	former := c.former()
	if former == nil || c.Reading == nil || wordCount(former.Text) < manyWords || !c.glance().few(5) {
		return nil
	}
	if wordCount(c.Reading.Text) > 5 {
		return nil
	}
	return verdict(schemas.ServerError, "blank", schemas.Suspect, statusLine(c.Answer),
		fmt.Sprintf("%d words where there were %d", c.glance().words, wordCount(former.Text)))
}

// offTopic follows the thresholds of the Off-Topic Memento Toolkit: a page that
// shares nothing with what it was and has lost 70 % of its words is another one.
// An edit of such a size keeps its title or says why.
func offTopic(c *look) *schemas.Access {
	former := c.former()
	if former == nil || c.Reading == nil || c.Reading.Noticed || c.alwaysSaid(c.Reading.Title) {
		return nil
	}
	before, now := wordCount(former.Text), wordCount(c.Reading.Text)
	if before < 2*manyWords || float64(now) > 0.3*float64(before) || c.kept() > 0.01 {
		return nil
	}
	return verdict(schemas.WrongType, "off-topic", schemas.Suspect, statusLine(c.Answer),
		fmt.Sprintf("title %q before, %q now", former.Title, c.Reading.Title),
		fmt.Sprintf("%d words before, %d now, none of the former sentences", before, now))
}
