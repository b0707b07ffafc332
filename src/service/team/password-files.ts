import { randomInt } from "node:crypto";
import { lstatSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SottoError } from "../../errors.ts";
import { serverNameOf, type UserId } from "../../model/ids.ts";
import { createWholePrivateFile, makeFolder } from "../private-file.ts";

/** Nothing that looks like something else: no 0, 1, i, l, o. */
const LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";
const GROUPS = 5;
const GROUP = 4;
const PASSWORD = new RegExp(`^[${LETTERS}]{${GROUP}}(?:-[${LETTERS}]{${GROUP}}){${GROUPS - 1}}$`);

/** 99 bits, in groups that can be read out. */
export function newPassword(): string {
  const letter = (): string => LETTERS[randomInt(LETTERS.length)]!;
  const group = (): string => Array.from({ length: GROUP }, letter).join("");
  return Array.from({ length: GROUPS }, group).join("-");
}

export interface PasswordFile {
  path: string;
  password: string;
  /** It was written now. */
  isNew: boolean;
}

/**
 * The password of a new account: the one in its file, or a new one, which is on the disk when this returns. No file that
 * is there is ever written.
 *
 * @param folder made where it is missing, mode 0700
 * @throws SottoError `FILE_EXISTS` for a file that holds something else
 */
export function passwordFileOf(folder: string, userId: UserId): PasswordFile {
  makeFolder(folder);
  const path = join(folder, `${fileNameOf(userId, serverNameOf(userId))}.txt`);
  if (!lstatSync(path, { throwIfNoEntry: false })) {
    const password = newPassword();
    createWholePrivateFile(path, `${password}\n`);
    return { path, password, isNew: true };
  }
  const password = readText(path).trim();
  if (PASSWORD.test(password)) return { path, password, isNew: false };
  throw new SottoError("FILE_EXISTS", `${path} is there and holds no password of ours`, {
    cure: "move it away, or name another folder with --passwords",
  });
}

/** For an account that has another one, after all. */
export const forgetPassword = ({ path }: PasswordFile): void => rmSync(path, { force: true });

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new SottoError("SECRET_UNREADABLE", `cannot read ${path}`, { cause });
  }
}

/**
 * What files about a user are called: no path leads out of it, whatever the user is called.
 *
 * @param server our homeserver's name: of another homeserver's user it is in the name
 */
export function fileNameOf(userId: UserId, server: string): string {
  const name = serverNameOf(userId) === server ? userId.slice(1, userId.indexOf(":")) : userId.slice(1);
  return encodeURIComponent(name).replace(/^\./, "%2E");
}
