export {
  type Config,
  type ConfigSource,
  configSource,
  type LoadOptions,
  loadConfig,
  rereadConfig,
} from "./config/index.ts";
export type { ConnectorType } from "./connector/index.ts";
export type {
  Cancelled,
  QrToShow,
  RecoveryKeyKeeper,
  RecoverySecret,
  RestoreResult,
  StorageChoice,
  Verification,
  VerificationMethods,
  VerificationPhase,
  VerificationState,
} from "./crypto/index.ts";
export { ERROR_CODES, type ErrorCode, isPassing, SottoError } from "./errors.ts";
export { createLogger, type Logger } from "./log.ts";
export type { Trust, Unproven } from "./model/event.ts";
export type { MessageResult, Meter } from "./model/meter.ts";
export type { RawFormat } from "./model/raw-format.ts";
export type { AudioSource } from "./model/recording.ts";
export type { BootstrapRequest, BootstrapResult, IdentityReport } from "./service/identity.ts";
export type { SendResult } from "./service/pipeline.ts";
export type { SottoIdentity, SottoRecovery } from "./service/recovery/doors.ts";
export type { DrillRequest, DrillResult } from "./service/recovery/drill.ts";
export type { RecoveryReport } from "./service/recovery/recovery.ts";
export type { SendOptions } from "./service/relation.ts";
export type { RelayOptions, RelayPlan } from "./service/relay/relay.ts";
export type { Resent } from "./service/resend.ts";
export type { Service } from "./service/run.ts";
export { type OpenOptions, Sotto } from "./service/sotto.ts";
export { NO_IDENTITY, type SottoTrust, type TrustStatus } from "./service/trust.ts";
export type { VerificationDesk } from "./service/verification.ts";
export type { VoiceMessage } from "./service/voice-message.ts";
export type { DeviceAccount, Why } from "./service/why.ts";
export type { Withheld, WithheldKind } from "./service/withheld.ts";
