package provenance

import (
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// introduceOwn pins an archive that verified and whose root was signed by the
// recorder's own key: whoever holds that key made the archive. Init introduces
// an archive as soon as it exists, but a process can be killed in between.
func (rec *Recorder) introduceOwn(v *verifier) error {
	if v.report.Pinned || !v.whole {
		return nil
	}
	root := v.root.commit
	key, err := trust.Verify(root.Payload, root.Signature)
	if err != nil || trust.Fingerprint(key) != rec.Key.Fingerprint() {
		return err
	}
	return rec.Memory.Introduce(schemas.Introduction{
		Schema: schemas.IntroductionSchema, ArchiveID: v.report.ArchiveID, RootSHA256: v.root.sha256,
		RootKey: rec.Key.Fingerprint(), At: schemas.TimeOf(root.Time),
	})
}
