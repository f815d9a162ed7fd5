import express from "express";
import pg from "pg";

/** What anybody would write first: parse, `BEGIN; upsert contact; insert message; COMMIT`, answer. */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? "", max: 16 });
pool.on("error", () => {});
await pool.query(`create table if not exists bare_contacts (id bigint generated always as identity primary key, wa_id text unique, name text);
  create table if not exists bare_messages (id bigint generated always as identity primary key, contact_id bigint references bare_contacts, external_id text unique, text text, sent_at timestamptz, created_at timestamptz default now())`);
const app = express();
app.get("/", (_req, res) => void res.send("ok"));
app.post("/webhooks/whatsapp", express.json({ limit: "4mb" }), async (req, res) => {
  const value = req.body.entry[0].changes[0].value;
  const [message] = value.messages;
  const client = await pool.connect();
  try {
    await client.query("begin");
    const contact = await client.query(
      "insert into bare_contacts (wa_id, name) values ($1, $2) on conflict (wa_id) do update set name = excluded.name returning id",
      [message.from, value.contacts[0].profile.name],
    );
    await client.query(
      "insert into bare_messages (contact_id, external_id, text, sent_at) values ($1, $2, $3, to_timestamp($4)) on conflict (external_id) do nothing",
      [contact.rows[0].id, message.id, message.text.body, message.timestamp],
    );
    await client.query("commit");
    res.sendStatus(200);
  } catch {
    await client.query("rollback");
    res.sendStatus(503);
  } finally {
    client.release();
  }
});
app.listen(Number(process.env.PORT), "127.0.0.1");
