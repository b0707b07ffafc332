export { type Config, configPath, loadConfig } from "./config/index.ts";
export type {
  Cancelled,
  QrToShow,
  Verification,
  VerificationMethods,
  VerificationPhase,
  VerificationState,
} from "./crypto/index.ts";
export { ERROR_CODES, type ErrorCode, SottoError } from "./errors.ts";
export { createLogger, type Logger } from "./log.ts";
export type { Trust } from "./model/event.ts";
export type { AudioSource } from "./model/recording.ts";
export type { SendResult } from "./service/pipeline.ts";
export type { VoiceMessage, Withheld } from "./service/receive.ts";
export type { SendOptions } from "./service/relation.ts";
export { type OpenOptions, Sotto } from "./service/sotto.ts";
export type { VerificationDesk } from "./service/verification.ts";
