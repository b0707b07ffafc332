import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { oggOpus } from "../audio/by-hand.ts";

/** A recording as list-program.ts brings it. */
export interface ListedRecording {
  id: string;
  room: string;
  path: string;
}

/** Of half a second each, no two with the same sound, ready to be sent as they are; to one room after another. */
export function listRecordings(folder: string, count: number, rooms: readonly string[]): ListedRecording[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `${index}.ogg`);
    writeFileSync(path, oggOpus(25, index + 1));
    return { id: `recording ${index}`, room: rooms[index % rooms.length]!, path };
  });
}

/** What tells a recording from any other, whatever container it is in. */
export function soundOf(oggOpusFile: Uint8Array): string {
  const hash = createHash("sha256");
  for (const packet of readOpusStream(oggOpusFile).packets) hash.update(packet);
  return hash.digest("hex");
}
