package access

import (
	"fmt"
	"strings"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

var (
	loginTitles = pattern.New(`(?i)^\W*(` + strings.Join([]string{
		`(please )?(log|sign) ?-?in( .{0,30})?`, `.{0,30} (log|sign)[ -]?in`, `login`, `single sign[- ]on.*`,
		`anmelden`, `anmeldung`, `einloggen`, `connexion`, `se connecter`, `identifiez-vous`, `iniciar sesión`, `acceder`, `accedi`, `inloggen`, `entrar`, `войти`, `вход`, `ログイン`, `登录`,
	}, "|") + `)\W*$`)
	consentTitles = pattern.New(`(?i)^\W*(` + strings.Join([]string{
		`before you continue( to .{0,30})?`, `(your )?privacy (choices|gate|wall)`, `(cookie|privacy|data) (consent|wall)`, `consent`, `we value your privacy`,
		`bevor (sie|du) fortf(ä|a)hr.{0,30}`, `avant d'accéder .{0,30}`, `avant de continuer`, `antes de continuar`, `prima di continuare`, `voordat je verdergaat`,
		`(cookie-?|datenschutz)?(einwilligung|zustimmung)`, `privacyinstellingen|dpg media privacy gate`,
	}, "|") + `)\W*$`)
	// visitorTitles are those of programs that make every visitor sign in or be
	// registered, without a field for a password.
	visitorTitles = pattern.New(`(?i)^\W*sina visitor system\W*$`)
	// gatePhrases stand where a text breaks off for those who have not paid.
	gatePhrases = pattern.New(`(?i)\b(subscribe (now )?to (continue|read|keep reading|unlock)|to (continue|keep) reading|continue reading (this|with|your)|` +
		`(already|not yet) a subscriber|subscribers? only|for subscribers|become a (member|subscriber)|(create|register for) a free account|` +
		`this (article|content|story) is (reserved )?(for|only available to) (our )?(subscribers|members)|unlock this (article|story)|start your (free )?trial|` +
		`réservé (à nos|aux) abonnés|il vous reste .{0,20} à (lire|découvrir)|abonnez-vous|weiterlesen mit|nur für abonnenten|jetzt abonnieren|lesen sie weiter|` +
		`solo para suscriptores|suscríbete|contenuto riservato agli abbonati|abbonati|alleen voor abonnees)`)
	parkedPhrases = pattern.New(`(?i)(\b(this|the) domain( name)?( \S{1,60})? (is|may be|could be) (available )?for sale|\bbuy this domain\b|\bdomain (is )?for sale\b|` +
		`\bthis (web ?page|domain) is parked\b|\bparked (free|domain)\b|\binquire about this domain\b|\bmake an offer on this domain\b|` +
		`\bthis domain (has expired|is registered|has been registered)\b|\bdiese domain (steht zum verkauf|kaufen)|\bce (nom de )?domaine est (à vendre|en vente)|\beste dominio está (en venta|a la venta))`)
)

// gated tells a sign-in or a consent wall that took the place of the page under
// its own address.
func gated(c *look) *schemas.Access {
	seen := c.glance()
	if !seen.few(fewWords) || c.stillSays() {
		return nil
	}
	for _, title := range seen.titles() {
		switch {
		case seen.password && loginTitles().MatchString(title) && !c.alwaysSaid(title):
			return verdict(schemas.Login, "login-form", schemas.Likely, statusLine(c.Answer), title, `<input type="password">`)
		case visitorTitles().MatchString(title) && !c.alwaysSaid(title):
			return verdict(schemas.Login, "login-title", schemas.Likely, statusLine(c.Answer), title)
		case consentTitles().MatchString(title) && !c.alwaysSaid(title):
			return verdict(schemas.Consent, "consent-title", schemas.Likely, statusLine(c.Answer), title)
		}
	}
	return nil
}

// alwaysSaid reports whether the page had this title when it was served.
func (c *look) alwaysSaid(title string) bool {
	former := c.former()
	return former != nil && strings.Contains(former.Title, title)
}

func parked(c *look) *schemas.Access {
	seen := c.glance()
	if !seen.few(fewWords) || c.stillSays() {
		return nil
	}
	for _, text := range []string{seen.title, seen.text} {
		if piece := parkedPhrases().FindString(text); piece != "" {
			confidence := schemas.Likely
			if c.former() == nil {
				confidence = schemas.Suspect
			}
			return verdict(schemas.Parked, "parked", confidence, statusLine(c.Answer), piece)
		}
	}
	return nil
}

// paywalled tells a text that breaks off at a gate. That a page says it is not
// free proves nothing: most that do give all of their text.
func paywalled(c *look) *schemas.Access {
	if c.Reading == nil {
		return nil
	}
	words := wordCount(c.Reading.Text)
	notFree := c.Reading.Free == "false"
	former := c.former()
	if former == nil {
		if !notFree || words >= fewWords/2 {
			return nil
		}
		gate := gatePhrases().FindString(c.ending())
		if gate == "" {
			return nil
		}
		return verdict(schemas.Paywalled, "paywall-gate", schemas.Suspect, "isAccessibleForFree: false", gate, fmt.Sprintf("%d words", words))
	}
	before := wordCount(former.Text)
	if float64(words) >= 0.6*float64(before) {
		return nil
	}
	gate := gatePhrases().FindString(c.ending())
	switch {
	case gate == "" && !notFree || words < 20 && (gate == "" || !notFree):
		return nil
	case gate != "" && notFree && c.Reading.Title == former.Title:
		// Said twice of the same article, it is believed of any rest of it.
	case containment(trimEnd(c.Reading.Text, 30), leading(former.Text, words+20)) < 0.9:
		return nil // a beginning may end in a sentence or two of the gate's own
	}
	evidence := []string{fmt.Sprintf("%d of %d words", words, before)}
	if notFree {
		evidence = append(evidence, "isAccessibleForFree: false")
	}
	if gate != "" {
		evidence = append(evidence, gate)
	}
	return verdict(schemas.Paywalled, "paywall-prefix", schemas.Likely, evidence...)
}

// ending returns where a gate would stand: the end of the text, and, of a page
// that is short, all that it shows.
func (c *look) ending() string {
	const most = 600
	text := c.Reading.Text
	if len(text) > most {
		text = strings.ToValidUTF8(text[len(text)-most:], "")
	}
	return text + "\n" + c.glance().text
}

func leading(text string, n int) string {
	var out strings.Builder
	for word := range strings.FieldsSeq(text) {
		if n--; n < 0 {
			break
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(word)
	}
	return out.String()
}

// trimEnd leaves out the last n words of a text, but no more than its half.
func trimEnd(text string, n int) string {
	words := wordCount(text)
	return leading(text, max(words-n, words/2))
}
