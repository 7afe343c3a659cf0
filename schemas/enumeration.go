package schemas

import "reflect"

// enumerations are the values of the types that have a closed set of them.
var enumerations = map[reflect.Type][]string{
	reflect.TypeFor[Method](): words(Fetched, Rendered, Given, Imported),
	reflect.TypeFor[Outcome](): words(Served, NotModified, Missing, Gone, Legal, Redirected, Login, Consent,
		Paywalled, Challenged, Blocked, ServerError, Unreachable, WrongType, Parked, Refused),
	reflect.TypeFor[Confidence](): words(Certain, Likely, Suspect),
	reflect.TypeFor[Truncation](): words(TruncatedLength, TruncatedTime, TruncatedDisconnect),
	reflect.TypeFor[ResourceKind](): words(ResourceImage, ResourceStyle, ResourceFont, ResourceIcon, ResourceMedia,
		ResourceScript, ResourceDocument, ResourceOther),
	reflect.TypeFor[ChangeClass](): words(NotCompared, Unchanged, ReDerived, BoilerplateOnly, ExtractionUnstable, Changed,
		MetadataOnly, MovedText, MinorEdit, DateChange, BylineChange, LinkTarget, MediaChange, HeadlineChange, SubstantiveEdit, UpdateNote,
		Clarification, Correction, StealthEdit, NoticeEdited, NoticeRemoved, Restored, Oscillating, Reinstatement,
		ExpressionOfConcern, Removal, Withdrawal, Retraction),
	reflect.TypeFor[Relation]():  words(Linked, Named, Quoted, Earlier),
	reflect.TypeFor[QuoteMark](): words(MarkBlockquote, MarkElement, MarkMarkdown, MarkPaired, MarkUnmarked),
	reflect.TypeFor[QuoteState](): words(QuoteVerbatim, QuoteNormalised, QuoteElided, QuoteAltered, QuoteAmbiguous,
		QuoteNotFound, QuoteUnseen),
	reflect.TypeFor[QuoteFate](): words(QuoteIntact, QuoteMoved, QuoteContextChanged, QuoteFateAltered, QuoteRemoved,
		QuoteFateUnseen),
	reflect.TypeFor[ArtifactStatus](): words(ArtifactOK, ArtifactPartial, ArtifactFailed, ArtifactUnchanged, ArtifactBlocked),
	reflect.TypeFor[ResultKind]():     words(ResultNew, ResultCaptured, ResultAsBefore, ResultInRun),
	reflect.TypeFor[Verdict]():        words(Tampered, Rollback, Untrusted, Incomplete, Unproven, Policy, Unsupported, Verified),
	reflect.TypeFor[TimeSourceKind](): words(AuthoritySource, BitcoinSource),
	reflect.TypeFor[StampOutcome](): words(StampGiven, StampPromised, StampUpgraded, StampWaiting, StampPresent,
		StampDelayed, StampFailed),
	reflect.TypeFor[StampState]():     words(TimeProven, TimePending, TimeUnchecked, TimeMissing),
	reflect.TypeFor[SignerStanding](): words(SignerAllowed, SignerAwaited, SignerRetired, SignerRevoked),
	reflect.TypeFor[CheckStatus]():    words(Pass, Fail, Warn, Skip),
	reflect.TypeFor[CustodyType](): words(EventCapture, EventIngestion, EventDigest, EventSignature, EventPolicy, EventExtraction,
		EventTimestamp, EventDeaccession),
	reflect.TypeFor[CommitKind](): words(commitKinds...),
}

func words[W ~string](values ...W) []string {
	plain := make([]string, len(values))
	for i, v := range values {
		plain[i] = string(v)
	}
	return plain
}
