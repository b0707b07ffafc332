/** What a program needs to bring a connector of its own: `import { connectorType, z } from "sotto/connector"`. */
export * as z from "zod/mini";
export { isPassing, SottoError } from "../errors.ts";
export type { Logger } from "../log.ts";
export type {
  Connector,
  ConnectorCheck,
  ConnectorContext,
  IncomingRecording,
  Intake,
  MakeConnector,
  OutgoingVoice,
  Provenance,
  Signer,
  Taken,
  TakenJob,
  VoiceDescription,
} from "../model/connector.ts";
export { described, duration, shortDuration } from "../model/settings.ts";
export { type ConnectorType, connectorType } from "./type.ts";
