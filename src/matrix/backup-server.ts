import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { BackedUpSessions, BackupServer } from "../model/ports.ts";
import { isObject, isString, requireString } from "./json.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { Transport } from "./transport.ts";

const VERSION = "/_matrix/client/v3/room_keys/version";

/** https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups */
export function createBackupServer(transport: Transport): BackupServer {
  return {
    async current() {
      const answer = await found(transport.request("GET", VERSION));
      if (answer === undefined) return undefined;
      if (!isObject(answer) || !isString(answer.version) || !isString(answer.algorithm))
        throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer describes no key backup");
      return {
        version: answer.version,
        algorithm: answer.algorithm,
        authData: isObject(answer.auth_data) ? answer.auth_data : {},
        count: typeof answer.count === "number" ? answer.count : undefined,
      };
    },
    async create(algorithm, authData) {
      const json = { algorithm, auth_data: authData };
      return requireString(await transport.request("POST", VERSION, { body: { json } }), "version");
    },
    async update(version, algorithm, authData) {
      const json = { version, algorithm, auth_data: authData };
      await transport.request("PUT", path`/_matrix/client/v3/room_keys/version/${version}`, {
        body: { json },
      });
    },
    async delete(version) {
      await found(transport.request("DELETE", path`/_matrix/client/v3/room_keys/version/${version}`));
    },
    async sessions(version) {
      const answer = await found(
        transport.request("GET", "/_matrix/client/v3/room_keys/keys", { query: { version } }),
      );
      return readSessions(answer);
    },
    async session(version, roomId, sessionId) {
      const url = path`/_matrix/client/v3/room_keys/keys/${roomId}/${sessionId}`;
      const answer = await found(transport.request("GET", url, { query: { version } }));
      return isObject(answer) ? answer.session_data : undefined;
    },
  };
}

/** The answer; undefined only where the homeserver says that there is none. */
async function found(request: Promise<unknown>): Promise<unknown> {
  try {
    return await request;
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode === 404 && cause.errcode === "M_NOT_FOUND") return undefined;
    throw thrown;
  }
}

/** What is no session stays in it, so that it is counted as damaged. */
function readSessions(answer: unknown): BackedUpSessions {
  if (answer === undefined) return new Map();
  if (!isObject(answer) || !isObject(answer.rooms))
    throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer holds no rooms of a key backup");
  const sessionsOf = (room: unknown): Map<string, unknown> => {
    const sessions = isObject(room) && isObject(room.sessions) ? room.sessions : {};
    return new Map(Object.entries(sessions).map(([id, key]) => [id, isObject(key) ? key.session_data : key]));
  };
  return new Map<RoomId, Map<string, unknown>>(
    Object.entries(answer.rooms).map(([roomId, room]) => [roomId, sessionsOf(room)]),
  );
}
