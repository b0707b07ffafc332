import type { Rule } from "../rule.ts";
import { notEncrypted } from "./enc-001-not-encrypted.ts";
import { ownIdentity } from "./own-001-identity.ts";
import { ownIdentityChanged } from "./own-002-identity-changed.ts";
import { ownDeviceUnsigned } from "./own-003-device-unsigned.ts";
import { ownPrivateKeys } from "./own-004-private-keys.ts";
import { ownBackup } from "./own-005-backup.ts";
import { ownBackupInUse } from "./own-006-backup-in-use.ts";
import { recoveryDrill } from "./own-007-drill.ts";
import { shareWithAll } from "./own-008-share-with-all.ts";
import { acceptFromAll } from "./own-009-accept-from-all.ts";
import { acceptClear } from "./own-010-accept-clear.ts";
import { signals } from "./own-011-signals.ts";
import { ownRotation } from "./own-012-rotation.ts";
import { sandboxRequired } from "./own-013-sandbox.ts";
import { ownLogLevel } from "./own-014-log-level.ts";
import { heldRooms } from "./own-015-held.ts";
import { undecryptable } from "./own-016-undecryptable.ts";
import { deadLetters } from "./own-017-dead-letters.ts";
import { uncertain } from "./own-018-uncertain.ts";
import { encryptionDefault } from "./srv-001-encryption-default.ts";
import { openRegistration } from "./srv-002-open-registration.ts";
import { guestAccounts } from "./srv-003-guests.ts";
import { messageRetention } from "./srv-004-message-retention.ts";
import { mediaRetention } from "./srv-005-media-retention.ts";
import { mediaOutlived } from "./srv-006-media-outlived.ts";
import { logContents } from "./srv-007-log-contents.ts";
import { logTraffic } from "./srv-008-log-traffic.ts";
import { turnLifetime } from "./srv-009-turn-lifetime.ts";
import { turnPassword } from "./srv-010-turn-password.ts";
import { turnGuests } from "./srv-011-turn-guests.ts";
import { messageLimit } from "./srv-012-message-limit.ts";
import { federation } from "./srv-013-federation.ts";
import { reportStats } from "./srv-014-report-stats.ts";
import { errorReports } from "./srv-015-error-reports.ts";
import { adminApi } from "./srv-016-admin-api.ts";
import { advisories } from "./srv-017-advisories.ts";
import { staleDevices } from "./srv-018-stale-devices.ts";
import { mediaAccess } from "./srv-019-media-access.ts";
import { roomList } from "./srv-020-room-list.ts";
import { roomListFederated } from "./srv-021-room-list-federated.ts";
import { profiles } from "./srv-022-profiles.ts";
import { pushContent } from "./srv-023-push-content.ts";
import { mailContent } from "./srv-024-mail-content.ts";
import { presence } from "./srv-025-presence.ts";
import { urlPreviews } from "./srv-026-url-previews.ts";
import { tls } from "./srv-027-tls.ts";
import { userDirectory } from "./srv-028-user-directory.ts";
import { deviceNames } from "./srv-029-device-names.ts";
import { addresses } from "./srv-030-addresses.ts";
import { redactions } from "./srv-031-redactions.ts";
import { clearListener } from "./srv-032-clear-listener.ts";
import { innerListener } from "./srv-033-inner-listener.ts";
import { uploadLimit } from "./srv-034-upload-limit.ts";

/** Every rule, in the order of their IDs. */
export const RULES: readonly Rule[] = [
  notEncrypted,
  encryptionDefault,
  openRegistration,
  guestAccounts,
  messageRetention,
  mediaRetention,
  mediaOutlived,
  logContents,
  logTraffic,
  turnLifetime,
  turnPassword,
  turnGuests,
  messageLimit,
  federation,
  reportStats,
  errorReports,
  adminApi,
  advisories,
  staleDevices,
  mediaAccess,
  roomList,
  roomListFederated,
  profiles,
  pushContent,
  mailContent,
  presence,
  urlPreviews,
  tls,
  userDirectory,
  deviceNames,
  addresses,
  redactions,
  clearListener,
  innerListener,
  uploadLimit,
  ownIdentity,
  ownIdentityChanged,
  ownDeviceUnsigned,
  ownPrivateKeys,
  ownBackup,
  ownBackupInUse,
  recoveryDrill,
  shareWithAll,
  acceptFromAll,
  acceptClear,
  signals,
  ownRotation,
  sandboxRequired,
  ownLogLevel,
  heldRooms,
  undecryptable,
  deadLetters,
  uncertain,
];
