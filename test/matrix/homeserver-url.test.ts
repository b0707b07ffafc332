import { expect, test } from "vitest";
import { parseHomeserverUrl } from "../../src/matrix/homeserver-url.ts";

test.each([
  ["https://matrix.example.org", "https://matrix.example.org/"],
  ["https://example.org:8448/matrix/", "https://example.org:8448/matrix"],
  ["http://localhost:8008", "http://localhost:8008/"],
  ["http://synapse.localhost:8008", "http://synapse.localhost:8008/"],
  ["http://127.0.0.1:8008", "http://127.0.0.1:8008/"],
  ["http://[::1]:8008", "http://[::1]:8008/"],
])("%s is a homeserver's URL", (input, href) => {
  expect(parseHomeserverUrl(input).href).toBe(href);
});

test.each([
  "matrix.example.org",
  "ftp://matrix.example.org",
  "http://matrix.example.org",
  "http://127.0.0.1.example.org",
  "http://localhost.example.org",
  "https://user:secret@matrix.example.org",
  "https://matrix.example.org/?access_token=secret",
])("%s is refused, and no secret in it is repeated", (input) => {
  const refusal = expect.objectContaining({
    code: "CONFIG_INVALID",
    message: expect.not.stringContaining("secret"),
  });
  expect(() => parseHomeserverUrl(input)).toThrow(refusal);
});
