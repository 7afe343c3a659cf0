package provenance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// recordOf is a record of the body of the source as the first capture has it.
func recordOf(v *victim, edit func(*schemas.Withheld)) string {
	v.t.Helper()
	at := firstCapture(v)
	var capture struct {
		CapturedAt string `json:"captured_at"`
		Page       schemas.PageID
	}
	if err := json.Unmarshal([]byte(v.git("cat-file", "blob", at+"/capture.json")), &capture); err != nil {
		v.t.Fatal(err)
	}
	captured, err := schemas.ParseTime(capture.CapturedAt)
	if err != nil {
		v.t.Fatal(err)
	}
	body := v.git("cat-file", "blob", at+"/body.html")
	record := &schemas.Withheld{
		Schema: schemas.WithheldSchema, At: schemas.TimeOf(v.clock.Now()), Reason: "order", Page: schemas.PageIDOf(sourceURL), URL: sourceURL,
		Items: []schemas.WithheldItem{{URL: sourceURL, Sequence: 1, CapturedAt: captured, Files: []schemas.WithheldFile{
			{File: "body.html", Size: int64(len(body)), SHA256: schemas.DigestOf([]byte(body)), Object: v.revision(at + "/body.html")},
		}}},
	}
	if edit != nil {
		edit(record)
	}
	data, err := schemas.Encode(record)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(data)
}

// firstCapture is the folder of the source in snapshot 1, in git's words.
func firstCapture(v *victim) string {
	return fmt.Sprintf("main~%d:%s", v.sequence("main")-1, folder(v.t, sourceURL))
}

// withholding is a commit that makes the record.
func withholding(v *victim, edit func(*schemas.Withheld)) forgery {
	return forgery{kind: schemas.KindWithhold, put: map[string]string{"withheld/4.json": recordOf(v, edit)}}
}

// drop removes the file of the record from the objects.
func drop(v *victim) {
	v.loosen()
	id := v.revision(firstCapture(v) + "/body.html")
	if err := os.Remove(v.path("objects", id[:2], id[2:])); err != nil {
		v.t.Fatal(err)
	}
}

// TestWithheld: attacks by and on records of what is withheld.
func TestWithheld(t *testing.T) { runAttacks(t, withheldAttacks) }

func withheldAttacks(*testing.T) []attack {
	return []attack{
		{name: "record while the bytes are there", tamper: func(v *victim) { v.forge(withholding(v, nil)) }, want: schemas.Verified},
		{"record of a digest that no manifest has", func(v *victim) {
			v.forge(withholding(v, func(r *schemas.Withheld) { r.Items[0].Files[0].SHA256 = schemas.DigestOf([]byte("other")) }))
		}, schemas.Tampered, "documents", "and the snapshot does not"},
		{"record of an object that was not there", func(v *victim) {
			v.forge(withholding(v, func(r *schemas.Withheld) { r.Items[0].Files[0].Object = v.revision("main:archive.json") }))
		}, schemas.Tampered, "documents", "was object"},
		{"record of another size", func(v *victim) {
			v.forge(withholding(v, func(r *schemas.Withheld) { r.Items[0].Files[0].Size++ }))
		}, schemas.Tampered, "documents", "bytes, and the capture"},
		{"record of a file that says how a page was captured", func(v *victim) {
			v.forge(withholding(v, func(r *schemas.Withheld) { r.Items[0].Files[0].File = "capture.json" }))
		}, schemas.Tampered, "documents", "and the snapshot does not"},
		{"record of what is to come", func(v *victim) {
			v.forge(withholding(v, func(r *schemas.Withheld) { r.Items[0].Sequence = 9 }))
		}, schemas.Tampered, "documents", "which came later"},
		{"record of a page that the snapshot does not have", func(v *victim) {
			v.forge(withholding(v, func(r *schemas.Withheld) { r.Items[0].URL = "https://nowhere.example/" }))
		}, schemas.Tampered, "documents", "has no page"},
		{"record under another number", func(v *victim) {
			v.forge(forgery{kind: schemas.KindWithhold, put: map[string]string{"withheld/5.json": recordOf(v, nil)}})
		}, schemas.Tampered, "rules", "may not write this"},
		{"no record in a commit that withholds", func(v *victim) {
			v.forge(forgery{kind: schemas.KindWithhold, remove: []string{folder(v.t, sourceURL) + "/body.html"}})
		}, schemas.Tampered, "rules", "may not write this"},
		{"more deleted than the record lists", func(v *victim) {
			f := withholding(v, nil)
			f.remove = []string{folder(v.t, sourceURL) + "/text.md"}
			v.forge(f)
		}, schemas.Tampered, "rules", "may not write this"},
		{"captured again, and lost", func(v *victim) {
			body := v.git("cat-file", "blob", firstCapture(v)+"/body.html")
			v.forge(withholding(v, nil))
			v.forge(forgery{put: map[string]string{folder(v.t, sourceURL) + "/extra": body}})
			drop(v)
		}, schemas.Incomplete, "objects", "is missing"},
		{"record by a capture", func(v *victim) {
			f := withholding(v, nil)
			f.kind = schemas.KindCapture
			v.forge(f)
			drop(v)
		}, schemas.Tampered, "rules", "may not write this"},
		{"record that is deleted again", func(v *victim) {
			v.forge(withholding(v, nil))
			v.forge(forgery{put: put(folder(v.t, postURL) + "/extra"), remove: []string{"withheld/4.json"}})
		}, schemas.Tampered, "rules", "an archive only grows"},
		{"record that is changed", func(v *victim) {
			v.forge(withholding(v, nil))
			v.forge(forgery{kind: schemas.KindWithhold, put: map[string]string{"withheld/4.json": recordOf(v, func(r *schemas.Withheld) { r.Reason = "another" })}})
		}, schemas.Tampered, "rules", "may not write this"},
		{"missing file hidden by an outsider", func(v *victim) {
			f := withholding(v, nil)
			f.by = newKey(v.t)
			v.forge(f)
			drop(v)
		}, schemas.Untrusted, "signers", "may not sign"},
		{"file deleted first, and a record of it later", func(v *victim) {
			at := folder(v.t, sourceURL) + "/body.html"
			body := v.git("cat-file", "blob", "main:"+at)
			record := recordOf(v, func(r *schemas.Withheld) {
				r.Items[0].Sequence, r.Items[0].Files[0] = 2, schemas.WithheldFile{
					File: "body.html", Size: int64(len(body)), SHA256: schemas.DigestOf([]byte(body)), Object: v.revision("main:" + at),
				}
			})
			v.forge(forgery{remove: []string{at}})
			v.forge(forgery{kind: schemas.KindWithhold, put: map[string]string{"withheld/5.json": record}})
		}, schemas.Tampered, "documents", "which is not there"},
	}
}

// TestWithheldIsNotDamage: a file that a record lists may lack, and nothing else.
func TestWithheldIsNotDamage(t *testing.T) {
	v := newVictim(t)
	drop(v)
	if report := v.verify(v.options); report.Verdict != schemas.Incomplete {
		t.Fatalf("without a record: %s", problems(report))
	}
	v = newVictim(t)
	v.forge(withholding(v, nil))
	drop(v)
	report := v.verify(v.options)
	if report.Verdict != schemas.Verified || len(report.Withheld) != 1 {
		t.Fatalf("with a record: %s, %d withheld", problems(report), len(report.Withheld))
	}
	if seen := report.Withheld[0]; seen.Files != 1 || seen.Present != 0 || seen.Sequence != 4 || seen.Reason != "order" {
		t.Errorf("got %+v", seen)
	}
	if !strings.Contains(strings.Join(report.Limits, "\n"), "withheld (1)") {
		t.Errorf("limits: %q", report.Limits)
	}
}

// TestWithholdNeedsTheKey: whoever may not sign withholds nothing.
func TestWithholdNeedsTheKey(t *testing.T) {
	v := newVictim(t)
	a, err := archive.Open(v.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ref, err := archive.PageAt(sourceURL)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := a.Withholding(context.Background(), ref, 1)
	if err != nil {
		t.Fatal(err)
	}
	head := v.revision("main")
	options := provenance.WithholdOptions{Reason: "why", Objects: plan.Objects(plan.Items)}
	rec := &provenance.Recorder{Archive: a, Key: newKey(t), Memory: trust.NewMemory(t.TempDir()), Now: v.clock.Now}
	var refused *provenance.SignerError
	if _, err := rec.Withhold(context.Background(), ref, plan.Items, options); !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	if here, err := a.Store().Has(options.Objects[0]); !here || err != nil || v.revision("main") != head {
		t.Fatalf("something was changed: %v", err)
	}
	rec.Key, rec.Memory = v.key, v.memory
	result, err := rec.Withhold(context.Background(), ref, plan.Items, options)
	if err != nil || result.Removed != len(options.Objects) || result.Record == nil {
		t.Fatalf("got %+v, %v", result, err)
	}
	for _, id := range options.Objects {
		if _, _, err := a.Store().Object(id); !errors.As(err, new(*gitstore.MissingError)) {
			t.Errorf("object %s: %v", id, err)
		}
	}
	if report := v.verify(provenance.VerifyOptions{}); report.Verdict != schemas.Verified || len(report.Withheld) != 1 {
		t.Error(problems(report))
	}
	v.git("cat-file", "-e", "main:withheld/"+strconv.FormatInt(result.Snapshot.Message.Sequence, 10)+".json")
}
