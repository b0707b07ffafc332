import type { Transport } from "../../matrix/index.ts";
import type { Fact } from "../../model/facts.ts";
import type { HomeserverFacts } from "../../model/homeserver-facts.ts";
import { serverNameOf } from "../../model/ids.ts";
import type { OwnFacts } from "../../model/own-facts.ts";
import type { Account } from "../account.ts";
import type { Asking } from "./asking.ts";
import type { CollectOptions } from "./collect.ts";

// Stands where the facts of the homeserver and of Sotto itself are collected, until that is there.

const NOT_YET = { unread: "not collected yet" };

export async function homeserverFacts(
  { config }: Account,
  _options: CollectOptions & { asking: Asking; admin: Transport | undefined },
): Promise<HomeserverFacts> {
  return {
    baseUrl: config.homeserver,
    serverName: serverNameOf(config.account.userId),
    software: NOT_YET,
    outside: {
      registrationFlows: NOT_YET,
      isAdminApiExposed: NOT_YET,
      areProfilesPublic: NOT_YET,
      isDirectoryPublic: NOT_YET,
      isFederating: NOT_YET,
    },
    turn: NOT_YET,
    uploadLimit: NOT_YET,
    messageRateLimit: NOT_YET,
    config: NOT_YET,
    logging: NOT_YET,
  };
}

export const ownFacts = async (_account: Account): Promise<Fact<OwnFacts>> => NOT_YET;
