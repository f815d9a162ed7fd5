import { z } from "zod";
import { may } from "../../agents/policy.ts";
import { apiUrlOf } from "../../inboxes/api-url.ts";
import { recordInboxHealth } from "../../inboxes/health.ts";
import { type ConnectedInbox, findConnectedInbox } from "../../inboxes/queries.ts";
import type { Context } from "../../platform/context.ts";
import { row } from "../../platform/database.ts";
import { ChannelError, Forbidden, NotFound } from "../../platform/errors.ts";
import type { MessageKey, MessageValues } from "../../platform/message-key.ts";
import { graph, graphVersion } from "./graph.ts";

export interface CheckStep {
  ok: boolean;
  key: MessageKey;
  values: MessageValues;
}

const numberFields = z.looseObject({
  display_phone_number: z.string().optional(),
  quality_rating: z.string().optional(),
});

/** Asks Meta about a connection and says in words what is wrong and what is right; also subscribes the account. */
export async function checkInbox(ctx: Context, inboxId: number): Promise<CheckStep[]> {
  if (!may(ctx.actor, "inboxes.manage")) throw new Forbidden();
  const inbox = await findConnectedInbox(ctx.db, ctx.secrets, inboxId);
  if (!inbox) throw new NotFound();
  const steps = [...(await checkNumber(ctx, inbox)), await checkWebhook(ctx, inboxId)];
  return steps;
}

async function checkNumber(ctx: Context, inbox: ConnectedInbox): Promise<CheckStep[]> {
  const base = `${apiUrlOf(ctx.config, inbox)}/${graphVersion}`;
  try {
    const fields = "display_phone_number,verified_name,quality_rating";
    const url = `${base}/${encodeURIComponent(inbox.externalId)}?fields=${fields}`;
    const answer = numberFields.parse(await graph(url, inbox.secrets.accessToken, { method: "GET" }));
    const number = answer.display_phone_number ?? inbox.externalId;
    await recordInboxHealth(ctx, inbox.id, {
      healthy: true,
      ...(answer.display_phone_number ? { address: answer.display_phone_number } : {}),
    });
    const steps: CheckStep[] = [
      { ok: true, key: "check.token_ok", values: {} },
      { ok: true, key: "check.number_ok", values: { number } },
    ];
    if (answer.quality_rating) {
      const quality = answer.quality_rating;
      steps.push({ ok: quality !== "RED", key: "check.quality", values: { quality } });
    }
    return [...steps, await subscribe(ctx, inbox)];
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    const key = error.needsAuthorization
      ? "check.token_bad"
      : error.code === null
        ? "check.unreachable"
        : "check.number_bad";
    await recordInboxHealth(ctx, inbox.id, {
      error: error.message,
      authorizationLost: error.needsAuthorization,
    });
    return [{ ok: false, key, values: { words: error.message } }];
  }
}

/** Meta delivers nothing of an account to an app that has not subscribed to it ("subscribed_apps"). */
async function subscribe(ctx: Context, inbox: ConnectedInbox): Promise<CheckStep> {
  const account = await row<{ account_id: string }>(ctx.db, "select account_id from inboxes where id = ?", [
    inbox.id,
  ]);
  const url = `${apiUrlOf(ctx.config, inbox)}/${graphVersion}/${encodeURIComponent(account?.account_id ?? "")}/subscribed_apps`;
  try {
    await graph(url, inbox.secrets.accessToken, { method: "POST", json: {} });
    return { ok: true, key: "check.subscribed", values: {} };
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return { ok: false, key: "check.not_subscribed", values: { words: error.message } };
  }
}

async function checkWebhook(ctx: Context, inboxId: number): Promise<CheckStep> {
  const seen = await row(ctx.db, "select 1 from inboxes where id = ? and last_webhook_at is not null", [
    inboxId,
  ]);
  return seen
    ? { ok: true, key: "check.webhook_ok", values: {} }
    : { ok: false, key: "check.webhook_none", values: {} };
}
