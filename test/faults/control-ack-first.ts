import express from "express";
import pg from "pg";

/** A control that must fail: it answers 200 and stores afterwards. */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? "", max: 4 });
pool.on("error", () => {});
await pool.query("create table if not exists control_messages (id text primary key)").catch(() => {});
const app = express();
app.get("/readyz", (_req, res) => void res.send("ok"));
app.post("/webhooks/whatsapp", express.json({ limit: "4mb" }), (req, res) => {
  res.sendStatus(200);
  const id = req.body.entry[0].changes[0].value.messages?.[0]?.id;
  if (id)
    setTimeout(
      () =>
        void pool
          .query("insert into control_messages values ($1) on conflict do nothing", [id])
          .catch(() => {}),
      15,
    );
});
app.listen(Number(process.env.PORT), "127.0.0.1");
