import type { Rule } from "../rule.ts";
import { worldReadable } from "./acc-001-world-readable.ts";
import { historyVisibility } from "./acc-002-history-visibility.ts";
import { guests } from "./acc-003-guests.ts";
import { publicJoin } from "./acc-004-public-join.ts";
import { joinRule } from "./acc-005-join-rule.ts";
import { openThrough } from "./acc-006-open-through.ts";
import { listed } from "./acc-007-listed.ts";
import { guardsEncryption } from "./acc-008-guards-encryption.ts";
import { guardsHistory } from "./acc-009-guards-history.ts";
import { guardsPowerLevels } from "./acc-010-guards-power-levels.ts";
import { guardsJoinRules } from "./acc-011-guards-join-rules.ts";
import { guardsGuestAccess } from "./acc-012-guards-guest-access.ts";
import { guardsServerAcl } from "./acc-013-guards-server-acl.ts";
import { guardsTombstone } from "./acc-014-guards-tombstone.ts";
import { usersDefault } from "./acc-015-users-default.ts";
import { stateDefault } from "./acc-016-state-default.ts";
import { clearIsEasier } from "./acc-017-clear-is-easier.ts";
import { inviteLevel } from "./acc-018-invite-level.ts";
import { tooManyGuards } from "./acc-019-too-many-guards.ts";
import { nobodyLeft } from "./acc-020-nobody-left.ts";
import { creators } from "./acc-021-creators.ts";
import { roomVersion } from "./acc-022-room-version.ts";
import { federated } from "./acc-023-federated.ts";
import { foreignMembers } from "./acc-024-foreign-members.ts";
import { widgets } from "./acc-025-widgets.ts";
import { replacedRoom } from "./acc-026-replaced-room.ts";
import { oldInvites } from "./acc-027-old-invites.ts";
import { noIdentity } from "./dev-001-no-identity.ts";
import { unsignedDevice } from "./dev-002-unsigned-device.ts";
import { brokenIdentity } from "./dev-003-broken-identity.ts";
import { notSelfSigned } from "./dev-004-not-self-signed.ts";
import { staleDevice } from "./dev-005-stale-device.ts";
import { newDevice } from "./dev-006-new-device.ts";
import { identityChanged } from "./dev-007-identity-changed.ts";
import { verifiedIdentityChanged } from "./dev-008-verified-identity-changed.ts";
import { notVerified } from "./dev-009-not-verified.ts";
import { tooManyDevices } from "./dev-010-too-many-devices.ts";
import { deactivatedMember } from "./dev-011-deactivated-member.ts";
import { unsignedBot } from "./dev-012-unsigned-bot.ts";
import { noOneTimeKey } from "./dev-013-no-one-time-key.ts";
import { withheldKeys } from "./dev-014-withheld.ts";
import { guardWithoutIdentity } from "./dev-015-guard-without-identity.ts";
import { notEncrypted } from "./enc-001-not-encrypted.ts";
import { algorithm } from "./enc-002-algorithm.ts";
import { rotationPeriod } from "./enc-003-rotation-period.ts";
import { rotationMessages } from "./enc-004-rotation-messages.ts";
import { clientsFloor } from "./enc-005-clients-floor.ts";
import { noIntegers } from "./enc-006-no-integers.ts";
import { observedPeriod } from "./enc-007-observed-period.ts";
import { observedMessages } from "./enc-008-observed-messages.ts";
import { sessionChurn } from "./enc-009-session-churn.ts";
import { settingChanged } from "./enc-010-setting-changed.ts";
import { clearMessages } from "./enc-011-clear-messages.ts";
import { clearMedia } from "./enc-012-clear-media.ts";
import { clearStickers } from "./enc-013-clear-stickers.ts";
import { clearCalls } from "./enc-014-clear-calls.ts";
import { mediaBeside } from "./enc-015-media-beside.ts";
import { saidBefore } from "./enc-016-said-before.ts";
import { bridges } from "./enc-017-bridges.ts";
import { roomName } from "./meta-001-name.ts";
import { roomTopic } from "./meta-002-topic.ts";
import { aliasWords } from "./meta-003-alias-words.ts";
import { alias } from "./meta-004-alias.ts";
import { avatar } from "./meta-005-avatar.ts";
import { relations } from "./meta-006-relations.ts";
import { reactions } from "./meta-007-reactions.ts";
import { deviceNames } from "./meta-008-device-names.ts";
import { retention } from "./meta-009-retention.ts";
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
import { waivers } from "./own-030-waivers.ts";
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
import { federatedDeviceNames } from "./srv-029-device-names.ts";
import { addresses } from "./srv-030-addresses.ts";
import { redactions } from "./srv-031-redactions.ts";
import { clearListener } from "./srv-032-clear-listener.ts";
import { innerListener } from "./srv-033-inner-listener.ts";
import { uploadLimit } from "./srv-034-upload-limit.ts";

/** Every rule, in the order of their IDs. */
export const RULES: readonly Rule[] = [
  worldReadable,
  historyVisibility,
  guests,
  publicJoin,
  joinRule,
  openThrough,
  listed,
  guardsEncryption,
  guardsHistory,
  guardsPowerLevels,
  guardsJoinRules,
  guardsGuestAccess,
  guardsServerAcl,
  guardsTombstone,
  usersDefault,
  stateDefault,
  clearIsEasier,
  inviteLevel,
  tooManyGuards,
  nobodyLeft,
  creators,
  roomVersion,
  federated,
  foreignMembers,
  widgets,
  replacedRoom,
  oldInvites,
  noIdentity,
  unsignedDevice,
  brokenIdentity,
  notSelfSigned,
  staleDevice,
  newDevice,
  identityChanged,
  verifiedIdentityChanged,
  notVerified,
  tooManyDevices,
  deactivatedMember,
  unsignedBot,
  noOneTimeKey,
  withheldKeys,
  guardWithoutIdentity,
  notEncrypted,
  algorithm,
  rotationPeriod,
  rotationMessages,
  clientsFloor,
  noIntegers,
  observedPeriod,
  observedMessages,
  sessionChurn,
  settingChanged,
  clearMessages,
  clearMedia,
  clearStickers,
  clearCalls,
  mediaBeside,
  saidBefore,
  bridges,
  roomName,
  roomTopic,
  aliasWords,
  alias,
  avatar,
  relations,
  reactions,
  deviceNames,
  retention,
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
  waivers,
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
  federatedDeviceNames,
  addresses,
  redactions,
  clearListener,
  innerListener,
  uploadLimit,
];
