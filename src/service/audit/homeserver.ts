import { toSottoError } from "../../errors.ts";
import {
  announcedUrl,
  areProfilesPublic,
  isAdminApiExposed,
  isDirectoryPublic,
  isFederating,
  type Manner,
  messageRateLimit,
  registrationFlows,
  softwareOf,
  turnOf,
} from "../../matrix/facts/index.ts";
import { createTransport, type Transport } from "../../matrix/index.ts";
import type { Fact } from "../../model/facts.ts";
import type { HomeserverFacts, OutsideFacts } from "../../model/homeserver-facts.ts";
import { serverNameOf, type UserId } from "../../model/ids.ts";
import { isInternal } from "../../model/loopback.ts";
import type { Account } from "../account.ts";
import { type Asking, unreadBecause } from "./asking.ts";
import type { CollectOptions } from "./collect.ts";
import { readHomeserverFiles } from "./homeserver-files.ts";

export interface HomeserverSources extends Pick<CollectOptions, "homeserverConfig" | "logConfig"> {
  asking: Asking;
  /** With an administrator's token, if there is one. */
  admin: Transport | undefined;
}

type HomeserverAccount = Pick<Account, "config" | "logger" | "transport" | "contentRepository">;

const NO_ADMIN = {
  unread: "only the admin API tells of the limits of an account: give --admin-token-file",
  notAsked: true,
} as const;

/** What the homeserver does, as it shows by itself, as strangers see it, and as its files say. */
export async function homeserverFacts(
  account: HomeserverAccount,
  { asking, admin, homeserverConfig, logConfig }: HomeserverSources,
): Promise<HomeserverFacts> {
  const { config, transport, contentRepository } = account;
  const { userId } = config.account;
  const withoutToken = anonymous(account, config.homeserver);
  try {
    const publicUrl = await publicUrlOf(withoutToken, asking);
    return {
      baseUrl: config.homeserver,
      serverName: serverNameOf(userId),
      publicUrl,
      software: await asking.fact("the homeserver's version", (manner) => softwareOf(withoutToken, manner)),
      outside: await outsideFacts(account, publicUrl, asking),
      turn: await asking.fact("the TURN server", (manner) => turnOf(transport, manner())),
      uploadLimit: await asking.fact("the limit of uploads", async () => {
        return (await contentRepository.maxUploadBytes()) ?? null;
      }),
      messageRateLimit: admin
        ? await asking.fact("the limits of our account", (manner) =>
            messageRateLimit(admin, userId, manner()),
          )
        : NO_ADMIN,
      ...readHomeserverFiles(homeserverConfig, logConfig),
    };
  } finally {
    withoutToken.close();
  }
}

const anonymous = ({ config, logger }: Pick<HomeserverAccount, "config" | "logger">, homeserver: string) =>
  createTransport({ homeserver, logger, ...(config.caFile && { caFile: config.caFile }) });

/** Whoever runs beside the homeserver, or in one network with it, asks it where others reach it. */
async function publicUrlOf(transport: Transport, asking: Asking): Promise<Fact<string>> {
  const { homeserver } = transport;
  if (!isInternal(new URL(homeserver).hostname)) return { value: homeserver };
  return asking.fact("the homeserver's address for clients", (manner) => announcedUrl(transport, manner()));
}

const OUTSIDE: {
  [K in keyof OutsideFacts]: [
    what: string,
    read: (
      transport: Transport,
      userId: UserId,
      manner: Manner,
    ) => Promise<Extract<OutsideFacts[K], { value: unknown }>["value"]>,
  ];
} = {
  registrationFlows: [
    "how accounts are made",
    (transport, _, manner) => registrationFlows(transport, manner),
  ],
  isAdminApiExposed: [
    "whether the admin API answers",
    (transport, _, manner) => isAdminApiExposed(transport, manner),
  ],
  areProfilesPublic: ["whether profiles are public", areProfilesPublic],
  isDirectoryPublic: [
    "whether the list of rooms is public",
    (transport, _, manner) => isDirectoryPublic(transport, manner),
  ],
  isFederating: [
    "whether other homeservers are answered",
    (transport, _, manner) => isFederating(transport, manner),
  ],
};

async function outsideFacts(
  account: HomeserverAccount,
  publicUrl: Fact<string>,
  asking: Asking,
): Promise<OutsideFacts> {
  if ("unread" in publicUrl) return nowhere(publicUrl.unread);
  let transport: Transport;
  try {
    transport = anonymous(account, publicUrl.value);
  } catch (thrown) {
    return nowhere(unreadBecause("the homeserver's address for clients", toSottoError(thrown)));
  }
  const { userId } = account.config.account;
  const look = <K extends keyof OutsideFacts>(key: K) => {
    const [what, read] = OUTSIDE[key];
    return asking.fact(what, (manner) => read(transport, userId, manner()));
  };
  try {
    return {
      registrationFlows: await look("registrationFlows"),
      isAdminApiExposed: await look("isAdminApiExposed"),
      areProfilesPublic: await look("areProfilesPublic"),
      isDirectoryPublic: await look("isDirectoryPublic"),
      isFederating: await look("isFederating"),
    };
  } finally {
    transport.close();
  }
}

const nowhere = (unread: string): OutsideFacts => ({
  registrationFlows: { unread },
  isAdminApiExposed: { unread },
  areProfilesPublic: { unread },
  isDirectoryPublic: { unread },
  isFederating: { unread },
});
