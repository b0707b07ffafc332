import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/crypto/canonical-json.ts";

describe("canonical JSON", () => {
  // examples of https://spec.matrix.org/v1.19/appendices/#canonical-json
  it.each([
    ["{}", "{}"],
    ['{\n"one": 1,\n"two": "Two"\n}', '{"one":1,"two":"Two"}'],
    ['{"b":"2","a":"1"}', '{"a":"1","b":"2"}'],
    [
      '{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"medium":"email","address":"a"},{"medium":"msisdn","address":"1"}]}}}',
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"a","medium":"email"},{"address":"1","medium":"msisdn"}]},"success":true}}',
    ],
    ['{"a":"日本語"}', '{"a":"日本語"}'],
    ['{"本":2,"日":1}', '{"日":1,"本":2}'],
    ['{"a":"\\u65E5"}', '{"a":"日"}'],
    ['{"a":null}', '{"a":null}'],
    ['{"a":-0,"b":1e10}', '{"a":0,"b":10000000000}'],
    // code points, not UTF-16: U+1F600 stands behind U+FF5E
    ['{"😀":1,"～":2}', '{"～":2,"😀":1}'],
    ['{"__proto__":1,"a":2}', '{"__proto__":1,"a":2}'],
  ])("of %s", (json, canonical) => {
    expect(canonicalJson(JSON.parse(json))).toBe(canonical);
  });

  it.each(["1.5", "9007199254740992", "1e400", `${"[".repeat(100)}${"]".repeat(100)}`])(
    "does not exist of %s",
    (json) => {
      expect(() => canonicalJson(JSON.parse(json))).toThrow(TypeError);
    },
  );
});
