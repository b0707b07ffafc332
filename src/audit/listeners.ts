import type { HomeserverConfig } from "../model/homeserver-facts.ts";

/** Whether more than this machine can reach it: an empty address is every one. */
export const isReachable = ({ bindAddresses }: HomeserverConfig["listeners"][number]): boolean =>
  bindAddresses.some((address) => !/^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/.test(address));
