import { createHash } from "node:crypto";
import { text } from "./html-text.ts";

/**
 * A whole page. Nothing runs, nothing is loaded, nothing is sent: its one style is all that a browser takes from it.
 *
 * @param body HTML
 */
export function htmlPage({ title, style, body }: { title: string; style: string; body: string }): string {
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${text(policy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
