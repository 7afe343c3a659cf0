package schemas

// CheckpointReport is what walkback checkpoint did.
type CheckpointReport struct {
	Schema    string             `json:"schema"` // checkpoint-report/1
	ArchiveID string             `json:"archive_id" rule:"archive"`
	Size      int64              `json:"size"`                // commits in the log: the newest one's sequence, plus 1
	Root      string             `json:"root" rule:"text"`    // of the Merkle tree, base64
	LogKey    string             `json:"log_key" rule:"text"` // verifier key: name+hash+key
	Note      string             `json:"note"`                // the signed checkpoint
	Sequence  int64              `json:"sequence,omitempty"`  // of the commit that stored it; absent when it was there already
	Witnesses []WitnessSignature `json:"witnesses,omitempty"` // that have cosigned it
	Refused   []WitnessRefusal   `json:"refused,omitempty"`   // that were asked in vain
}

// WitnessSignature is a witness's word for a checkpoint.
type WitnessSignature struct {
	Witness string `json:"witness" rule:"text"` // its name
	Size    int64  `json:"size"`                // of the checkpoint
	At      Time   `json:"at"`                  // when it signed, by its clock
}

// WitnessRefusal is why a witness has not signed.
type WitnessRefusal struct {
	Witness string `json:"witness" rule:"text"` // its address
	Detail  string `json:"detail"`
	// The witness says that it has signed a history that this one does not
	// continue.
	Fork bool `json:"fork"`
}

// CheckpointsSeen is what a verification found of checkpoints.
type CheckpointsSeen struct {
	Count     int64              `json:"count"`               // verified, in the archive and handed over
	Size      int64              `json:"size"`                // of the newest: the commits that it vouches for
	Root      string             `json:"root" rule:"text"`    // of the newest, base64
	Witnesses []WitnessSignature `json:"witnesses,omitempty"` // of each trusted witness the newest
	Unknown   int64              `json:"unknown,omitempty"`   // signatures by witnesses that nobody named
}

// Conflict is the evidence of a rollback or a fork: two signed heads of one
// archive that cannot both be of one history.
type Conflict struct {
	Seen  string `json:"seen"`            // the raw commit that was seen before
	Found string `json:"found,omitempty"` // the raw commit that now stands in its place, or the head of a shorter history
}
