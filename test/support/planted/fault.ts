import type { Finding } from "../../../src/model/finding.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { House } from "./house.ts";
import type { Person } from "./person.ts";
import type { Room, RoomOptions } from "./room.ts";

export interface Place {
  house: House;
  room: Room;
  /** Somebody who is in this room only: before the fault, where it asks for one, and clean; or because of it. */
  member: Person;
  /** The room that took this one's place. */
  next?: Room;
}

/** One thing that somebody does in a clean room, and exactly the rules whose subject it touches. */
export interface PlantedFault {
  name: string;
  /** The fault is how the room is made: there was none before. */
  made?: (house: House) => RoomOptions;
  hasMember?: true;
  /** Gives further rooms to look at, if there are any. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to say
  plant?: (place: Place) => Promise<Room[] | void>;
  rules: string[];
  /** What the report tells to do, where a program cannot read it there; with the room that took this one's place. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most have nothing to say
  cure?: (place: Place, findings: Finding[]) => Promise<Room | void>;
  /** What outlives the cure, as the rules' own texts say. */
  left?: string[];
  /** Under which it is a fault, and the clean room is clean. */
  policy?: Policy;
  /** The audit knows what the clean one had read. */
  sinceClean?: true;
}

/** "replace the room (`sotto enforce plan`)" */
export const replaced = ({ room }: Place): Promise<Room> => room.replace();
