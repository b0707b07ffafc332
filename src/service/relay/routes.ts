import type { Config } from "../../config/index.ts";
import { isRoomAlias, isRoomId, isUserId } from "../../model/ids.ts";

/** A recording's way, as the config has it. */
export type Route = Config["routes"][number];

/** Whether one end of a route is a room (or a user's direct chat), and not a connector. */
export const isRoom = (end: string): boolean => isRoomId(end) || isRoomAlias(end) || isUserId(end);

/** A route's name, for what is kept of it. */
export const keyOf = ({ from, to }: Route): string => `${from} > ${to}`;
