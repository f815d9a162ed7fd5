import { timingSafeEqual } from "node:crypto";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { randomToken, tokenHash } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { hashNewPassword, insertAgent } from "./agent.ts";
import { checkPassword, hashPassword } from "./password.ts";
import { countAgents, type Locale } from "./queries.ts";

/**
 * A fresh one-time link while there is no agent; the links before it stop working. Null once there is one.
 */
export async function openSetUp(ctx: Context): Promise<string | null> {
  if ((await countAgents(ctx.db)) > 0) return null;
  const token = randomToken();
  await ctx.db("firm").update({ set_up_token_hash: tokenHash(token) });
  return token;
}

/** @throws NotFound when the link is not the newest one or set-up is over: after it, the page does not exist. */
export async function checkSetUpToken(ctx: Pick<Context, "db">, token: string): Promise<void> {
  const firm = await row<{ set_up_token_hash: string | null; agents: number }>(
    ctx.db,
    "select set_up_token_hash, (select count(*)::int from agents) as agents from firm",
  );
  const expected = Buffer.from(firm?.set_up_token_hash ?? "");
  const given = Buffer.from(tokenHash(token));
  if (!firm || firm.agents > 0 || expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw new NotFound();
  }
}

export interface SetUp {
  firmName: string;
  locale: Locale;
  timeZone: string;
  /** Whoever writes while the firm is closed is told at once when it opens. */
  answersAtNight: boolean;
  country: string;
  name: string;
  email: string;
  password: string;
}

/** Makes the first admin and names the firm, once: two people with the link do not both succeed. */
export async function completeSetUp(ctx: Context, token: string, setUp: SetUp): Promise<number> {
  await checkSetUpToken(ctx, token);
  await checkPassword(setUp.password, [setUp.name, setUp.email, setUp.firmName]);
  const hash = await hashPassword(setUp.password);
  return transact(ctx, async (tx) => {
    const taken = await row(
      tx.db,
      `update firm set name = :firmName, locale = :locale, time_zone = :timeZone, country = :country,
         set_up_at = :now, set_up_token_hash = null where set_up_token_hash = :hash returning id`,
      { ...setUp, now: tx.now(), hash: tokenHash(token) },
    );
    if (!taken) throw new NotFound();
    await tx.db.raw("update business_hours set time_zone = ?", [setUp.timeZone]);
    await tx
      .db("automatic_messages")
      .where({ kind: "out_of_hours" })
      .update({ enabled: setUp.answersAtNight });
    const id = await insertAgent(tx, { ...setUp, role: "admin" }, hash);
    tx.record({ type: "agent.changed", agentId: id }, { act: "firm.set_up", agentId: id });
    return id;
  });
}

/** The first admin from the environment, for people who start Hilo from a script. Does nothing later. */
export async function ensureAdmin(ctx: Context, admin: { email: string; password: string }): Promise<void> {
  if ((await countAgents(ctx.db)) > 0) return;
  const hash = await hashNewPassword(admin.password);
  await transact(ctx, async (tx) => {
    await tx.db.raw("select id from firm for update");
    if ((await countAgents(tx.db)) > 0) return;
    const name = admin.email.split("@")[0] ?? "admin";
    const id = await insertAgent(tx, { email: admin.email, name, role: "admin" }, hash);
    await tx.db.raw("update firm set set_up_at = ?, set_up_token_hash = null", [tx.now()]);
    tx.record({ type: "agent.changed", agentId: id }, { act: "firm.set_up", agentId: id });
  });
}
