import { SottoError } from "../errors.ts";
import type { UserId } from "../model/ids.ts";
import type { AccountData } from "../model/ports.ts";
import { isObject } from "./json.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { Transport } from "./transport.ts";

/** https://spec.matrix.org/v1.19/client-server-api/#client-config */
export function createAccountData(transport: Transport, userId: UserId): AccountData {
  const urlOf = (type: string): string => path`/_matrix/client/v3/user/${userId}/account_data/${type}`;
  return {
    async get(type) {
      try {
        const content = await transport.request("GET", urlOf(type));
        if (isObject(content)) return content;
      } catch (thrown) {
        const cause = matrixErrorOf(thrown);
        if (cause?.statusCode === 404 && cause.errcode === "M_NOT_FOUND") return undefined;
        throw thrown;
      }
      throw new SottoError("HOMESERVER_ERROR", `the account data ${type} is not an object`);
    },
    async put(type, content) {
      await transport.request("PUT", urlOf(type), { body: { json: content } });
    },
  };
}
