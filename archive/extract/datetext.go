package extract

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// dateLayouts are the forms of a date for machines, after isoDate. Those
// without a zone name a day.
var dateLayouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC1123Z, true},
	{"Mon, 2 Jan 2006 15:04:05 -0700", true},
	{"Mon Jan 02 15:04:05 -0700 2006", true},
	{"Mon Jan 02 2006 15:04:05 GMT-0700", true},
	{time.ANSIC, false},
	{"20060102", false},
}

var (
	// isoDate is ISO 8601 and what is near it: a space for the T, more
	// digits, an offset without a colon or without minutes.
	isoDate = pattern.New(`^(\d{4})[-/](\d\d)[-/](\d\d)(?:(?:[T ]|\s+)(\d\d):(\d\d)(?::(\d\d))?(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(.*)$`)
	// universal is a date of RFC 1123 in universal time.
	universal = pattern.New(`^[A-Za-z]{3}, (\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d) (?:GMT|UTC|UT|Z)$`)
)

// machineDate reads a date as metadata state it and returns it in the precision
// in which it is stated: RFC 3339 for an instant, else a day. A time without a
// zone is no instant, so only its day is kept.
func machineDate(value string) (text string, t time.Time, ok bool) {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > maxDate {
		return "", t, false
	}
	if m := isoDate().FindStringSubmatch(value); m != nil {
		return isoInstant(m)
	}
	if m := universal().FindStringSubmatch(value); m != nil {
		if t, err := time.Parse("2 Jan 2006 15:04:05", m[1]); err == nil {
			return t.Format(time.RFC3339), t, true
		}
	}
	for _, l := range dateLayouts {
		if t, err := time.Parse(l.layout, value); err == nil {
			if l.zoned {
				return t.Format(time.RFC3339), t, true
			}
			return t.Format(time.DateOnly), t, true
		}
	}
	if t, _, ok := writtenDate(value); ok {
		return t.Format(time.DateOnly), t, true
	}
	return "", t, false
}

// maxDate is the length of the longest text that is read as one date, in bytes.
const maxDate = 80

// isoInstant makes a date of the parts that isoDate finds.
func isoInstant(m []string) (text string, t time.Time, ok bool) {
	day := m[1] + "-" + m[2] + "-" + m[3]
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "", t, false
	}
	zone := m[7]
	if m[4] == "" || zone == "" || strings.TrimSpace(m[8]) != "" {
		return day, t, true
	}
	switch {
	case !strings.ContainsAny(zone, "+-"):
		zone = "Z"
	case len(zone) == 3:
		zone += ":00"
	case len(zone) == 5:
		zone = zone[:3] + ":" + zone[3:]
	}
	seconds := m[6]
	if seconds == "" {
		seconds = "00"
	}
	instant, err := time.Parse(time.RFC3339, day+"T"+m[4]+":"+m[5]+":"+seconds+zone)
	if err != nil {
		return day, t, true
	}
	return instant.Format(time.RFC3339), instant, true
}

// writtenDate finds the first date with day, month and year in a text for
// people, and where it begins. The month is a name, or a number that cannot be
// a day instead.
func writtenDate(text string) (t time.Time, at int, ok bool) {
	var last [3]dateWord // the three before
	for w := range dateWords(text) {
		last = [3]dateWord{last[1], last[2], w}
		if t, ok := dateOf(last); ok {
			return t, last[0].at, true
		}
	}
	return t, 0, false
}

// A dateWord is a number or a word of a text.
type dateWord struct {
	at     int
	number int
	digits int  // 0 for a word
	month  int  // of a month's name, else 0
	sign   rune // '-', '/' or '.' between this number and the one before it, else 0
}

// dateWords yields the words of a text without those that only join the parts
// of a date.
func dateWords(text string) func(func(dateWord) bool) {
	return func(yield func(dateWord) bool) {
		end := -1 // of the last word
		for i := 0; i < len(text); {
			class := classOf(text[i:])
			j := i
			for j < len(text) && classOf(text[j:]) == class {
				_, size := utf8.DecodeRuneInString(text[j:])
				j += size
			}
			word := text[i:j]
			w := dateWord{at: i}
			switch {
			case class == 'd':
				w.digits = len(word)
				if len(word) <= 4 {
					w.number, _ = strconv.Atoi(word)
				}
				if end >= 0 && i-end == 1 && strings.ContainsRune("-/.", rune(text[end])) {
					w.sign = rune(text[end])
				}
			case class == 'l':
				word = strings.ToLower(word)
				if joiners[word] {
					i = j
					continue
				}
				w.month = months[word]
			default:
				i = j
				continue
			}
			if !yield(w) {
				return
			}
			i, end = j, j
		}
	}
}

func classOf(text string) byte {
	r, _ := utf8.DecodeRuneInString(text)
	switch {
	case '0' <= r && r <= '9':
		return 'd'
	case strings.ContainsRune("年月日", r):
		return 's' // 2006年1月2日
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return 'l'
	}
	return 's'
}

// joiners stand inside written dates.
var joiners = wordSet("of de del the st nd rd th er le den der d º ª")

// dateOf reads three words in a row as a date.
func dateOf(w [3]dateWord) (time.Time, bool) {
	year := func(w dateWord) bool { return w.digits == 4 && w.number >= 1900 && w.number < 2200 }
	day := func(w dateWord) bool { return (w.digits == 1 || w.digits == 2) && w.number >= 1 && w.number <= 31 }
	switch {
	case day(w[0]) && w[1].month > 0 && year(w[2]):
		return civil(w[2].number, w[1].month, w[0].number)
	case w[0].month > 0 && day(w[1]) && year(w[2]):
		return civil(w[2].number, w[0].month, w[1].number)
	case year(w[0]) && w[1].month > 0 && day(w[2]):
		return civil(w[0].number, w[1].month, w[2].number)
	case year(w[0]) && day(w[1]) && day(w[2]) && w[1].number <= 12 && w[1].sign == w[2].sign:
		return civil(w[0].number, w[1].number, w[2].number)
	case day(w[0]) && day(w[1]) && year(w[2]) && w[1].sign != 0 && w[1].sign == w[2].sign:
		a, b := w[0].number, w[1].number
		switch {
		case b <= 12 && (a > 12 || a == b):
			return civil(w[2].number, b, a)
		case a <= 12 && b > 12:
			return civil(w[2].number, a, b)
		}
	}
	return time.Time{}, false
}

// civil returns a day that exists.
func civil(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == day && int(t.Month()) == month
}

// months are the names of months and their abbreviations in English, German,
// French, Spanish, Portuguese, Italian, Dutch, the Scandinavian languages,
// Polish and Russian.
var months = monthNames(
	"january jan januar jänner janvier janv enero ene janeiro gennaio gen januari stycznia января янв",
	"february feb februar feber février févr fév febrero fevereiro fev febbraio februari lutego февраля фев",
	"march mar märz mär mrz mars marzo março maart mrt marts marca марта мар",
	"april apr avril avr abril abr aprile kwietnia апреля апр",
	"may mai mayo maio maggio mag mei maj maja мая",
	"june jun juni juin junio junho giugno giu czerwca июня июн",
	"july jul juli juillet juil julio julho luglio lug lipca июля июл",
	"august aug août aout agosto ago augustus augusti sierpnia августа авг",
	"september sep sept septembre septiembre setiembre setembro set settembre września сентября сен сент",
	"october oct oktober okt octobre octubre outubro out ottobre ott października октября окт",
	"november nov novembre noviembre novembro listopada ноября ноя нояб",
	"december dec dezember dez décembre déc diciembre dic dezembro dicembre desember grudnia декабря дек",
)

func monthNames(lists ...string) map[string]int {
	out := make(map[string]int)
	for i, list := range lists {
		for name := range strings.FieldsSeq(list) {
			out[name] = i + 1
		}
	}
	return out
}
