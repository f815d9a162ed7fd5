import webpush from "web-push";
import type { Context } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { safeFetchOf } from "../platform/safe-fetch.ts";
import type { AlertMail } from "./mail-alerts.ts";

/** What a browser gives to be told: RFC 8030 and 8291. */
export interface Subscription {
  endpoint: string;
  p256dh: string;
  auth: string;
}

/** What the browser shows; `path` is where a click leads. */
export interface PushNotice {
  title: string;
  body: string;
  path: string;
}
export type ComposePush = (mail: AlertMail) => PushNotice;

/** The push services of browsers. Nothing else is asked, whatever a page sends: an address inside would be asked in our name. */
const services =
  /(^|\.)(fcm\.googleapis\.com|push\.services\.mozilla\.com|notify\.windows\.com|push\.apple\.com)$/;
const mostSubscriptions = 10;
const perSweep = 200;
const oldest = "10 minutes";
/** A push service keeps it so long for a browser that is closed. Seconds. */
const keptSeconds = 600;
const patienceMs = 10_000;

interface Keys {
  publicKey: string;
  privateKey: string;
}

/** The key pair by which push services know this Hilo; made when it is first needed. */
export async function getPushKeys(ctx: Pick<Context, "db" | "secrets">): Promise<Keys> {
  const made = webpush.generateVAPIDKeys();
  const kept = await row<{ public_key: string; private_key: string }>(
    ctx.db,
    `with made as (insert into push_keys (public_key, private_key) select :publicKey, :privateKey
       where not exists (select 1 from push_keys) on conflict do nothing returning public_key, private_key)
     select public_key, private_key from made union all select public_key, private_key from push_keys limit 1`,
    { publicKey: made.publicKey, privateKey: ctx.secrets.encrypt(made.privateKey) },
  );
  if (!kept) return getPushKeys(ctx);
  return { publicKey: kept.public_key, privateKey: ctx.secrets.decrypt(kept.private_key) };
}

/** @throws Forbidden; Invalid for an address that is no browser's push service. */
export async function subscribe(ctx: Context, { endpoint, p256dh, auth }: Subscription): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url?.protocol !== "https:" || url.port !== "" || !services.test(url.hostname))
    throw new Invalid({ endpoint: "push.service" });
  await ctx.db.raw(
    `insert into push_subscriptions (agent_id, endpoint, p256dh, auth) values (:id, :endpoint, :p256dh, :auth)
     on conflict (endpoint) do update set agent_id = excluded.agent_id, p256dh = excluded.p256dh, auth = excluded.auth`,
    { id: actor.id, endpoint, p256dh, auth },
  );
  await ctx.db.raw(
    `delete from push_subscriptions where agent_id = :id and id not in
       (select id from push_subscriptions where agent_id = :id order by id desc limit ${mostSubscriptions})`,
    { id: actor.id },
  );
}

export async function unsubscribe(ctx: Context, endpoint: string): Promise<void> {
  if (ctx.actor.kind !== "agent") throw new Forbidden();
  await ctx.db("push_subscriptions").where({ agent_id: ctx.actor.id, endpoint }).delete();
}

type Claimed = AlertMail["alerts"][number] & { agentId: number; locale: AlertMail["locale"] };

/**
 * Tells browsers of what their agents were alerted of and have not looked at. Claimed before it is sent, so it goes once or not at
 * all; a browser that is gone is forgotten.
 *
 * @param subject who answers for it to the push services: an address of the firm (RFC 8292).
 * @returns how many browsers were told.
 */
export async function pushAlerts(ctx: Context, compose: ComposePush, subject: string): Promise<number> {
  const claimed = await rows<Claimed>(
    ctx.db,
    `update alerts l set pushed_at = now() from agents a, conversations c, contacts p
     where l.id in (select id from alerts where pushed_at is null and seen_at is null and created_at > now() - interval '${oldest}'
         and agent_id in (select agent_id from push_subscriptions) order by id limit ${perSweep} for update skip locked)
       and a.id = l.agent_id and a.deactivated_at is null and c.id = l.conversation_id and p.id = c.contact_id
     returning l.agent_id as "agentId", a.locale, l.kind, p.name as "contactName", l.conversation_id as "conversationId"`,
  );
  if (claimed.length === 0) return 0;
  const keys = await getPushKeys(ctx);
  let told = 0;
  for (const agentId of new Set(claimed.map((one) => one.agentId))) {
    const alerts = claimed.filter((one) => one.agentId === agentId);
    const payload = JSON.stringify(compose({ to: "", locale: alerts[0]?.locale ?? "es", alerts }));
    const browsers = await rows<Subscription & { id: number }>(
      ctx.db,
      "select id, endpoint, p256dh, auth from push_subscriptions where agent_id = ?",
      [agentId],
    );
    const sent = await Promise.all(
      browsers.map((browser) => push(ctx, browser, payload, { ...keys, subject })),
    );
    told += sent.filter(Boolean).length;
  }
  return told;
}

async function push(
  ctx: Context,
  { id, endpoint, p256dh, auth }: Subscription & { id: number },
  payload: string,
  vapidDetails: Keys & { subject: string },
): Promise<boolean> {
  try {
    const request = webpush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
      vapidDetails,
      TTL: keptSeconds,
      urgency: "high",
    });
    const answer = await safeFetchOf(ctx.config)(request.endpoint, {
      method: "POST",
      headers: request.headers as Record<string, string>,
      body: new Uint8Array(request.body),
      signal: AbortSignal.timeout(patienceMs),
    });
    if (answer.status === 404 || answer.status === 410)
      await ctx.db("push_subscriptions").where({ id }).delete();
    return answer.ok;
  } catch (error) {
    ctx.logger.warn({ err: error, subscriptionId: id }, "a browser could not be told");
    return false;
  }
}
