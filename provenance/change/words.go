package change

import (
	"strings"
	"unicode"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

func wordSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for word := range strings.FieldsSeq(list) {
			set[word] = true
		}
	}
	return set
}

// The words that carry meaning on their own, in the languages that most posts
// cite, lower case.
var (
	negations = wordSet(
		`no not never none nobody nothing nowhere neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt couldnt shouldnt
		hasnt havent hadnt n't unless except hardly barely scarcely false untrue deny denies denied fail fails failed refuse refuses refused`,
		`nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder noch ohne nirgends`,
		`ne pas jamais rien aucun aucune ni sans personne nul nulle`,
		`nunca jamás nada nadie ningún ninguno ninguna sin tampoco`,
		`non mai niente nulla nessuno nessuna né senza`, `não nunca jamais nada ninguém nenhum nenhuma sem nem`,
		`niet geen nooit niets niemand zonder`, `inte aldrig ingen inget inga utan ikke aldri intet uden uten`, `не нет никогда ничего никто без ни`, `nie nigdy nikt nic bez żaden`)
	modals = wordSet(
		`may might must shall should will would can could ought required optional allowed prohibited forbidden always sometimes only alleged allegedly reportedly`,
		`muss müssen soll sollen sollte darf dürfen kann können könnte wird würde immer nur angeblich`,
		`peut peuvent doit doivent devrait pourrait toujours seulement`, `puede pueden debe deben debería podría siempre solo`,
		`può possono deve devono dovrebbe potrebbe sempre solo`, `pode podem deve devem deveria poderia sempre`, `mag mogen moet moeten zal zullen kan kunnen altijd`)
	numberWords = wordSet(
		`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty
		fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion billions trillion trillions dozen dozens half third quarter double twice
		first second third fourth fifth sixth seventh eighth ninth tenth all both every most some few many several more less fewer`,
		`null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig hundert tausend million millionen milliarde milliarden alle viele einige mehr weniger`,
		`zéro deux trois quatre cinq sept huit neuf dix onze douze vingt trente cent cents mille millions milliard milliards tous toutes plus moins`,
		`cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien ciento mil millones todos todas más menos`)
	dateWords = wordSet(
		`january february march april june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
		monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun today yesterday tomorrow`,
		`januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag heute gestern morgen`,
		`janvier février mars avril juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche`,
		`enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado domingo`)
	unitWords = wordSet(`percent percentage points kg km mi miles metres meters feet tons tonnes dollars euros pounds yen usd eur gbp celsius fahrenheit
		prozent euro pourcent por ciento percento procent hours hour minutes minute days day weeks week months month years year am pm`)
)

// wordsOf returns the words of a text in compare form, without signs between
// them; an apostrophe stays, and so do the separators of a number.
func wordsOf(text string) []string {
	return strings.FieldsFunc(textdiff.FoldText(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\''
	})
}

// meaningsOf names what words are that went or came; those that stand on both
// sides say nothing.
func meaningsOf(words, others []string) []string {
	var meanings []string
	kept := map[string]int{}
	for _, word := range others {
		kept[word]++
	}
	for _, word := range words {
		if kept[word] > 0 {
			kept[word]--
			continue
		}
		bare := strings.ReplaceAll(word, "'", "")
		switch {
		case containsDigit(word), numberWords[word]:
			meanings = append(meanings, meansNumber)
		case negations[word], negations[bare], strings.HasSuffix(word, "n't"):
			meanings = append(meanings, meansNegation)
		case dateWords[word]:
			meanings = append(meanings, meansDate)
		case unitWords[word]:
			meanings = append(meanings, meansUnit)
		case modals[word]:
			meanings = append(meanings, meansModal)
		}
	}
	return meanings
}

func containsDigit(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }

// sameNumbers reports whether two texts have the same digits with the same
// signs between them.
func sameNumbers(a, b string) bool {
	numbers := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
			return !unicode.IsDigit(r) && !strings.ContainsRune(".,:/-−+", r)
		}), " ")
	}
	return numbers(a) == numbers(b)
}

// besideDigit reports whether a range of a text stands directly before a digit
// or between two.
func besideDigit(text string, from, to int) bool {
	after := strings.TrimLeft(text[to:], "-−+.,")
	return after != "" && unicode.IsDigit([]rune(after[:min(4, len(after))])[0]) &&
		(from == 0 || text[from-1] != ' ' || strings.ContainsAny(text[from:to], "-−+±~≈<>≤≥"))
}

func hasQuotationMark(s string) bool { return strings.ContainsAny(s, "\"“”„«»「」『』‘") }

// isSpelling reports whether the change corrects how one word is written: two
// letters at most, one in a short word, the first one kept, and no digit.
func isSpelling(was, is []string) bool {
	if len(was) != 1 || len(is) != 1 || containsDigit(was[0]) || containsDigit(is[0]) {
		return false
	}
	a, b := []rune(was[0]), []rune(is[0])
	if len(a) < 3 || len(b) < 3 || a[0] != b[0] || isIdeograph(a[0]) {
		return false
	}
	most := 2
	if min(len(a), len(b)) < 6 {
		most = 1
	}
	return distance(a, b) <= most
}

func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// distance is that of Damerau and Levenshtein with neighbours exchanged once
// (optimal string alignment). Words are short; longer ones are far apart.
func distance(a, b []rune) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[2][j] = min(rows[1][j]+1, rows[2][j-1]+1, rows[1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
	}
	return rows[1][len(b)]
}
