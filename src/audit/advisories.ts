import type { Severity } from "../model/finding.ts";

/** The day on which this table was looked through last: what is younger is not in it. */
export const KNOWN_UNTIL = "2026-10-09";

export interface Advisory {
  /** The GitHub advisory, and its CVE where it has one. */
  ids: readonly string[];
  /** As its publisher says; medium where that was not found. */
  severity: Severity;
  /** What somebody can do. */
  what: string;
  /** The first version that has it, where that is known and matters. */
  since?: string;
  /** The first version of its line without it; of later lines none has it. */
  fixed: string;
}

/** Of Synapse, newest first: each is at https://github.com/element-hq/synapse/security/advisories/ under its ID. */
export const ADVISORIES: readonly Advisory[] = [
  {
    ids: ["GHSA-27p5-4f45-gx76"],
    severity: "high",
    what: "another homeserver reads events of rooms it is not in",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-95fh-hv8c-chvq"],
    severity: "high",
    what: "another homeserver makes clients log out and lose their keys",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-rgv2-84w7-5j9p"],
    severity: "high",
    what: "another homeserver sends to devices in a stranger's name",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-cjh7-rcpx-xpf8"],
    severity: "high",
    what: "a room's address is led to a stranger's room",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-fp53-rw9v-hcf9"],
    severity: "high",
    what: "a user fills disk and memory with push rules",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-6wjm-9p2x-gvpm"],
    severity: "high",
    what: "anybody fills the memory with uploaded forms",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-qcjr-46gf-7f4r"],
    severity: "medium",
    what: "another homeserver reads another room's authorization events",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-r66v-qhwx-8rg4"],
    severity: "medium",
    what: "another homeserver looks up events of rooms it is not in by time",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-jhcg-5392-5mjw"],
    severity: "medium",
    what: "sliding sync gives invalid answers",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-vh4c-pqh4-w3wq"],
    severity: "low",
    what: "rules of a proxy are passed by with inserted path segments",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-hgcg-p9gx-fq5f"],
    severity: "low",
    what: "rules of a proxy are passed by with appended path segments",
    fixed: "1.157.2",
  },
  {
    ids: ["GHSA-8q93-326v-3m7g", "CVE-2026-45078"],
    severity: "high",
    what: "a user keeps the server too busy to answer others",
    fixed: "1.152.1",
  },
  {
    ids: ["GHSA-6qf2-7x63-mm6v", "CVE-2026-45076"],
    severity: "medium",
    what: "another homeserver hides a room's history from clients",
    fixed: "1.152.1",
  },
  {
    ids: ["GHSA-fh66-fcv5-jjfr", "CVE-2025-61672"],
    severity: "medium",
    what: "a user breaks federation with invalid device keys",
    since: "1.139.0",
    fixed: "1.139.1",
  },
  {
    ids: ["GHSA-fh66-fcv5-jjfr", "CVE-2025-61672"],
    severity: "medium",
    what: "a user breaks federation with invalid device keys",
    fixed: "1.138.3",
  },
  {
    ids: ["GHSA-v56r-hwv5-mxg6", "CVE-2025-30355"],
    severity: "high",
    what: "another homeserver stops federation with one event, as has been done",
    fixed: "1.127.1",
  },
  {
    ids: ["GHSA-rfq8-j7rh-8hf2", "CVE-2024-52805"],
    severity: "medium",
    what: "anybody fills the memory with uploaded forms",
    fixed: "1.120.1",
  },
  {
    ids: ["GHSA-f3r3-h2mq-hx2h", "CVE-2024-52815"],
    severity: "medium",
    what: "another homeserver stops a user's sync with an invitation",
    fixed: "1.120.1",
  },
  {
    ids: ["GHSA-vp6v-whfm-rv3g", "CVE-2024-53863"],
    severity: "medium",
    what: "an uploaded picture reaches decoders that it should not",
    fixed: "1.120.1",
  },
  {
    ids: ["GHSA-3h7q-rfh9-xm4v", "CVE-2024-31208"],
    severity: "high",
    what: "a member of a room fills the disk of its homeservers",
    fixed: "1.105.1",
  },
  {
    ids: ["GHSA-f3wc-3vxv-xmvr", "CVE-2023-32323"],
    severity: "medium",
    what: "a user stops federation with another homeserver",
    fixed: "1.74.0",
  },
  {
    ids: ["GHSA-45cj-f97f-ggwv", "CVE-2022-39335"],
    severity: "medium",
    what: "another homeserver reads authorization events of rooms it is not in",
    fixed: "1.69.0",
  },
  {
    ids: ["GHSA-p9qp-c452-f9r7", "CVE-2022-39374"],
    severity: "medium",
    what: "another homeserver stops a room",
    since: "1.62.0",
    fixed: "1.68.0",
  },
  {
    ids: ["GHSA-jhjh-776m-4765", "CVE-2022-31152"],
    severity: "medium",
    what: "a room's state is split between homeservers",
    fixed: "1.62.0",
  },
];

/** What a version of Synapse, such as `1.157.1` or `1.163.0rc1 (b=main)`, has; undefined for what is no version. */
export function advisoriesOf(version: string): Advisory[] | undefined {
  const own = parse(version);
  if (own === undefined) return undefined;
  return ADVISORIES.filter(
    ({ since, fixed }) => compare(own, parse(fixed)!) < 0 && (!since || compare(own, parse(since)!) >= 0),
  );
}

/** A release candidate is older than what it becomes. */
function parse(version: string): readonly number[] | undefined {
  const [, major, minor, patch = "0", candidate] = /^v?(\d+)\.(\d+)(?:\.(\d+))?(rc\d+)?/.exec(version) ?? [];
  if (major === undefined) return undefined;
  return [Number(major), Number(minor), Number(patch), candidate === undefined ? 0 : -1];
}

function compare(one: readonly number[], other: readonly number[]): number {
  const difference = one.findIndex((part, index) => part !== other[index]);
  return difference < 0 ? 0 : one[difference]! - other[difference]!;
}
