// Every limit of the arena, with its unit in its name and the reason for its size.

/** `limits.upload_mb` may lower or raise it; checked before a body is parsed. */
export const imageBytesMaxDefault = 15 * 1024 * 1024
/** A form is at most this much larger than its images: the question, the token, multipart borders. */
export const formOverheadBytesMax = 256 * 1024
/** Decoders take memory by the pixel; 50 million is a 50-megapixel camera (TRUST.md 1.3). */
export const imagePixelsMax = 50_000_000
export const imageEdgePixelsMax = 16_384
/** Images are re-encoded to this edge once: every provider takes it without shrinking it again (MODELS.md 6). */
export const sentEdgePixelsMax = 1568
export const sentBytesMax = 3_500_000
export const decodeTimeoutMs = 5_000
export const decodesAtOnceMax = 2
export const decodesWaitingMax = 20

export const promptCharactersMax = 8_000
export const noteCharactersMax = 2_000
/** What transcription services take (MODELS.md 10). */
export const recordingBytesMax = 25 * 1024 * 1024
/** Visible answer (TRUST.md D4); what comes after it is cut, equally for all. */
export const answerCharactersMax = 16_384
export const reasonsMax = 12

/** A vote can be given this long after both answers were ready. */
export const battleOpenMs = 24 * 60 * 60 * 1000
export const queueTimeoutMs = 120_000
export const sideTriesMax = 2
export const voterCookieDays = 180

/** Event streams (TRUST.md E9). */
export const streamsPerVoterMax = 3
export const streamsPerNetworkMax = 10
export const streamsMax = 2_000
export const streamHeartbeatMs = 15_000
export const streamWriteTimeoutMs = 15_000
export const streamPaddingBytes = 256
/** A battle that runs but publishes nothing is looked up again after this pause. */
export const streamLookAgainMs = 250

/** A stop waits this long for answers in progress. */
export const stopGraceMs = 30_000
export const freeDiskBytesMin = 500 * 1024 * 1024
