/** The door to what audits read of a homeserver; nobody else loads it. */
export { adminAccount, adminClearMedia, adminDevices, adminRooms } from "./admin.ts";
export {
  announcedUrl,
  areProfilesPublic,
  isAdminApiExposed,
  isDirectoryPublic,
  isFederating,
  registrationFlows,
  softwareOf,
} from "./outside.ts";
export { messageRateLimit, turnOf } from "./own-limits.ts";
export {
  adminReader,
  isListed,
  type Manner,
  memberReader,
  publishedKeysOf,
  type RoomReader,
} from "./reader.ts";
export { cutTimeline } from "./timeline.ts";
