package schemas

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestDigest(t *testing.T) {
	d := DigestOf([]byte("foo\n"))
	const want = "sha256:b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
	if d.String() != want || "sha256:"+d.Hex() != want {
		t.Errorf("got %s, want %s", d, want)
	}
	for _, bad := range []string{"", want[7:], want[:70], want + "0", strings.ToUpper(want), "sha512:" + want[7:], want[:70] + "g"} {
		if d, err := ParseDigest(bad); err == nil {
			t.Errorf("%q was read as %s", bad, d)
		}
	}
}

func TestPageID(t *testing.T) {
	id := PageIDOf("https://d.example/a/harbour")
	const want = "6537b1c8ed45f2f630ea" // printf %s https://d.example/a/harbour | sha256sum | cut -c1-20
	if id.String() != want {
		t.Errorf("got %s, want %s", id, want)
	}
	for _, bad := range []string{"", want[1:], want + "0", strings.ToUpper(want), want[:19] + "g"} {
		if id, err := ParsePageID(bad); err == nil {
			t.Errorf("%q was read as %s", bad, id)
		}
	}
}

func TestTime(t *testing.T) {
	east := time.FixedZone("", 3600)
	for _, tc := range []struct {
		time time.Time
		want string
	}{
		{time.Date(2026, 11, 23, 6, 28, 55, 127_999_999, east), "2026-11-23T05:28:55.127Z"},
		{time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC), "1969-12-31T23:59:59.999Z"},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), "0000-01-01T00:00:00.000Z"},
		{time.Time{}, ""},
	} {
		got := TimeOf(tc.time)
		if got.String() != tc.want {
			t.Errorf("%v is %q, want %q", tc.time, got, tc.want)
		}
		if tc.want == "" {
			if !got.IsZero() || !got.Time().IsZero() {
				t.Errorf("no time is %v", got.Time())
			}
			continue
		}
		back, err := ParseTime(tc.want)
		if err != nil || back != got || !back.Time().Equal(tc.time.Truncate(time.Millisecond)) {
			t.Errorf("%q is read as %v, %v; want %v", tc.want, back, err, got)
		}
	}
}

// Other programs may read the documents with encoding/json into these types.
func TestValuesInEncodingJSON(t *testing.T) {
	want := Source{
		Page: PageIDOf("https://a.example/"), URL: "https://a.example/", Relation: Linked, Outcome: Served,
		CapturedAt: 1_795_411_735_127, Payload: DigestOf(nil), Sequence: 3,
	}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Source
	if err := json.Unmarshal(data, &got); err != nil || got != want {
		t.Errorf("%s is read as %+v, %v", data, got, err)
	}
	if data, err := json.Marshal(Time(1 << 60)); err == nil {
		t.Errorf("a time beyond 9999 is written as %s", data)
	}
}

func TestVerdicts(t *testing.T) {
	for verdict, want := range map[Verdict]int{
		Verified: 0, Tampered: 10, Untrusted: 11, Incomplete: 12, Unproven: 13, Rollback: 14, Unsupported: 15, Policy: 16, "odd": 1,
	} {
		if got := verdict.ExitCode(); got != want {
			t.Errorf("%s exits with %d, want %d", verdict, got, want)
		}
	}
	order := []Verdict{Tampered, Rollback, Untrusted, Incomplete, Unproven, Policy, Unsupported, Verified}
	for i, worse := range order {
		for _, better := range order[i:] {
			if worse.Worse(better) != worse || better.Worse(worse) != worse {
				t.Errorf("%s is not worse than %s", worse, better)
			}
		}
	}
}
