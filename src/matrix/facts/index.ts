/** The door to what audits read of a homeserver; nobody else loads it. */
export { adminAccount, adminClearMedia, adminDevices, adminRooms } from "./admin.ts";
export {
  adminReader,
  isListed,
  type Manner,
  memberReader,
  publishedKeysOf,
  type RoomReader,
} from "./reader.ts";
export { cutTimeline } from "./timeline.ts";
