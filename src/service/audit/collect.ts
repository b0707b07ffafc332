import { SottoError } from "../../errors.ts";
import type { Facts } from "../../model/facts.ts";
import type { Account } from "../account.ts";

export interface CollectOptions {
  rooms?: readonly string[];
  depth?: number;
  adminTokenFile?: string;
  homeserverConfig?: readonly string[];
  logConfig?: string;
}

/** Stands here until the facts are collected. */
export async function collectFacts(
  _account: Account,
  _options: CollectOptions = {},
  _signal?: AbortSignal,
): Promise<Facts> {
  throw new SottoError("INTERNAL", "facts are not collected yet: give --facts FILE");
}
