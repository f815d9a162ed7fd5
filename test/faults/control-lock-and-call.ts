import { createServer } from "node:http";
import pg from "pg";

/** A control that must fail: it holds a row's lock, calls the provider and then marks the row sent. */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? "", max: 4 });
pool.on("error", () => {});
createServer((_req, res) => res.end("ok")).listen(Number(process.env.PORT), "127.0.0.1");
for (;;) {
  try {
    const client = await pool.connect();
    try {
      await client.query("begin");
      const found = await client.query(
        "select id from control_outbox where not sent order by id limit 1 for update skip locked",
      );
      const id = found.rows[0]?.id;
      if (id !== undefined) {
        await fetch(`${process.env.WHATSAPP_API_URL}/v1/p/messages`, {
          method: "POST",
          body: JSON.stringify({ biz_opaque_callback_data: `c${id}` }),
        }).then(async (answer) => {
          await answer.text();
          if (!answer.ok) throw new Error("refused");
        });
        await client.query("update control_outbox set sent = true where id = $1", [id]);
      }
      await client.query("commit");
      if (id === undefined) await new Promise((done) => setTimeout(done, 50));
    } catch {
      await client.query("rollback").catch(() => {});
    } finally {
      client.release();
    }
  } catch {
    await new Promise((done) => setTimeout(done, 100));
  }
}
