import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import type { WhatsAppSecrets } from "./queries.ts";

/** Every column that is encrypted with the installation's key. */
const sealed = [
  ["inboxes", "secrets"],
  ["agents", "totp_secret"],
  ["agents", "totp_pending"],
  ["agent_links", "sealed_token"],
  ["push_keys", "private_key"],
  ["single_sign_on", "client_secret"],
] as const;

/**
 * Encrypts everything again with the newest of the keys. One transaction: killed in the middle, nothing has changed, and the
 * same again begins anew. @returns how many values.
 */
export function rotateSecrets(ctx: Context): Promise<number> {
  return transact(ctx, async (tx) => {
    let n = 0;
    for (const [table, column] of sealed) {
      const found = await rows<{ id: string; text: string }>(
        tx.db,
        `select id::text as id, ${column} as text from ${table} where ${column} is not null for update`,
      );
      for (const { id, text } of found) {
        const plain = tx.secrets.decrypt(text);
        await tx.db.raw(`update ${table} set ${column} = ? where id::text = ?`, [
          tx.secrets.encrypt(plain),
          id,
        ]);
        if (table === "inboxes") await printAnew(tx, Number(id), plain);
        n += 1;
      }
    }
    tx.record(null, { act: "secrets.rotated", data: { n } });
    return n;
  });
}

/** By the fingerprint a delivery finds its inbox; those that wait keep finding it. */
async function printAnew(tx: Tx, id: number, plain: string): Promise<void> {
  const { appSecret } = JSON.parse(plain) as WhatsAppSecrets;
  if (!appSecret) return;
  const print = tx.secrets.fingerprint(appSecret);
  await tx.db.raw(
    `with old as (select app_secret_fingerprint as print from inboxes where id = :id),
       moved as (update inbound_events e set secret_fingerprint = :print from old where e.secret_fingerprint = old.print)
     update inboxes set app_secret_fingerprint = :print where id = :id`,
    { id, print },
  );
}

/** Whether a server has its door open to this database now. */
export async function isServing(ctx: Pick<Context, "db">): Promise<boolean> {
  const found = await row(
    ctx.db,
    "select 1 from pg_stat_activity where datname = current_database() and application_name = 'hilo-door' limit 1",
  );
  return found !== null;
}
