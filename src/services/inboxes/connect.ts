import { may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { tokenHash } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { getInbox, type Inbox, type WhatsAppSecrets } from "./queries.ts";

export interface NewWhatsAppInbox {
  name: string;
  phoneNumberId: string;
  businessAccountId: string;
  accessToken: string;
  appSecret: string;
  verifyToken: string;
  /** The phone number as customers know it; asked from Meta by the test when unknown. */
  address?: string;
  /** Hilo itself plays the provider. */
  demo?: boolean;
}

/**
 * Connects a WhatsApp number. Without an app secret nothing could be verified, so there is no such inbox.
 *
 * @throws Forbidden; Invalid when the number is connected already.
 */
export function connectWhatsApp(ctx: Context, inbox: NewWhatsAppInbox): Promise<Inbox> {
  if (!may(ctx.actor, "inboxes.manage")) throw new Forbidden();
  const { accessToken, appSecret, verifyToken } = inbox;
  const secrets: WhatsAppSecrets = { accessToken, appSecret, verifyToken };
  return transact(ctx, async (tx) => {
    const inserted = await row<{ id: number }>(
      tx.db,
      `insert into inboxes (channel, name, external_id, account_id, address, secrets, app_secret_fingerprint, verify_token_hash, demo)
       values ('whatsapp', :name, :externalId, :accountId, :address, :secrets, :fingerprint, :verify, :demo)
       on conflict (channel, external_id) where deactivated_at is null do nothing returning id`,
      {
        name: inbox.name.trim(),
        externalId: inbox.phoneNumberId,
        accountId: inbox.businessAccountId,
        address: inbox.address ?? "",
        secrets: tx.secrets.encrypt(JSON.stringify(secrets)),
        fingerprint: tx.secrets.fingerprint(inbox.appSecret),
        verify: tokenHash(inbox.verifyToken),
        demo: inbox.demo ?? false,
      },
    );
    if (!inserted) throw new Invalid({ phone_number_id: "inboxes.number_taken" });
    tx.record(
      { type: "inbox.changed", inboxId: inserted.id },
      {
        act: "inbox.connected",
        inboxId: inserted.id,
        data: { channel: "whatsapp", externalId: inbox.phoneNumberId },
      },
    );
    return getInbox(tx, inserted.id);
  });
}

export interface InboxChange {
  name?: string;
  /** Replaces what is stored; absent or empty keeps it. */
  accessToken?: string;
  appSecret?: string;
  verifyToken?: string;
  teamId?: number | null;
  isolated?: boolean;
}

/** @throws Forbidden; NotFound; Invalid when an isolated inbox would have no team. */
export function updateInbox(ctx: Context, id: number, change: InboxChange): Promise<Inbox> {
  if (!may(ctx.actor, "inboxes.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const current = await row<{ secrets: string | null; team_id: number | null; isolated: boolean }>(
      tx.db,
      "select secrets, team_id, isolated from inboxes where id = ? for update",
      [id],
    );
    if (!current) throw new NotFound();
    const teamId = change.teamId === undefined ? current.team_id : change.teamId;
    const isolated = change.isolated ?? current.isolated;
    const hasIsolated = await row(tx.db, "select 1 from conversations where isolated_inbox_id = ? limit 1", [
      id,
    ]);
    if ((isolated || hasIsolated) && teamId === null)
      throw new Invalid({ team_id: "inboxes.isolated_needs_team" });
    const old = readSecrets(tx, current.secrets);
    const secrets: WhatsAppSecrets = {
      accessToken: change.accessToken || old.accessToken,
      appSecret: change.appSecret || old.appSecret,
      verifyToken: change.verifyToken || old.verifyToken,
    };
    const changes = await watch(tx.db, "inboxes", { id });
    await tx
      .db("inboxes")
      .where({ id })
      .update({
        ...(change.name ? { name: change.name.trim() } : {}),
        team_id: teamId,
        isolated,
        secrets: tx.secrets.encrypt(JSON.stringify(secrets)),
        app_secret_fingerprint: secrets.appSecret ? tx.secrets.fingerprint(secrets.appSecret) : null,
        ...(change.verifyToken ? { verify_token_hash: tokenHash(change.verifyToken) } : {}),
        ...(change.accessToken ? { authorization_lost_at: null, paused_until: null } : {}),
      });
    tx.record(
      { type: "inbox.changed", inboxId: id },
      {
        act: "inbox.changed",
        inboxId: id,
        data: {
          changes: await changes(),
          changed: Object.entries(change).flatMap(([name, value]) =>
            value === undefined || value === "" ? [] : [name],
          ),
        },
      },
    );
    return getInbox(tx, id);
  });
}

/** What was stored, or nothing when the installation's key is another one: then all of it is entered anew. */
function readSecrets(tx: Tx, sealed: string | null): WhatsAppSecrets {
  const none = { accessToken: "", appSecret: "", verifyToken: "" };
  if (!sealed) return none;
  try {
    return { ...none, ...(JSON.parse(tx.secrets.decrypt(sealed)) as WhatsAppSecrets) };
  } catch {
    return none;
  }
}

/** Stops receiving and sending; what was said stays. */
export function disconnectInbox(ctx: Context, id: number): Promise<void> {
  if (!may(ctx.actor, "inboxes.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const done = await row(
      tx.db,
      "update inboxes set deactivated_at = ?, secrets = null, app_secret_fingerprint = null, verify_token_hash = null where id = ? and deactivated_at is null returning id",
      [tx.now(), id],
    );
    if (!done) throw new NotFound();
    tx.record({ type: "inbox.changed", inboxId: id }, { act: "inbox.disconnected", inboxId: id });
  });
}
