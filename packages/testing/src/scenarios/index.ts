import { aBinarySecretIsTheUtf8BytesThatKmsHolds } from './a-binary-secret-is-the-utf-8-bytes-that-kms-holds.ts';
import { aCalendarThatIsSetBackKeepsNoValueLonger } from './a-calendar-that-is-set-back-keeps-no-value-longer.ts';
import { aFetchGoesOnAfterItsReaderHasLeft } from './a-fetch-goes-on-after-its-reader-has-left.ts';
import { aFreshSecretInAStoreIsServedWithoutAskingKms } from './a-fresh-secret-in-a-store-is-served-without-asking-kms.ts';
import { aFreshSecretIsReadWithoutAskingKms } from './a-fresh-secret-is-read-without-asking-kms.ts';
import { aHookIsAskedBeforeAReadFailsBecauseKmsCannotBeReached } from './a-hook-is-asked-before-a-read-fails-because-kms-cannot-be-reached.ts';
import { aHookThatThrowsDoesNotEndRefreshing } from './a-hook-that-throws-does-not-end-refreshing.ts';
import { aManagedSecretIsFetchedAgainShortlyAfterKmsRotatesIt } from './a-managed-secret-is-fetched-again-shortly-after-kms-rotates-it.ts';
import { aNameIsANameWhateverIsInIt } from './a-name-is-a-name-whatever-is-in-it.ts';
import { aNameThatDoesNotExistIsAskedForOnceInTenSeconds } from './a-name-that-does-not-exist-is-asked-for-once-in-ten-seconds.ts';
import { aReadEndsWithinItsDeadline } from './a-read-ends-within-its-deadline.ts';
import { aReadFailsOnlyWhenEveryEndpointHasFailedAllItsTries } from './a-read-fails-only-when-every-endpoint-has-failed-all-its-tries.ts';
import { aReadIsTriedEvenWhereEveryEndpointHasKeptFailing } from './a-read-is-tried-even-where-every-endpoint-has-kept-failing.ts';
import { aRedirectIsNotFollowed } from './a-redirect-is-not-followed.ts';
import { aRefreshThatFailedComesBackSoonAndNotAfterAnotherTtl } from './a-refresh-that-failed-comes-back-soon-and-not-after-another-ttl.ts';
import { aRefusalErasesASecretInEveryStore } from './a-refusal-erases-a-secret-in-every-store.ts';
import { aRefusalIsNeitherTriedAgainNorTakenToTheNextEndpoint } from './a-refusal-is-neither-tried-again-nor-taken-to-the-next-endpoint.ts';
import { aRefusalMetByOneIsARefusalForAllWithinTheTtlToo } from './a-refusal-met-by-one-is-a-refusal-for-all-within-the-ttl-too.ts';
import { aReplyOverOneMebibyteIsNotTaken } from './a-reply-over-one-mebibyte-is-not-taken.ts';
import { aReplyThatIsNotTheSecretAskedForIsNotTaken } from './a-reply-that-is-not-the-secret-asked-for-is-not-taken.ts';
import { aRotationIsSeenBeforeTheTtlEndsAndNoReaderWaitsForIt } from './a-rotation-is-seen-before-the-ttl-ends-and-no-reader-waits-for-it.ts';
import { aRotationThatOneProcessSeesIsFreshInAllThatShareAStore } from './a-rotation-that-one-process-sees-is-fresh-in-all-that-share-a-store.ts';
import { aSecretIsKeptUnderTheArnItWasAskedBy } from './a-secret-is-kept-under-the-arn-it-was-asked-by.ts';
import { aSecretThatHangsHoldsUpNoOther } from './a-secret-that-hangs-holds-up-no-other.ts';
import { aSecretThatIsAllowedAgainIsServedAgain } from './a-secret-that-is-allowed-again-is-served-again.ts';
import { aSecretThatNobodyHasReadForThreeTtlsIsForgotten } from './a-secret-that-nobody-has-read-for-three-ttls-is-forgotten.ts';
import { aStoreThatHangsHoldsUpAFirstReadForItsTimeoutAndALaterOneNotAtAll } from './a-store-that-hangs-holds-up-a-first-read-for-its-timeout-and-a-later-one-not-at-all.ts';
import { aStoreThatThrowsCostsNoRead } from './a-store-that-throws-costs-no-read.ts';
import { aTtlInASecretBelowTenSecondsIsRaisedToThatWithOneWarning } from './a-ttl-in-a-secret-below-ten-seconds-is-raised-to-that-with-one-warning.ts';
import { aValuePastItsTtlAndStaleiferrorIsServedNoMore } from './a-value-past-its-ttl-and-staleiferror-is-served-no-more.ts';
import { aVersionThatWasMovedBackAtKmsReplacesTheOneInEveryStore } from './a-version-that-was-moved-back-at-kms-replaces-the-one-in-every-store.ts';
import { aWrongCertificateIsNeitherTriedAgainNorTakenToTheNextEndpoint } from './a-wrong-certificate-is-neither-tried-again-nor-taken-to-the-next-endpoint.ts';
import { aWrongCertificateRevokesNothing } from './a-wrong-certificate-revokes-nothing.ts';
import { afterAFrozenTimeWithoutKmsTheOldValueIsServedWithinASecond } from './after-a-frozen-time-without-kms-the-old-value-is-served-within-a-second.ts';
import { afterATimeInWhichTheProcessWasFrozenAReaderWaitsForTheNewValue } from './after-a-time-in-which-the-process-was-frozen-a-reader-waits-for-the-new-value.ts';
import { afterCloseNothingIsAskedAndNoTimerIsLeft } from './after-close-nothing-is-asked-and-no-timer-is-left.ts';
import { anAnswerThatKmsDidNotWriteRevokesNothing } from './an-answer-that-kms-did-not-write-revokes-nothing.ts';
import { anEmptyValueIsAValue } from './an-empty-value-is-a-value.ts';
import { anEndpointGetsNoMoreRequestsInASecondThanIsSet } from './an-endpoint-gets-no-more-requests-in-a-second-than-is-set.ts';
import { anEndpointHasNoMoreRequestsUnderWayThanIsSet } from './an-endpoint-has-no-more-requests-under-way-than-is-set.ts';
import { anEndpointThatDoesNotAnswerIsLeftAtTheTimeoutOfATry } from './an-endpoint-that-does-not-answer-is-left-at-the-timeout-of-a-try.ts';
import { anEndpointThatIsOvertakenAgainAndAgainIsSlowForNobodyAnyMore } from './an-endpoint-that-is-overtaken-again-and-again-is-slow-for-nobody-any-more.ts';
import { anEndpointThatKeepsFailingCostsNobodyATimeout } from './an-endpoint-that-keeps-failing-costs-nobody-a-timeout.ts';
import { anEndpointThatThrottlesIsAskedAfterTheOthersForASecond } from './an-endpoint-that-throttles-is-asked-after-the-others-for-a-second.ts';
import { anEntryOfAStoreThatCannotBeTrustedIsNeverServed } from './an-entry-of-a-store-that-cannot-be-trusted-is-never-served.ts';
import { anOptionalNameDoesNotHoldUpReady } from './an-optional-name-does-not-hold-up-ready.ts';
import { anyNumberOfReadersMakeOneRequest } from './any-number-of-readers-make-one-request.ts';
import { askingForARefreshFetchesAtOnceAndNeverAnswersWithTheOldValue } from './asking-for-a-refresh-fetches-at-once-and-never-answers-with-the-old-value.ts';
import { endpointsAreAskedInTheOrderGiven } from './endpoints-are-asked-in-the-order-given.ts';
import { howLongARefusalIsRememberedCanBeSet } from './how-long-a-refusal-is-remembered-can-be-set.ts';
import { howLongAnUnreadSecretIsKeptCanBeSet } from './how-long-an-unread-secret-is-kept-can-be-set.ts';
import { kmsIsAskedFiveTimesAndTheWaitsBetweenAreDrawnFromZeroToAGrowingBound } from './kms-is-asked-five-times-and-the-waits-between-are-drawn-from-zero-to-a-growing-bound.ts';
import { kmsIsNotAskedAgainBeforeTheTimeItNames } from './kms-is-not-asked-again-before-the-time-it-names.ts';
import { namesToPreloadCanBeAskedForTogether } from './names-to-preload-can-be-asked-for-together.ts';
import { noValueAndNoAccessKeyIsEverSaid } from './no-value-and-no-access-key-is-ever-said.ts';
import { notFoundAtAStandbyDoesNotEndTheSearch } from './not-found-at-a-standby-does-not-end-the-search.ts';
import { notFoundAtAStandbyTakesAwayNothingThatTheFirstEndpointGave } from './not-found-at-a-standby-takes-away-nothing-that-the-first-endpoint-gave.ts';
import { notReadyWhileAPreloadedNameCannotBeHad } from './not-ready-while-a-preloaded-name-cannot-be-had.ts';
import { nothingRevokedIsServedAfterTheFirstRefusal } from './nothing-revoked-is-served-after-the-first-refusal.ts';
import { ofTooManySecretsThoseGoThatWereNotReadForLongest } from './of-too-many-secrets-those-go-that-were-not-read-for-longest.ts';
import { oneTryEndsAtItsTimeoutAndTheNextBegins } from './one-try-ends-at-its-timeout-and-the-next-begins.ts';
import { passingTroubleIsTriedAgain } from './passing-trouble-is-tried-again.ts';
import { passingTroubleMovesAReadToTheNextEndpointAtOnce } from './passing-trouble-moves-a-read-to-the-next-endpoint-at-once.ts';
import { processesThatShareAStoreAskKmsOnceForWhatAllOfThemWant } from './processes-that-share-a-store-ask-kms-once-for-what-all-of-them-want.ts';
import { readersOfASecretThatCannotBeHadShareOneRequestAndOneError } from './readers-of-a-secret-that-cannot-be-had-share-one-request-and-one-error.ts';
import { readsUnderWayEndWhenTheClientIsClosed } from './reads-under-way-end-when-the-client-is-closed.ts';
import { readyGivesUpWithinItsTime } from './ready-gives-up-within-its-time.ts';
import { readyWaitsForThePreloadedNamesAndKeepsThemFresh } from './ready-waits-for-the-preloaded-names-and-keeps-them-fresh.ts';
import { refreshesAreSpreadOverTheLastTenthOfTheTtl } from './refreshes-are-spread-over-the-last-tenth-of-the-ttl.ts';
import { requestsToASecondEndpointStayWithinTheirShare } from './requests-to-a-second-endpoint-stay-within-their-share.ts';
import { secretsCanBeKeptFromSettingTheirOwnTtl } from './secrets-can-be-kept-from-setting-their-own-ttl.ts';
import { theDeadlineOfAReadCanBeSet } from './the-deadline-of-a-read-can-be-set.ts';
import { theNextEndpointIsAskedTooWhenTheFirstIsSlow } from './the-next-endpoint-is-asked-too-when-the-first-is-slow.ts';
import { theOldValueIsServedAtOnceWhileKmsCannotBeReached } from './the-old-value-is-served-at-once-while-kms-cannot-be-reached.ts';
import { thePropertyThatHoldsATtlCanBeNamed } from './the-property-that-holds-a-ttl-can-be-named.ts';
import { theTimeThatKmsNamesIsKeptFromOneReadToTheNext } from './the-time-that-kms-names-is-kept-from-one-read-to-the-next.ts';
import { theTtlSetForANameWinsOverThatOfTheClient } from './the-ttl-set-for-a-name-wins-over-that-of-the-client.ts';
import { theTtlThatASecretHoldsWins } from './the-ttl-that-a-secret-holds-wins.ts';
import { theUsualTtlIsAnHour } from './the-usual-ttl-is-an-hour.ts';
import { triesAndWaitsCanBeSet } from './tries-and-waits-can-be-set.ts';
import { whatASecretHoldsIsItsTtlOnlyIfItIsANumberAboveZero } from './what-a-secret-holds-is-its-ttl-only-if-it-is-a-number-above-zero.ts';
import { whatAStandbyLacksDoesNotWinOverAnEndpointThatIsSlow } from './what-a-standby-lacks-does-not-win-over-an-endpoint-that-is-slow.ts';
import { whatCanBeNoNameIsRefusedWithoutAskingKms } from './what-can-be-no-name-is-refused-without-asking-kms.ts';
import { whatKmsRefusedIsNotServedFromAStoreThatCouldNotBeTold } from './what-kms-refused-is-not-served-from-a-store-that-could-not-be-told.ts';
import { whatWasFetchedEarlierNeverReplacesWhatWasFetchedLater } from './what-was-fetched-earlier-never-replaces-what-was-fetched-later.ts';
import { whenKmsIsBackTheValueBecomesFreshWithoutAReader } from './when-kms-is-back-the-value-becomes-fresh-without-a-reader.ts';
import { whetherAnEndpointIsBackIsFoundOutBesideARead } from './whether-an-endpoint-is-back-is-found-out-beside-a-read.ts';
import { withAnAccessKeyThatKmsNoLongerTakesNothingIsServed } from './with-an-access-key-that-kms-no-longer-takes-nothing-is-served.ts';
import { withKmsAwayARestartServesWhatAStoreHoldsAndSaysThatItIsOld } from './with-kms-away-a-restart-serves-what-a-store-holds-and-says-that-it-is-old.ts';
import type { Scenario } from './form/scenario.ts';

/** Every promise that can be kept or broken by an app as a whole, in the order of the list that users read. */
export const scenarios: readonly Scenario[] = [
  aFreshSecretIsReadWithoutAskingKms,
  anyNumberOfReadersMakeOneRequest,
  readersOfASecretThatCannotBeHadShareOneRequestAndOneError,
  aSecretThatHangsHoldsUpNoOther,
  aRotationIsSeenBeforeTheTtlEndsAndNoReaderWaitsForIt,
  afterATimeInWhichTheProcessWasFrozenAReaderWaitsForTheNewValue,
  theOldValueIsServedAtOnceWhileKmsCannotBeReached,
  aValuePastItsTtlAndStaleiferrorIsServedNoMore,
  whenKmsIsBackTheValueBecomesFreshWithoutAReader,
  afterAFrozenTimeWithoutKmsTheOldValueIsServedWithinASecond,
  nothingRevokedIsServedAfterTheFirstRefusal,
  aRefusalMetByOneIsARefusalForAllWithinTheTtlToo,
  withAnAccessKeyThatKmsNoLongerTakesNothingIsServed,
  aSecretThatIsAllowedAgainIsServedAgain,
  aNameThatDoesNotExistIsAskedForOnceInTenSeconds,
  howLongARefusalIsRememberedCanBeSet,
  kmsIsAskedFiveTimesAndTheWaitsBetweenAreDrawnFromZeroToAGrowingBound,
  triesAndWaitsCanBeSet,
  kmsIsNotAskedAgainBeforeTheTimeItNames,
  theTimeThatKmsNamesIsKeptFromOneReadToTheNext,
  aReadEndsWithinItsDeadline,
  theDeadlineOfAReadCanBeSet,
  oneTryEndsAtItsTimeoutAndTheNextBegins,
  aFetchGoesOnAfterItsReaderHasLeft,
  anEmptyValueIsAValue,
  aBinarySecretIsTheUtf8BytesThatKmsHolds,
  aSecretIsKeptUnderTheArnItWasAskedBy,
  askingForARefreshFetchesAtOnceAndNeverAnswersWithTheOldValue,
  passingTroubleIsTriedAgain,
  passingTroubleMovesAReadToTheNextEndpointAtOnce,
  anEndpointThatDoesNotAnswerIsLeftAtTheTimeoutOfATry,
  aRefusalIsNeitherTriedAgainNorTakenToTheNextEndpoint,
  aWrongCertificateIsNeitherTriedAgainNorTakenToTheNextEndpoint,
  aWrongCertificateRevokesNothing,
  anAnswerThatKmsDidNotWriteRevokesNothing,
  notFoundAtAStandbyDoesNotEndTheSearch,
  notFoundAtAStandbyTakesAwayNothingThatTheFirstEndpointGave,
  aHookIsAskedBeforeAReadFailsBecauseKmsCannotBeReached,
  theTtlThatASecretHoldsWins,
  whatASecretHoldsIsItsTtlOnlyIfItIsANumberAboveZero,
  theTtlSetForANameWinsOverThatOfTheClient,
  theUsualTtlIsAnHour,
  thePropertyThatHoldsATtlCanBeNamed,
  secretsCanBeKeptFromSettingTheirOwnTtl,
  aTtlInASecretBelowTenSecondsIsRaisedToThatWithOneWarning,
  refreshesAreSpreadOverTheLastTenthOfTheTtl,
  aRefreshThatFailedComesBackSoonAndNotAfterAnotherTtl,
  aHookThatThrowsDoesNotEndRefreshing,
  aManagedSecretIsFetchedAgainShortlyAfterKmsRotatesIt,
  aCalendarThatIsSetBackKeepsNoValueLonger,
  aSecretThatNobodyHasReadForThreeTtlsIsForgotten,
  howLongAnUnreadSecretIsKeptCanBeSet,
  ofTooManySecretsThoseGoThatWereNotReadForLongest,
  afterCloseNothingIsAskedAndNoTimerIsLeft,
  readsUnderWayEndWhenTheClientIsClosed,
  endpointsAreAskedInTheOrderGiven,
  aReadFailsOnlyWhenEveryEndpointHasFailedAllItsTries,
  theNextEndpointIsAskedTooWhenTheFirstIsSlow,
  requestsToASecondEndpointStayWithinTheirShare,
  whatAStandbyLacksDoesNotWinOverAnEndpointThatIsSlow,
  anEndpointThatKeepsFailingCostsNobodyATimeout,
  anEndpointThatIsOvertakenAgainAndAgainIsSlowForNobodyAnyMore,
  whetherAnEndpointIsBackIsFoundOutBesideARead,
  aReadIsTriedEvenWhereEveryEndpointHasKeptFailing,
  anEndpointThatThrottlesIsAskedAfterTheOthersForASecond,
  anEndpointGetsNoMoreRequestsInASecondThanIsSet,
  anEndpointHasNoMoreRequestsUnderWayThanIsSet,
  readyWaitsForThePreloadedNamesAndKeepsThemFresh,
  namesToPreloadCanBeAskedForTogether,
  notReadyWhileAPreloadedNameCannotBeHad,
  aFreshSecretInAStoreIsServedWithoutAskingKms,
  withKmsAwayARestartServesWhatAStoreHoldsAndSaysThatItIsOld,
  aRefusalErasesASecretInEveryStore,
  whatKmsRefusedIsNotServedFromAStoreThatCouldNotBeTold,
  aStoreThatHangsHoldsUpAFirstReadForItsTimeoutAndALaterOneNotAtAll,
  aStoreThatThrowsCostsNoRead,
  anEntryOfAStoreThatCannotBeTrustedIsNeverServed,
  whatWasFetchedEarlierNeverReplacesWhatWasFetchedLater,
  aVersionThatWasMovedBackAtKmsReplacesTheOneInEveryStore,
  processesThatShareAStoreAskKmsOnceForWhatAllOfThemWant,
  aRotationThatOneProcessSeesIsFreshInAllThatShareAStore,
  anOptionalNameDoesNotHoldUpReady,
  readyGivesUpWithinItsTime,
  noValueAndNoAccessKeyIsEverSaid,
  aReplyOverOneMebibyteIsNotTaken,
  aReplyThatIsNotTheSecretAskedForIsNotTaken,
  aRedirectIsNotFollowed,
  aNameIsANameWhateverIsInIt,
  whatCanBeNoNameIsRefusedWithoutAskingKms,
];
