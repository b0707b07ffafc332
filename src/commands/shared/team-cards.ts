import { join } from "node:path";
import { serverNameOf } from "../../model/ids.ts";
import type { TeamPlan } from "../../model/team.ts";
import { type Card, cardSvg, cardsPage, codeTextOf } from "../../report/index.ts";
import { makeFolder, writePrivateFile } from "../../service/private-file.ts";
import { fileNameOf } from "../../service/team/password-files.ts";

export interface CardsWritten {
  /** The page with all of them; undefined where there are none. */
  page: string | undefined;
  cards: number;
}

/**
 * A card for each who has an identity, our own account among them, as a picture and on one page. What an earlier run has
 * written is replaced: keys may have changed.
 */
export async function writeCards(plan: TeamPlan, folder: string): Promise<CardsWritten> {
  const { codeOf } = await import("./qr-picture.ts");
  const own = { userId: plan.by, name: null, masterKey: { value: plan.masterKey } };
  const cards = [own, ...plan.people].flatMap(({ userId, name, masterKey: read }): Card[] => {
    if ("unread" in read || read.value === null) return [];
    const shown = { userId, name, masterKey: read.value };
    return [{ ...shown, code: codeOf(codeTextOf(shown)), outOfBand: plan.outOfBand }];
  });
  if (cards.length === 0) return { page: undefined, cards: 0 };
  makeFolder(folder);
  for (const card of cards) {
    const name = fileNameOf(card.userId, serverNameOf(plan.by));
    writePrivateFile(join(folder, `${name}.svg`), `${cardSvg(card)}\n`);
  }
  const page = join(folder, "cards.html");
  writePrivateFile(page, cardsPage(plan.team, cards));
  return { page, cards: cards.length };
}
