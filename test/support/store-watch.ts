import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { AccountData } from "../../src/model/ports.ts";
import { StoreWatch } from "../../src/service/store-watch.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { batch, event, joined, type MegolmSession, OWN, storeOptions } from "./store.ts";
import { temporaryDirectory } from "./temporary.ts";

// The store is real, and a copy of it is a copy of its file; of the homeserver, only its account data is needed.

export const DEVICE = "SOTTO1";

export class Homeserver implements AccountData {
  readonly data = new Map<string, Record<string, unknown>>();
  /** Called before each request; may fail. */
  onRequest: (what: "get" | "put") => void | Promise<void> = () => undefined;
  puts = 0;

  async get(type: string) {
    await this.onRequest("get");
    return this.data.get(type);
  }
  async put(type: string, content: Record<string, unknown>) {
    await this.onRequest("put");
    this.puts += 1;
    this.data.set(type, content);
  }
  get epoch() {
    return this.data.get(`alt.sotto.store.${DEVICE}`)?.epoch;
  }
}

export interface Run {
  store: Store;
  watch: StoreWatch;
  /** The answer to a `/sync` that has everything: the account's data, and events of our own. */
  sync(own?: ReturnType<typeof sent>[], toDevice?: unknown[]): Promise<void>;
  close(): void;
}

export const server = () => ({ server: new Homeserver(), path: join(temporaryDirectory(), "sotto.sqlite") });

export function start(homeserver: Homeserver, path: string): Run {
  const store = openStore(storeOptions(path));
  const whoami = async () => ({ userId: OWN, deviceId: DEVICE });
  const watch = new StoreWatch({
    ...{ store, accountData: homeserver, userId: OWN, deviceId: DEVICE, accessToken: "token", whoami },
  });
  return {
    store,
    watch,
    sync(own = [], toDevice = []) {
      const accountData = [...homeserver.data].map(([type, content]) => ({ type, content }));
      return watch.check(batch({ accountData, joined: [joined(own)], toDevice }));
    },
    close: () => store.close(),
  };
}

/** An event as the homeserver shows it to the device that sent it. */
export const sent = (
  { sessionId, ciphertext }: MegolmSession,
  index: number,
  more: Record<string, unknown> = { device_id: DEVICE },
) =>
  event(
    "m.room.encrypted",
    { session_id: sessionId, ciphertext: ciphertext(index), ...more },
    { sender: OWN },
  );

/** A whole run of a short command. */
export async function use(homeserver: Homeserver, path: string): Promise<void> {
  const run = start(homeserver, path);
  await run.sync();
  await run.watch.beforeUse();
  run.close();
}

export const snapshot = (path: string): string => {
  const copy = join(temporaryDirectory(), "copy.sqlite");
  copyFileSync(path, copy);
  return copy;
};

export const ROLLED_BACK = { code: "STORE_ROLLED_BACK", exitCode: 3 };
