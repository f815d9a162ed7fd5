import { setTimeout as sleep } from "node:timers/promises";
import { apiUrlOf } from "../inboxes/api-url.ts";
import { recordInboxHealth } from "../inboxes/health.ts";
import { type ConnectedInbox, findConnectedInbox } from "../inboxes/queries.ts";
import { applyEffects } from "../intake/effects.ts";
import { type Context, systemContext, type Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { ChannelError } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { type ClaimedMessage, claimMessages, listInboxesWithDueMessages } from "./claim-messages.ts";
import { type Accepted, adapterOf, type OutboundMessage } from "./index.ts";

/** Messages under way at once in one process. */
const mostInFlight = 16;

/** While something slow is under way, look this often for what else became due. */
const lookAgainMs = 250;

/** A message that could not be sent for this long fails, and a person decides. */
const longestTryingMs = 6 * 3600_000;

/**
 * Sends what is queued until nothing is due. Safe in any number of processes; a kill at any point leaves each
 * message `queued` (not sent), `sending` (becomes `unknown` when the lease ends) or settled.
 *
 * @returns how many messages were tried.
 */
export async function deliver(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  let tried = 0;
  for (;;) {
    const inboxes = await listInboxesWithDueMessages(system);
    const rounds = await Promise.all(inboxes.map((inboxId) => deliverInbox(system, inboxId)));
    const round = rounds.reduce((sum, n) => sum + n, 0);
    if (round === 0) return tried;
    tried += round;
  }
}

/** Keeps up to `mostInFlight` under way and claims more as they end: one slow send holds nobody else up. */
async function deliverInbox(ctx: Context, inboxId: number): Promise<number> {
  const inbox = await findConnectedInbox(ctx.db, ctx.secrets, inboxId);
  if (!inbox) return failUnsendable(ctx, inboxId);
  const underWay = new Set<Promise<void>>();
  let tried = 0;
  for (;;) {
    const free = mostInFlight - underWay.size;
    const claimed = free > 0 ? await claimMessages(ctx, inbox, free) : [];
    for (const message of claimed) {
      const sending: Promise<void> = sendOne(ctx, inbox, message).finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
    tried += claimed.length;
    if (underWay.size === 0) return tried;
    if (claimed.length === 0 || underWay.size === mostInFlight)
      await Promise.race([...underWay, sleep(lookAgainMs)]);
  }
}

/** The inbox was disconnected with messages waiting: say so on each of them. */
async function failUnsendable(ctx: Context, inboxId: number): Promise<number> {
  await transact(ctx, async (tx) => {
    const failed = await rows<{ id: number; conversation_id: number }>(
      tx.db,
      `update messages set delivery = 'failed', due_at = null, delivery_error = '{"code": 190, "title": "disconnected"}'
       where inbox_id = ? and delivery = 'queued' returning id, conversation_id`,
      [inboxId],
    );
    for (const { id, conversation_id } of failed) {
      tx.record({ type: "message.changed", conversationId: conversation_id, messageId: id });
    }
  });
  return 0;
}

async function sendOne(ctx: Context, inbox: ConnectedInbox, message: ClaimedMessage): Promise<void> {
  crashPoint(ctx, "after-claim");
  try {
    const accepted = await callProvider(ctx, inbox, message);
    crashPoint(ctx, "after-call");
    await recordSent(ctx, inbox, message, accepted);
  } catch (error) {
    if (!(error instanceof ChannelError)) {
      ctx.logger.error({ err: error, messageId: message.id }, "sending a message broke");
      return; // The lease ends and the message becomes unknown: we cannot say how far it got.
    }
    await recordRefused(ctx, inbox, message, error);
  }
}

async function callProvider(ctx: Context, inbox: ConnectedInbox, message: ClaimedMessage): Promise<Accepted> {
  const adapter = adapterOf(inbox.channel);
  const outbound: OutboundMessage = {
    ...message,
    media: message.media && {
      ...message.media,
      read: () => ctx.storage.blob(message.media?.storageKey ?? ""),
    },
  };
  try {
    return await adapter.send(apiUrlOf(ctx.config, inbox), inbox, outbound);
  } catch (error) {
    const { externalId, kind } = message.recipient;
    const refused = error instanceof ChannelError && error.outcome === "final" ? error : null;
    const alternate =
      refused && kind === "phone" ? adapter.alternateRecipient(externalId, refused.code) : null;
    if (!alternate) throw error;
    const accepted = await adapter
      .send(apiUrlOf(ctx.config, inbox), inbox, { ...outbound, recipient: { kind, externalId: alternate } })
      .catch((second: unknown) => {
        // A certain refusal of the second spelling tells nothing new: the first reason is the one to show.
        throw second instanceof ChannelError && second.outcome !== "unknown" ? error : second;
      });
    await ctx.db.raw("update contact_identities set send_alternate = ? where id = ?", [
      alternate,
      message.identityId,
    ]);
    return accepted;
  }
}

/** Also settles a message that became unknown or was queued again meanwhile: the provider's id is proof. */
async function recordSent(
  ctx: Context,
  inbox: ConnectedInbox,
  message: ClaimedMessage,
  accepted: Accepted,
): Promise<void> {
  crashPoint(ctx, "before-record");
  await transact(ctx, async (tx) => {
    await tx.db.raw(
      `update messages set external_id = coalesce(external_id, :externalId), lease_ends_at = null, due_at = null,
         delivery_error = case when delivery = 'failed' then delivery_error end,
         delivery = case when delivery in ('queued', 'sending', 'unknown') then 'sent' else delivery end
       where id = :id`,
      { id: message.id, externalId: accepted.externalId },
    );
    if (message.media && accepted.providerMediaId) {
      await tx.db.raw("update attachments set provider_media_id = ? where id = ?", [
        accepted.providerMediaId,
        message.media.attachmentId,
      ]);
    }
    await applyEffects(tx, [], [{ inboxId: inbox.id, externalId: accepted.externalId }]);
    tx.record({ type: "message.changed", conversationId: message.conversationId, messageId: message.id });
  });
}

/** Certain refusals are tried again later or fail; a lost answer is never tried again by itself. */
async function recordRefused(
  ctx: Context,
  inbox: ConnectedInbox,
  message: ClaimedMessage,
  error: ChannelError,
): Promise<void> {
  const tooOld = ctx.now().getTime() - message.createdAt.getTime() > longestTryingMs;
  const retry = error.outcome === "retry" && !tooOld;
  const waitSeconds = retry ? backoffSeconds(message.attempt, error) : null;
  const delivery = retry ? "queued" : error.outcome === "unknown" ? "unknown" : "failed";
  await transact(ctx, async (tx) => {
    const settled = await row(
      tx.db,
      `update messages set delivery = :delivery, lease_ends_at = null, delivery_error = :error::jsonb,
         due_at = now() + make_interval(secs => :wait::float8)
       where id = :id and delivery = 'sending' and attempts = :attempt returning id`,
      {
        id: message.id,
        attempt: message.attempt,
        delivery,
        wait: waitSeconds,
        error: json({ code: error.code ?? 0, title: error.message }),
      },
    );
    if (!settled) return;
    if (message.kind === "reaction" && delivery !== "queued") await takeReactionBack(tx, message);
    tx.record(
      { type: "message.changed", conversationId: message.conversationId, messageId: message.id },
      delivery === "queued"
        ? undefined
        : {
            act: delivery === "failed" ? "message.failed" : "message.delivery_unknown",
            conversationId: message.conversationId,
            messageId: message.id,
            inboxId: inbox.id,
            data: { code: error.code },
          },
    );
  });
  if (error.needsAuthorization) {
    await recordInboxHealth(ctx, inbox.id, { error: error.message, authorizationLost: true });
  } else if (error.throttlesInbox) {
    const pausedUntil = new Date(Date.now() + (waitSeconds ?? 30) * 1000);
    await recordInboxHealth(ctx, inbox.id, { error: error.message, pausedUntil });
  }
}

/** A reaction that did not arrive must not look as if it had. */
async function takeReactionBack(tx: Tx, message: ClaimedMessage): Promise<void> {
  const target = await row<{ reply_to_id: number }>(
    tx.db,
    `update message_reactions r set emoji = '' from messages m
     where m.id = ? and r.message_id = m.reply_to_id and r.author_kind = 'firm' and r.emoji = m.text returning m.reply_to_id`,
    [message.id],
  );
  if (!target) return;
  tx.record({
    type: "message.changed",
    conversationId: message.conversationId,
    messageId: target.reply_to_id,
  });
}

/** Doubles from 2 s to 10 min with jitter; what the provider asks for wins. For 131056 Meta asks for 4^attempt. */
export function backoffSeconds(attempt: number, error: ChannelError, random: number = Math.random()): number {
  if (error.retryAfterSeconds !== null) return error.retryAfterSeconds * (1 + random * 0.2);
  const base = error.code === 131056 ? 4 ** Math.min(attempt, 5) : 2 ** Math.min(attempt, 9);
  return Math.min(base, 600) * (0.5 + random);
}

/** Senders that died: we cannot know whether their message left, so a person or the provider's status decides. */
export async function expireLeases(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  return transact(system, async (tx) => {
    const expired = await rows<{ id: number; conversation_id: number }>(
      tx.db,
      `update messages set delivery = 'unknown', lease_ends_at = null
       where id in (select id from messages where delivery = 'sending' and lease_ends_at < now() order by id for update skip locked)
       returning id, conversation_id`,
    );
    for (const { id, conversation_id } of expired) {
      tx.record(
        { type: "message.changed", conversationId: conversation_id, messageId: id },
        { act: "message.delivery_unknown", conversationId: conversation_id, messageId: id },
      );
    }
    return expired.length;
  });
}

/** The fault tests kill the process exactly here, now and then; nothing else configures it. */
function crashPoint(ctx: Context, name: string): void {
  if (ctx.config.faultsCrashAt === name && Math.random() < 0.02) process.kill(process.pid, "SIGKILL");
}
