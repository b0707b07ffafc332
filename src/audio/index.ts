/** The audio room: a recording becomes a clip that every client plays. */
export { convertVoice, TARGET_FORMATS, type TargetFormat } from "./convert.ts";
export { type EncodeOptions, encodeVoice } from "./encode.ts";
export { ffmpegVersion } from "./ffmpeg.ts";
export { findFfmpeg } from "./find-program.ts";
export { type Measured, type MeasureOptions, measure } from "./measure.ts";
export { freeRoom as roomForRecordings } from "./memory-file.ts";
export { OpusReader } from "./ogg.ts";
export type { MessageLimits, PartFacts } from "./part-cutter.ts";
export { probeVoice, type VoiceProbe } from "./probe.ts";
export { type Layers, requireSandbox, sandboxLayers } from "./sandbox.ts";
export { type AudioFormat, sniffAudio } from "./sniff.ts";
export { splitVoice, type VoicePart } from "./split.ts";
