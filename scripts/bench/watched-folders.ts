import { mkdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { oggChecksum } from "../../src/audio/ogg-checksum.ts";
import { configure } from "./configure.ts";
import { RunningService } from "./running-service.ts";
import type { Sender, World } from "./world.ts";

export interface WatchedFolder {
  /** The connector's. */
  name: string;
  /** Writes another recording into it; resolves when the file is closed. */
  write(): Promise<{ file: string; closedMs: number }>;
}

export interface WatchedFolders {
  sender: Sender;
  rooms: string[];
  folders: WatchedFolder[];
  start(): RunningService;
}

/** An account whose service watches so many folders, each with a route to a room of its own. */
export async function watchFolders(world: World, cli: string, count: number): Promise<WatchedFolders> {
  const sender = await world.newSender(cli);
  const home = path.dirname(sender.config);
  const nextRecording = recordings(readFileSync(world.recording));
  const rooms: string[] = [];
  const folders: WatchedFolder[] = [];
  const connectors: Record<string, object> = {};
  while (folders.length < count) {
    const name = `folder${folders.length}`;
    const folder = path.join(home, name);
    mkdirSync(folder);
    connectors[name] = { type: "folder", path: folder };
    rooms.push(await world.newRoom(sender, 1));
    let written = 0;
    folders.push({
      name,
      async write() {
        const file = path.join(folder, `${written++}.ogg`);
        await writeFile(file, nextRecording());
        return { file, closedMs: Date.now() };
      },
    });
  }
  const listen = path.join(home, "ready.sock");
  configure(sender, {
    listen,
    connectors,
    routes: folders.map(({ name }, at) => ({ from: name, to: rooms[at] })),
  });
  return { sender, rooms, folders, start: () => new RunningService(cli, sender.config, listen) };
}

const SERIAL_AT = 14;
const CHECKSUM_AT = 22;
const SEGMENTS_AT = 26;

/** The same sound each time, but no file as any other, by which the connector would know it: RFC 3533 section 6. */
function recordings(ogg: Buffer): () => Buffer {
  let serial = 0;
  return () => {
    const copy = Buffer.from(ogg);
    serial += 1;
    for (let at = 0; at < copy.length; ) {
      const body = at + SEGMENTS_AT + 1 + copy[at + SEGMENTS_AT]!;
      const end = copy.subarray(at + SEGMENTS_AT + 1, body).reduce((sum, length) => sum + length, body);
      copy.writeUInt32LE(serial, at + SERIAL_AT);
      copy.writeUInt32LE(oggChecksum(copy.subarray(at, end)), at + CHECKSUM_AT);
      at = end;
    }
    return copy;
  };
}
