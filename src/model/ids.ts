/**
 * Matrix identifiers are opaque strings here: nothing in Sotto takes one apart. From room version 12 on, a room ID
 * has no server name in it at all (MSC4291).
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
