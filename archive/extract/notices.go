package extract

import (
	"regexp"
	"sync"
)

// notice matches the beginning of a block in which a page tells its readers
// that it was changed. It must be narrow: it adds text to an article. It is
// compiled when it is first needed: few commands read pages.
var notice = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(noticeStart)
})

const noticeStart = `(?i)^\W*(` +
	`(corrections?|clarifications?|corrected|erratum|update|updated|editor[’']?s[’']? note|editors[’']? note)\s*([:—–(,-]|on\b)` +
	`|(an?|the) (earlier|previous|original|prior) version of this` +
	`|this (article|story|post|report|piece|page|item|column|headline|caption)( has been| was| is)( since)? (amended|updated|corrected|edited|changed|revised|clarified|modified)` +
	`|(corrected|amended) (on )?(\d{1,2} )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)` +
	`|this (article|story|post|report) (was )?(originally|first) (published|appeared)\b.*\b(updated|corrected|amended)` +
	`|(we|this article|this story) (regret|apologi[sz]e)` +
	`)`

// minNotice is the least number of words of a notice: the word "Correction"
// alone is a heading or a link.
const minNotice = 6

func isNotice(text string) bool {
	return notice().MatchString(text) && len(wordsOf(text)) >= minNotice
}
