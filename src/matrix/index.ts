/**
 * The door to the homeserver: everything but the client for bots, which is `client.ts` and loads matrix-bot-sdk.
 */
export { createAccountData } from "./account-data.ts";
export {
  accountStanding,
  createAccount,
  hasProfile,
  type NewAccount,
  registerWithSecret,
} from "./accounts.ts";
export { createBackupServer } from "./backup-server.ts";
export { createContentRepository, parseMxcUri } from "./content-repository.ts";
export { type ControlClip, leaveForGood } from "./control-room.ts";
export { type DirectRoomOptions, findOrCreateDirectRoom } from "./direct-room.ts";
export { type DiscoveryOptions, discoverHomeserver, type Homeserver } from "./discovery.ts";
export { createEnforcer, deleteMedia, type Enforcer, mediaOwner } from "./enforcement.ts";
export { type Barred, type ClearTypes, createSendGate, type Entering, type EventGate } from "./gate.ts";
export { encryptedHistory, type History, type HistoryOptions } from "./history.ts";
export { createIdentityUpload } from "./identity-upload.ts";
export { createKeyServer } from "./key-server.ts";
export {
  hasPublishedIdentity,
  type LoginOptions,
  login,
  logout,
  publishedDeviceKeys,
  type Session,
  whoami,
} from "./login.ts";
export { createRoom } from "./new-room.ts";
export { createOwnRoom, ownEvents, roomEvent } from "./own-room.ts";
export { MatrixError, matrixErrorOf } from "./request-failure.ts";
export { createRooms, type Rooms } from "./rooms.ts";
export { findSentEvent } from "./sent-event.ts";
export { sendReadReceipt, sendTyping } from "./signals.ts";
export { type SyncLoopOptions, type SyncOptions, syncBatches, syncOnce, type Urgency } from "./sync.ts";
export {
  createTransport,
  type RequestOptions,
  type StreamedAnswer,
  type Timing,
  type Transport,
  type TransportOptions,
} from "./transport.ts";
