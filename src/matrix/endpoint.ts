/** What the paths of Matrix's APIs are made of, besides names of others. */
const WORDS = new Set(
  [
    "account account_data claim config createRoom devices device_signing directory download event invite join",
    "joined_members joined_rooms keys leave login logout members messages profile query redact relations room room_keys",
    "rooms send sendToDevice signatures state sync upload user version versions whoami well-known",
  ].flatMap((line) => line.split(" ")),
);

/**
 * What a request calls, as `rooms/send` for a PUT of an event: a path without what it is about. There are only so many
 * of them, and none holds the name of a room, a user or a device.
 */
export function endpointOf(path: string): string {
  const words = path.split("/").filter((segment) => WORDS.has(segment.replace(/^\./, "")));
  return words.join("/") || "other";
}
