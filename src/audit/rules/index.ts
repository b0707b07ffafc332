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
];
