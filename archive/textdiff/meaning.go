package textdiff

import (
	"strings"
	"unicode"
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

// MeaningOf names what a word in compare form says on its own, where it is one
// of those that change what a text says when they come or go: "number",
// "negation", "date", "unit" or "modal"; "" for all other words.
func MeaningOf(word string) string {
	switch {
	case strings.ContainsFunc(word, unicode.IsDigit), numberWords[word]:
		return "number"
	case negations[word], negations[strings.ReplaceAll(word, "'", "")], strings.HasSuffix(word, "n't"):
		return "negation"
	case dateWords[word]:
		return "date"
	case unitWords[word]:
		return "unit"
	case modals[word]:
		return "modal"
	}
	return ""
}
