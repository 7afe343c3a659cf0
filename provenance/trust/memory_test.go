package trust_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

const archiveID = "urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e"

var seen = schemas.TimeOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))

func receipt(sequence int64) schemas.Receipt {
	return schemas.Receipt{
		Schema: schemas.ReceiptSchema, ArchiveID: archiveID, Sequence: sequence,
		HeadSHA256: schemas.DigestOf(fmt.Append(nil, sequence)), SeenAt: seen,
	}
}

func TestMemory(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	memory := trust.NewMemory(folder)
	if got, err := memory.Receipt(archiveID); got != nil || err != nil {
		t.Errorf("an empty memory has %v, %v", got, err)
	}
	if got, err := memory.Introduction(archiveID); got != nil || err != nil {
		t.Errorf("an empty memory has %v, %v", got, err)
	}
	introduction := schemas.Introduction{
		Schema: schemas.IntroductionSchema, ArchiveID: archiveID, RootSHA256: schemas.DigestOf(nil), RootKey: newKey(t).Fingerprint(), At: seen,
	}
	if err := memory.Introduce(introduction); err != nil {
		t.Fatal(err)
	}
	for sequence := range int64(3) {
		if err := memory.Remember(receipt(sequence)); err != nil {
			t.Fatal(err)
		}
	}
	again := trust.NewMemory(folder)
	if got, err := again.Receipt(archiveID); err != nil || *got != receipt(2) {
		t.Errorf("receipt %v, %v", got, err)
	}
	if got, err := again.Introduction(archiveID); err != nil || *got != introduction {
		t.Errorf("introduction %v, %v", got, err)
	}
	if got, err := again.Receipt("urn:uuid:00000000-0000-4000-8000-000000000000"); got != nil || err != nil {
		t.Errorf("another archive has %v, %v", got, err)
	}
}

// TestMemoryNames: an archive's id comes from a stranger and becomes part of a
// file name.
func TestMemoryNames(t *testing.T) {
	folder := t.TempDir()
	memory := trust.NewMemory(filepath.Join(folder, "state"))
	for _, id := range []string{"", "urn:uuid:", "../../x", "urn:uuid:../../../../../../../../../../tmp/x", archiveID + "/x", archiveID + "\n", "urn:uuid:2F1E6C1C-6d4c-4a5b-9d0f-0f3a0b6c7d8e"} {
		bad := receipt(1)
		bad.ArchiveID = id
		if err := memory.Remember(bad); err == nil {
			t.Errorf("%q becomes a file", id)
		}
		if _, err := memory.Receipt(id); err == nil {
			t.Errorf("%q is read", id)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestDamagedMemory: a receipt that cannot be read is an error. It must not pass
// for none.
func TestDamagedMemory(t *testing.T) {
	folder := t.TempDir()
	memory := trust.NewMemory(folder)
	if err := memory.Remember(receipt(1)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "receipts", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	for _, content := range []string{"", "{", `{"schema": "receipt/2"}`} {
		if err := os.WriteFile(files[0], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := memory.Receipt(archiveID); err == nil || got != nil {
			t.Errorf("%q is read as %v", content, got)
		}
	}
}

// TestMemoryTogether: several writers leave one whole receipt and nothing else
// but the lock; what a killed one left is written over.
func TestMemoryTogether(t *testing.T) {
	folder := t.TempDir()
	if err := trust.NewMemory(folder).Remember(receipt(0)); err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Glob(filepath.Join(folder, "receipts", "*.json"))
	if err != nil || len(name) != 1 {
		t.Fatal(name, err)
	}
	if err := os.WriteFile(name[0]+".next", []byte("half of a rec"), 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range int64(20) {
		writers.Go(func() {
			memory := trust.NewMemory(folder)
			if err := memory.Remember(receipt(i)); err != nil {
				t.Error(err)
			}
			if got, err := memory.Receipt(archiveID); err != nil || *got != receipt(got.Sequence) {
				t.Errorf("receipt %v, %v", got, err)
			}
		})
	}
	writers.Wait()
	entries, err := os.ReadDir(filepath.Join(folder, "receipts"))
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
