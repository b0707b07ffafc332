import { readSecret } from "../../config/secrets.ts";
import {
  accountStanding,
  createAccount,
  createTransport,
  hasProfile,
  matrixErrorOf,
  type NewAccount,
  registerWithSecret,
  type Transport,
} from "../../matrix/index.ts";
import type { UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/** By what accounts are made; undefined members were not given. */
export interface MakingArguments {
  adminTokenFile?: string;
  registrationSecretFile?: string;
}

export interface AccountMaker extends Disposable {
  /** With an administrator's token: who reads the team may use it too. */
  admin: Transport | undefined;
  /** False where it was there: then nothing was changed. A lost answer is no failure. */
  make(account: NewAccount): Promise<boolean>;
}

/** @throws SottoError `SECRET_UNREADABLE` */
export function openMaker(account: Account, named: MakingArguments): AccountMaker | undefined {
  const { adminTokenFile, registrationSecretFile } = named;
  if (adminTokenFile !== undefined) {
    const admin = transportTo(account, readSecret(adminTokenFile));
    return {
      admin,
      make: (asked) => makeByToken(admin, asked),
      [Symbol.dispose]: () => admin.close(),
    };
  }
  if (registrationSecretFile === undefined) return undefined;
  const secret = readSecret(registrationSecretFile);
  const open = transportTo(account);
  return {
    admin: undefined,
    make: (asked) => makeBySecret(account, open, secret, asked),
    [Symbol.dispose]: () => open.close(),
  };
}

function transportTo({ config, logger }: Account, accessToken?: string): Transport {
  return createTransport({
    homeserver: config.homeserver,
    logger,
    ...(accessToken !== undefined && { accessToken }),
    ...(config.caFile && { caFile: config.caFile }),
  });
}

/** This request would give an account that is there another password: so it is looked for right before. */
async function makeByToken(admin: Transport, asked: NewAccount): Promise<boolean> {
  if ((await accountStanding(admin, asked.userId)) !== undefined) return false;
  await certainly(
    () => createAccount(admin, asked),
    async () => (await accountStanding(admin, asked.userId)) === "here",
  );
  return true;
}

async function makeBySecret(
  { transport }: Account,
  open: Transport,
  secret: string,
  asked: NewAccount,
): Promise<boolean> {
  let isNew = true;
  await certainly(
    async () => {
      isNew = await registerWithSecret(open, secret, asked);
    },
    () => isThere(transport, asked.userId),
  );
  return isNew;
}

const isThere = (transport: Transport, userId: UserId): Promise<boolean> => hasProfile(transport, userId);

/** Whatever came back: if it may have arrived, what stands there decides. */
async function certainly(ask: () => Promise<void>, isDone: () => Promise<boolean>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    if (matrixErrorOf(thrown)?.mayHaveArrived === false || !(await isDone())) throw thrown;
  }
}
