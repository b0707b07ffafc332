/** The audio room: a recording becomes a clip that every client plays. */
export { type EncodeOptions, encodeVoice } from "./encode.ts";
export { ffmpegVersion, findFfmpeg } from "./ffmpeg.ts";
export { probeVoice, type VoiceProbe } from "./probe.ts";
export { type AudioFormat, sniffAudio } from "./sniff.ts";
