import type { Knex } from "knex";
import { may } from "../agents/policy.ts";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import type { Secrets } from "../platform/secrets.ts";

export type InboxState = "working" | "waiting" | "broken" | "unauthorized" | "paused" | "deactivated";

/** An inbox as people see it: never with its secrets. */
export interface Inbox {
  id: number;
  channel: "whatsapp";
  name: string;
  /** How providers name it: WhatsApp's phone_number_id. */
  externalId: string;
  accountId: string;
  /** How customers know it: the phone number, when known. */
  address: string;
  teamId: number | null;
  teamName: string | null;
  isolated: boolean;
  state: InboxState;
  lastWebhookAt: Date | null;
  lastError: string | null;
  lastErrorAt: Date | null;
  createdAt: Date;
}

/** Meta's secrets of one inbox, in clear. Never logged, never rendered. */
export interface WhatsAppSecrets {
  accessToken: string;
  appSecret: string;
  verifyToken: string;
}

/** An inbox with what sending needs. */
export interface ConnectedInbox {
  id: number;
  channel: "whatsapp";
  externalId: string;
  address: string;
  secrets: WhatsAppSecrets;
  /** Its provider is Hilo itself. */
  demo: boolean;
}

const columns = `
  i.id, i.channel, i.name, i.external_id, i.account_id, i.address, i.team_id, t.name as team_name, i.isolated,
  i.last_webhook_at, i.last_error, i.last_error_at, i.created_at, i.deactivated_at, i.authorization_lost_at,
  i.paused_until > now() as paused, i.secrets is null or i.app_secret_fingerprint is null as broken`;

interface InboxRow {
  id: number;
  channel: "whatsapp";
  name: string;
  external_id: string;
  account_id: string;
  address: string;
  team_id: number | null;
  team_name: string | null;
  isolated: boolean;
  last_webhook_at: Date | null;
  last_error: string | null;
  last_error_at: Date | null;
  created_at: Date;
  deactivated_at: Date | null;
  authorization_lost_at: Date | null;
  paused: boolean | null;
  broken: boolean;
}

export async function listInboxes(ctx: Reader): Promise<Inbox[]> {
  if (ctx.actor.kind === "anonymous") return [];
  const found = await rows<InboxRow>(
    ctx.db,
    `select ${columns} from inboxes i left join teams t on t.id = i.team_id order by i.deactivated_at is not null, i.id`,
  );
  return found.map(toInbox);
}

export async function getInbox(ctx: Reader, id: number): Promise<Inbox> {
  const found =
    ctx.actor.kind === "anonymous"
      ? null
      : await row<InboxRow>(
          ctx.db,
          `select ${columns} from inboxes i left join teams t on t.id = i.team_id where i.id = ?`,
          [id],
        );
  if (!found) throw new NotFound();
  return toInbox(found);
}

function toInbox(found: InboxRow): Inbox {
  return {
    id: found.id,
    channel: found.channel,
    name: found.name,
    externalId: found.external_id,
    accountId: found.account_id,
    address: found.address,
    teamId: found.team_id,
    teamName: found.team_name,
    isolated: found.isolated,
    state: inboxState(found),
    lastWebhookAt: found.last_webhook_at,
    lastError: found.last_error,
    lastErrorAt: found.last_error_at,
    createdAt: found.created_at,
  };
}

function inboxState(found: InboxRow): InboxState {
  if (found.deactivated_at) return "deactivated";
  if (found.broken) return "broken";
  if (found.authorization_lost_at) return "unauthorized";
  if (found.paused) return "paused";
  return found.last_webhook_at ? "working" : "waiting";
}

/** Null when they were sealed with another key: one unreadable inbox must not stop the others. */
function openSecretsOf(secrets: Secrets, sealed: string): WhatsAppSecrets | null {
  try {
    return JSON.parse(secrets.decrypt(sealed)) as WhatsAppSecrets;
  } catch {
    return null;
  }
}

/** What sending and fetching need; null when the inbox is gone or its secrets cannot be read. */
export async function findConnectedInbox(
  db: Knex,
  secrets: Secrets,
  id: number,
): Promise<ConnectedInbox | null> {
  const found = await row<{
    id: number;
    channel: "whatsapp";
    external_id: string;
    address: string;
    secrets: string | null;
    demo: boolean;
  }>(
    db,
    "select id, channel, external_id, address, secrets, demo from inboxes where id = ? and deactivated_at is null",
    [id],
  );
  const opened = found?.secrets ? openSecretsOf(secrets, found.secrets) : null;
  if (!found || !opened) return null;
  return {
    id: found.id,
    channel: found.channel,
    externalId: found.external_id,
    address: found.address,
    secrets: opened,
    demo: found.demo,
  };
}

/** The inbox that the simulated phone writes to, or null. */
export async function findDemoInbox(db: Knex, secrets: Secrets): Promise<ConnectedInbox | null> {
  const found = await row<{ id: number }>(db, "select id from inboxes where demo and deactivated_at is null");
  return found && findConnectedInbox(db, secrets, found.id);
}

/** The token that an administrator copies into Meta's form; null when it cannot be read. */
export async function findVerifyToken(ctx: Reader, secrets: Secrets, id: number): Promise<string | null> {
  if (!may(ctx.actor, "inboxes.manage")) return null;
  const inbox = await findConnectedInbox(ctx.db, secrets, id);
  return inbox?.secrets.verifyToken || null;
}

/** Every app secret that may sign a delivery, once each. */
export async function listAppSecrets(
  db: Knex,
  secrets: Secrets,
): Promise<{ fingerprint: string; appSecret: string }[]> {
  const found = await rows<{ app_secret_fingerprint: string; secrets: string }>(
    db,
    `select app_secret_fingerprint, secrets from inboxes
     where secrets is not null and app_secret_fingerprint is not null and deactivated_at is null
     order by id`,
  );
  return found.flatMap((inbox) => {
    const opened = openSecretsOf(secrets, inbox.secrets);
    return opened ? [{ fingerprint: inbox.app_secret_fingerprint, appSecret: opened.appSecret }] : [];
  });
}

/** True when an active WhatsApp inbox chose this token for Meta's handshake. */
export async function isVerifyToken(db: Knex, hash: string): Promise<boolean> {
  return (
    (await row(db, "select 1 from inboxes where verify_token_hash = ? and deactivated_at is null limit 1", [
      hash,
    ])) !== null
  );
}
