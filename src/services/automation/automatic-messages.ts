import type { Knex } from "knex";
import { may } from "../agents/policy.ts";
import { type Changes, watch } from "../platform/changes.ts";
import type { Context } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

export const automaticKinds = [
  "greeting",
  "out_of_hours",
  "queue_notice",
  "confirm",
  "csat",
  "nps",
  "thanks",
  "nudge",
  "silence",
] as const;
export type AutomaticKind = (typeof automaticKinds)[number];

/** What Hilo says by itself, in the firm's words; English may be empty, and Spanish serves everybody then. */
export interface AutomaticMessage {
  kind: AutomaticKind;
  enabled: boolean;
  textEs: string;
  textEn: string;
  optionsEs: string[];
  optionsEn: string[];
}

/** What can be filled in. */
function places(kind: AutomaticKind): string[] {
  const own: Partial<Record<AutomaticKind, string[]>> = {
    out_of_hours: ["abre"],
    queue_notice: ["numero", "espera"],
    confirm: ["resumen"],
  };
  return ["nombre", "empresa", ...(own[kind] ?? [])];
}

/** Which of them are asked for by other settings and have no switch of their own. */
export const ledBySettings: ReadonlySet<AutomaticKind> = new Set([
  "confirm",
  "csat",
  "nps",
  "thanks",
  "nudge",
  "silence",
]);

export function listAutomaticMessages(db: Knex): Promise<AutomaticMessage[]> {
  return rows(
    db,
    `select kind, enabled, text_es as "textEs", text_en as "textEn", options_es as "optionsEs", options_en as "optionsEn"
     from automatic_messages`,
  );
}

/** @throws Forbidden; Invalid when the Spanish text is missing, or one is too long. */
export async function saveAutomaticMessages(
  ctx: Context,
  messages: readonly Pick<AutomaticMessage, "kind" | "enabled" | "textEs" | "textEn">[],
): Promise<void> {
  if (!may(ctx.actor, "automation.manage")) throw new Forbidden();
  const clean = (text: string) => text.toWellFormed().replaceAll("\0", "").trim();
  for (const { kind, textEs, textEn } of messages) {
    if (clean(textEs) === "") throw new Invalid({ [`${kind}_es`]: "automation.text_missing" });
    for (const [language, text] of [
      ["es", textEs],
      ["en", textEn],
    ] as const) {
      const odd = [...text.matchAll(/\{(\w*)\}/g)].find(([, place]) => !places(kind).includes(place ?? ""));
      if (odd)
        throw new Invalid(
          { [`${kind}_${language}`]: "automation.place_unknown" },
          {
            place: odd[0],
            known: places(kind)
              .map((one) => `{${one}}`)
              .join(" "),
          },
        );
      if (clean(text).length > 1000) throw new Invalid({ [`${kind}_${language}`]: "automation.text_long" });
    }
  }
  await transact(ctx, async (tx) => {
    const changed: Changes = {};
    for (const { kind, enabled, textEs, textEn } of messages) {
      const changes = await watch(tx.db, "automatic_messages", { kind });
      await tx
        .db("automatic_messages")
        .where({ kind })
        .update({
          enabled: enabled || ledBySettings.has(kind),
          text_es: clean(textEs),
          text_en: clean(textEn),
        });
      for (const [field, change] of Object.entries(await changes())) changed[`${kind}.${field}`] = change;
    }
    tx.record({ type: "firm.changed" }, { act: "automatic_messages.changed", data: changed });
  });
}

/** Fills the places in braces; a place without a value goes, with the space or comma before it. Pure. */
export function fillPlaces(text: string, values: Record<string, string>): string {
  return text
    .replaceAll(/[ ,]*\{(\w+)\}/g, (whole, place: string) => {
      const value = values[place];
      if (value === undefined) return whole;
      return value === "" ? "" : whole.replace(`{${place}}`, value);
    })
    .trim();
}
