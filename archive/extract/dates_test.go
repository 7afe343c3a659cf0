package extract

import (
	"testing"
	"time"
)

func TestMachineDate(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"2024-05-04T10:00:00+02:00", "2024-05-04T10:00:00+02:00"},
		{"2024-05-04T10:00:00Z", "2024-05-04T10:00:00Z"},
		{"2024-05-04T10:00:00.123Z", "2024-05-04T10:00:00Z"},
		{"2024-05-04T10:00+0200", "2024-05-04T10:00:00+02:00"},
		{"2024-05-04 10:00:00 -05", "2024-05-04T10:00:00-05:00"},
		{"2024-05-04 10:00:00 UTC", "2024-05-04T10:00:00Z"},
		{"2024-05-04T10:00:00", "2024-05-04"},
		{"2024-05-04T10:00:00 (Berlin)", "2024-05-04"},
		{"2024-05-04", "2024-05-04"},
		{"2024/05/04", "2024-05-04"},
		{"20240504", "2024-05-04"},
		{"Sat, 04 May 2024 10:00:00 GMT", "2024-05-04T10:00:00Z"},
		{"Sat, 4 May 2024 10:00:00 +0200", "2024-05-04T10:00:00+02:00"},
		{"May 4, 2024", "2024-05-04"},
		{"4 May 2024", "2024-05-04"},
		{"2024-02-30", ""},
		{"2024-13-01", ""},
		{"2024-05", ""},
		{"yesterday", ""},
		{"1714816800", ""},
		{"", ""},
	} {
		if got, _, _ := machineDate(c.value); got != c.want {
			t.Errorf("machineDate(%q) = %q, want %q", c.value, got, c.want)
		}
	}
}

func TestWrittenDate(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Published on January 2, 2006 at 3 pm", "2006-01-02"},
		{"Jan. 2nd, 2006", "2006-01-02"},
		{"Monday, 2 January 2006", "2006-01-02"},
		{"the 2nd of January 2006", "2006-01-02"},
		{"Montag, 2. Januar 2006, 15:04 Uhr", "2006-01-02"},
		{"le 1er août 2006", "2006-08-01"},
		{"2 de enero de 2006", "2006-01-02"},
		{"2 de março de 2006", "2006-03-02"},
		{"2 января 2006 г.", "2006-01-02"},
		{"2 stycznia 2006", "2006-01-02"},
		{"2006年1月2日", "2006-01-02"},
		{"2006-01-02 15:04", "2006-01-02"},
		{"2006.01.02", "2006-01-02"},
		{"13/02/2006", "2006-02-13"},
		{"02/13/2006", "2006-02-13"},
		{"13.02.2006", "2006-02-13"},
		{"02.02.2006", "2006-02-02"},
		{"01/02/2006", ""}, // either may be the month
		{"1.2.2006", ""},
		{"31 June 2006", ""},
		{"Room 12, 30 May, 2006 people", "2006-05-30"}, // no way to tell
		{"12 of 30 in 2006", ""},
		{"1999 May be 12", ""},
		{"3 hours ago", ""},
		{"12 May", ""},
		{"May 2006", ""},
	} {
		got := ""
		if d, _, ok := writtenDate(c.text); ok {
			got = d.Format(time.DateOnly)
		}
		if got != c.want {
			t.Errorf("writtenDate(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestDateInAddress(t *testing.T) {
	at := time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ address, want string }{
		{"https://a.example/2024/05/04/flood", "2024-05-04"},
		{"https://a.example/world/2024/may/04/flood", "2024-05-04"},
		{"https://a.example/2024-05-04-flood.html", "2024-05-04"},
		{"https://a.example/2024/5/4/", "2024-05-04"},
		{"https://a.example/2024/05/04", "2024-05-04"},
		{"https://a.example/2024/05/flood", ""},
		{"https://a.example/2024/05/08/flood", ""}, // after the fetch
		{"https://a.example/?d=/2024/05/04/", ""},
		{"https://a.example/12024/05/04/", ""},
		{"https://a.example/2024/05/044/", ""},
		{"https://a.example/2024/13/04/", ""},
	} {
		if got := dateInAddress(c.address, at); got != c.want {
			t.Errorf("dateInAddress(%q) = %q, want %q", c.address, got, c.want)
		}
	}
}

func FuzzWrittenDate(f *testing.F) {
	f.Add("Jan. 2nd, 2006")
	f.Add("2006年1月2日 ¼/٣/2006")
	f.Fuzz(func(t *testing.T, text string) {
		_, at, ok := writtenDate(text)
		if ok && (at < 0 || at >= len(text)) {
			t.Errorf("date at %d of %q", at, text)
		}
		machineDate(text)
	})
}
