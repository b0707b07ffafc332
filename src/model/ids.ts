/**
 * Matrix identifiers are opaque strings here: nothing in Sotto takes one apart, but for the server name of a user ID.
 * From room version 12 on, a room ID has no server name in it at all (MSC4291).
 * https://spec.matrix.org/v1.19/appendices/#common-identifier-format
 */
export type UserId = string;
export type RoomId = string;
export type EventId = string;
export type DeviceId = string;
/** `mxc://server/mediaId` */
export type MxcUri = string;

const hasSigil = (value: string, sigil: string): boolean =>
  value.startsWith(sigil) && value.length > 1 && value.length <= 255 && !/\s/.test(value);

export const isRoomId = (value: string): boolean => hasSigil(value, "!");
export const isUserId = (value: string): boolean => hasSigil(value, "@") && value.includes(":");
export const isRoomAlias = (value: string): boolean => hasSigil(value, "#") && value.includes(":");

/** The homeserver of a user, with its port if it has one. */
export const serverNameOf = (userId: UserId): string => userId.slice(userId.indexOf(":") + 1);

/**
 * Whether `value` is an MXC URI whose parts are safe in a request's path: the spec limits the media ID's characters, so
 * that it cannot climb out of one. https://spec.matrix.org/v1.19/client-server-api/#security-considerations-5
 */
export const isMxcUri = (value: unknown): value is MxcUri => typeof value === "string" && MXC_URI.test(value);
const MXC_URI = /^mxc:\/\/(?!\.+\/)[A-Za-z0-9.:[\]-]{1,255}\/[A-Za-z0-9_-]{1,255}$/;
