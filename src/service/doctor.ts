import { dirname } from "node:path";
import {
  type Config,
  type ConfigSource,
  loadConfig,
  readAccessToken,
  readStoreKey,
} from "../config/index.ts";
import type { Held } from "../crypto/index.ts";
import { discoverHomeserver, publishedDeviceKeys, whoami } from "../matrix/index.ts";
import type { Account } from "./account.ts";
import { checkAudio } from "./audio-checks.ts";
import { type Check, check, fail, type Verdict, warn } from "./check.ts";
import { isReadByOthers } from "./private-file.ts";
import { recoveryKeyFiles } from "./recovery-key-files.ts";

export type { Check } from "./check.ts";

/** How far back the outbox is searched: what nobody looked into among so many is not asked about for ever. */
const LOOKED_BACK = 100;

/** What can be looked at without the store. What it needs alone, it loads itself: this file is loaded by every holder. */
export async function checkMachine(source: ConfigSource, signal: AbortSignal): Promise<Check[]> {
  const checks = [
    // one that is too old does not come so far
    await check("node", async () => `Node ${process.versions.node}`),
  ];
  let config: Config | undefined;
  checks.push(
    await check("config", async () => {
      const { CONNECTORS } = await import("../connector/index.ts");
      config = loadConfig(source, { connectorTypes: CONNECTORS });
      return config.files.join(", ");
    }),
  );
  const read = config;
  checks.push(...(await checkAudio(read?.audio)));
  if (!read) return checks;
  return [
    ...checks,
    await check("store key", async () => {
      readStoreKey(read);
      return privately(read.storeKeyFile);
    }),
    await check("recovery key", async () => {
      const found = recoveryKeyFiles([dirname(read.path), read.data]);
      if (found.length === 0) return "not beside the config, nor in the data directory";
      return warn(
        `${found.join(", ")} can be read by whoever gets this machine or a backup of it`,
        "keep the recovery key elsewhere, on paper or in a password manager, and delete the file",
      );
    }),
    await check("access token", async () => {
      readAccessToken(read);
      return privately(read.account.accessTokenFile);
    }),
    await check("files", async () => (await import("./config-check.ts")).verdictOnFiles(read)),
    await check("homeserver", async () => {
      const trust = read.caFile ? { caFile: read.caFile } : {};
      return `${(await discoverHomeserver(read.homeserver, { ...trust, signal })).baseUrl} answers`;
    }),
  ];
}

/** What only the holder of the store can tell. */
export async function checkAccount(account: Account): Promise<Check[]> {
  const { crypto, transport, config, store, watch, held } = account;
  const { userId, deviceId } = config.account;
  return [
    await check("login", async () => {
      const owner = await whoami(transport);
      if (owner.userId === userId && owner.deviceId === deviceId) return `${userId}, device ${deviceId}`;
      return fail(
        `the access token is of ${owner.userId}, device ${owner.deviceId}`,
        "put back the token that `sotto init` wrote",
      );
    }),
    await check("copies", async () => {
      await watch.inspect();
      return "this store is the latest, and no copy of it is in use";
    }),
    await check("device keys", async () => {
      const keys = (await publishedDeviceKeys(transport, userId, deviceId))?.keys as
        | Record<string, string>
        | undefined;
      if (!keys)
        return fail("the homeserver has no keys for this device", "run `sotto send` or `sotto run` once");
      if (keys[`ed25519:${deviceId}`] === crypto.identityKeys.ed25519)
        return "the homeserver shows this store's keys";
      return fail(
        "the homeserver shows other keys for this device than this store has",
        "stop using this store: run `sotto init` with a new --config and --data-dir, for a new device",
      );
    }),
    await check("identity", async () => {
      const status = await crypto.identityStatus();
      if (!status.exists) {
        return fail(
          "the account has no cross-signing identity",
          "run `sotto identity bootstrap` with --recovery-key-out",
        );
      }
      if (status.changed) {
        return fail(
          "the homeserver shows another identity of this account than this store knew",
          "if you have reset it, run `sotto identity bootstrap` with its --recovery-key-file; if nobody has, do not trust this homeserver",
        );
      }
      if (!status.deviceSigned) {
        return fail(
          "the identity has not signed this device",
          "run `sotto identity bootstrap` with --recovery-key-file",
        );
      }
      if (status.privateKeysHere) return "this device is signed";
      return warn(
        "this device is signed, but the identity's keys are not here",
        "run `sotto recovery restore` with --recovery-key-file",
      );
    }),
    await check("trust", async () => {
      const open = openToAll(config);
      if (open.length === 0) return "keys go to signed devices only, and messages come from them only";
      return warn(
        `devices that nobody has signed are trusted: ${open.join(", ")}`,
        "have them signed, then set `signed`: a homeserver can add a device to any account",
      );
    }),
    await check("held", async () => {
      const rooms = await crypto.heldRooms();
      if (rooms.length === 0) return "no room waits for a person to look at a member";
      return fail(rooms.map(heldWords).join("\n"), rooms.map(liftedBy).join("\n"));
    }),
    await check("stopped", async () => {
      const rooms = store.stoppedRooms.all();
      if (rooms.length === 0) return "no room is evacuated or below policy";
      return fail(
        rooms.map(({ roomId, message }) => `nothing is sent to ${roomId}: ${message}`).join("\n"),
        rooms.map(({ cure }) => cure).join("\n"),
      );
    }),
    await check("operators' room", async () =>
      (await import("./operators-room-check.ts")).checkOperatorsRoom(account),
    ),
    await check("rate limit", async () => {
      const lifted = `POST /_synapse/admin/v1/users/${userId}/override_ratelimit with {"messages_per_second": 0, "burst_count": 0}`;
      if (held.back === 0)
        return `no message was held back; Synapse does so after ten, unless its admin has called ${lifted}`;
      return warn(
        `the homeserver has held messages back ${held.back} times since the start`,
        `let the admin of a Synapse call ${lifted}`,
      );
    }),
    await check("outbox", async () => {
      const open = store.jobs.open().length;
      if (open === 0) return "empty";
      return warn(`${open} accepted and not yet sent`, "run `sotto run`, which sends them");
    }),
    await check("uncertain", async () => {
      const given = store.jobs.list(LOOKED_BACK).filter(({ errorCode }) => errorCode === "SEND_UNCERTAIN");
      if (given.length === 0) return "no message of which it is not known whether it arrived";
      const places = [...new Set(given.map(({ roomId }) => roomId))].join(", ");
      return warn(
        `${given.length} of the last messages may have arrived or not, in ${places}`,
        "look into the room; send the recording again if it is not there",
      );
    }),
  ];
}

const heldWords = ({ roomId, userId, because }: Held): string =>
  because === "identity"
    ? `nothing is sent to ${roomId}: the identity of ${userId} has changed`
    : `nothing is sent to ${roomId}: ${userId} was never seen there before`;

const liftedBy = ({ roomId, userId, because }: Held): string =>
  because === "identity"
    ? `ask ${userId} by another way, then \`sotto trust accept ${userId}\``
    : `find out who has let ${userId} in, then \`sotto trust accept ${userId} --room ${roomId}\``;

/** Where the config asks for `all`. */
function openToAll({ trust, rooms }: Config): string[] {
  const places: [string, { shareWith?: string | undefined; acceptFrom?: string | undefined }][] = [
    ["trust", trust],
    ...Object.entries(rooms),
  ];
  return places.flatMap(([place, { shareWith, acceptFrom }]) => [
    ...(shareWith === "all" ? [`shareWith in ${place}`] : []),
    ...(acceptFrom === "all" ? [`acceptFrom in ${place}`] : []),
  ]);
}

const privately = (path: string): Verdict =>
  isReadByOthers(path)
    ? warn(`${path} can be read by others`, `chmod 600 ${path}`)
    : "readable by its owner only";
