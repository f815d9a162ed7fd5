import { json, row } from "../../../src/services/platform/database.ts";
import type { Cast } from "../../support/cast.ts";

/** A year of made-up conversations, written as rows: odd ones too. */
export async function invent(cast: Cast, seed: number, zone: string): Promise<void> {
  const { db } = cast.platform;
  let state = seed * 7919;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const day = [[540, 1080]];
  await db.raw("update business_hours set time_zone = ?, week = ?", [
    zone,
    json([
      day,
      day,
      day,
      [
        [540, 840],
        [960, 1230],
      ],
      [[1200, 1470]],
      [],
      [[0, 1440]],
    ]),
  ]);
  const night = await row<{ id: number }>(
    db,
    "insert into business_hours (name, time_zone, week) values ('Otro', 'America/Bogota', ?) returning id",
    [json([[[0, 1440]], [[480, 720]], [], [], day, day, []])],
  );
  const main = await row<{ id: number }>(db, "select business_hours_id as id from firm");
  for (const on of ["2026-03-19", "2026-05-01", "2026-12-25"])
    await db.raw("insert into holidays (business_hours_id, on_date, name, spans) values (?, ?, 'F', ?)", [
      main?.id ?? 0,
      on,
      json(on === "2026-05-01" ? [[600, 720]] : []),
    ]);
  const topics: (number | null)[] = [null];
  for (const name of ["Uno", "Dos"])
    topics.push(
      (await row<{ id: number }>(db, "insert into topics (name) values (?) returning id", [name]))?.id ??
        null,
    );
  const policy = await row<{ id: number }>(db, "select id from sla_policies where is_default");
  const agents = [cast.ids.ana, cast.ids.bruno, cast.ids.carmen];
  const theirs = [
    "Hola",
    "gracias",
    "Ok, perfecto",
    "ya les dije mi número",
    "¿Y mi pedido?",
    "Gracias, pero no llegó",
    "como ya te expliqué",
  ];
  const ours = [
    "Claro",
    "¿Me da su nombre?",
    "¿Cuál es su número de pedido?",
    "Mándeme su correo",
    "¿Su correo, por favor?",
    "Listo",
  ];
  const from = Date.parse("2026-01-02T08:00:00Z");
  for (let c = 0; c < 25; c += 1) {
    const contact = await row<{ id: number }>(
      db,
      "insert into contacts (name, first_seen_at) values (?, now()) returning id",
      [`C${c}`],
    );
    let at = from + random() * 320 * 86_400_000;
    for (let n = 0; n < 1 + random() * 6; n += 1) {
      const opened = Math.round(at);
      const conversation = await row<{ id: number }>(
        db,
        "insert into conversations (contact_id, status, opened_at, last_activity_at, resolved_at, topic_id) values (?, 'resolved', ?, now(), now(), ?) returning id",
        [contact?.id ?? 0, new Date(opened), pick(topics)],
      );
      const id = conversation?.id ?? 0;
      const say = (author: string, text: string, content = {}, more: Record<string, unknown> = {}) =>
        db("messages").insert({
          conversation_id: id,
          contact_id: contact?.id,
          inbox_id: cast.inbox.id,
          direction: author === "contact" ? "inbound" : "outbound",
          kind: "text",
          text,
          content: json(content),
          author_kind: author,
          author_agent_id: author === "agent" ? pick(agents) : null,
          delivery: author === "contact" ? null : "read",
          sent_at: new Date(Math.round(at)),
          ...more,
        });
      const act = (name: string, data = {}) =>
        db("audit_events").insert({
          actor_kind: "system",
          source: "web",
          act: `conversation.${name}`,
          conversation_id: id,
          data: json(data),
          created_at: new Date(Math.round(at)),
        });
      const steps = random() * 14;
      let resolvedAt: number | null = null;
      for (let step = 0; step < steps; step += 1) {
        at += random() < 0.1 ? random() * 3 * 86_400_000 : random() * 3_000_000;
        const dice = random();
        if (step === 0 || dice < 0.4) await say("contact", pick(theirs), dice > 0.38 ? { quiet: true } : {});
        else if (dice < 0.72)
          await say(
            dice < 0.68 ? "agent" : "phone",
            pick(ours),
            {},
            dice > 0.66 && dice < 0.68 ? { delivery: "failed" } : {},
          );
        else if (dice < 0.78) await say("bot", "Ahora te atendemos");
        else if (dice < 0.82) await say("contact", "antes", { history: true });
        else if (dice < 0.86) await say("contact", "👍", {}, { kind: "reaction" });
        else if (dice < 0.9)
          await db("assignments").insert({
            conversation_id: id,
            assignee_id: pick([...agents, null]),
            reason: "by_hand",
          });
        else if (dice < 0.96) {
          await act("resolved");
          at += random() * 3_000_000;
          await act(
            "reopened",
            pick([{}, { from: "resolved" }, { reason: "contact_wrote" }, { from: "pending" }]),
          );
        }
      }
      if (random() < 0.85) {
        at += random() * 20_000_000;
        await act("resolved");
        resolvedAt = Math.round(at);
      }
      await db("conversations")
        .where({ id })
        .update({
          outcome: pick([null, null, "won", "lost"]),
          resolved_by_id: pick([...agents, null]),
          resolved_at: new Date(resolvedAt ?? Math.round(at)),
        });
      for (const target of ["first_response", "next_response", "next_response", "resolution"])
        if (random() < 0.6)
          await db("sla_clocks").insert({
            conversation_id: id,
            target,
            policy_id: policy?.id,
            business_hours_id: pick([main?.id, main?.id, night?.id]),
            calendar_version: 1,
            in_business_time: true,
            target_seconds: random() < 0.8 ? 300 : null,
            started_at: new Date(
              target === "next_response" ? Math.round(opened + random() * (at - opened)) : opened,
            ),
            ended_at: new Date(Math.round(at)),
            met_at: random() < 0.7 ? new Date(opened + 1000) : null,
            breached_at: random() < 0.3 ? new Date(opened + 500) : null,
          });
      if (random() < 0.4)
        await db("surveys").insert({
          conversation_id: id,
          contact_id: contact?.id,
          kind: pick(["csat", "nps"]),
          score: 1 + Math.floor(random() * 5),
          answered_at: new Date(),
        });
      at += random() < 0.5 ? random() * 6 * 86_400_000 : random() * 30 * 86_400_000;
    }
  }
}
