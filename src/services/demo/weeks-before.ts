import { listTopics } from "../cases/topics.ts";
import { classify } from "../conversations/classify.ts";
import { resolve } from "../conversations/status.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { json } from "../platform/database.ts";
import { keepFacts } from "../reports/keep-facts.ts";
import { listCriteria } from "../reviews/criteria.ts";
import { addReview, finishReview } from "../reviews/reviews.ts";
import { as, conversationOf, play, type Step } from "./play.ts";
import type { AgentKey } from "./week.ts";

/** One small conversation of the weeks before: what reports have to show. Minutes after it began. */
interface Earlier {
  who: string;
  name: string;
  /** How many days ago, and at which time of the firm's day. */
  daysAgo: number;
  minuteOfDay: number;
  topic: string | null;
  lines: { after: number; text: string; by?: AgentKey }[];
  resolvedAfter: number;
  resolvedBy: AgentKey;
  outcome: "won" | "lost" | null;
  score: number | null;
  comment: string;
}

const names = [
  "Andrea Solís",
  "Beto Garza",
  "Claudia Rangel",
  "Daniela Ortiz",
  "Ernesto Luna",
  "Fabiola Neri",
  "Gerardo Pineda",
  "Hilda Campos",
  "Iván Robles",
  "Julieta Mora",
  "Kevin Salazar",
  "Lorena Aguilar",
  "Mauricio Téllez",
  "Norma Ibarra",
  "Óscar Villa",
  "Patricia Duarte",
  "Raúl Esquivel",
  "Silvia Cano",
  "Tomás Barrera",
  "Verónica Paz",
];

/** Of each reason: what they ask, what is answered, what they say then, the last word. */
const reasons: { topic: string | null; asks: string; answer: string; adds: string; last: string }[] = [
  {
    topic: "Entrega",
    asks: "Hola, ¿ya salió mi pedido?",
    answer: "Sí, va en camino: llega mañana entre 10 y 14 h.",
    adds: "¿Me pueden mandar la guía?",
    last: "Claro, te la mando por aquí.",
  },
  {
    topic: "Facturación",
    asks: "Buenas, necesito factura de mi compra",
    answer: "Con gusto. ¿Me das tu RFC y un correo?",
    adds: "Es para la empresa, va en el archivo de la otra vez",
    last: "Listo, la factura salió a tu correo.",
  },
  {
    topic: "Cotización",
    asks: "¿Cuánto cuesta el sillón gris con envío?",
    answer: "Son $9,160 con envío incluido en la ciudad.",
    adds: "¿Y a meses?",
    last: "Sí, a tres, seis o nueve meses sin intereses.",
  },
  {
    topic: "Producto defectuoso",
    asks: "La silla llegó con una pata floja",
    answer: "Qué pena. ¿Me mandas una foto, por favor?",
    adds: "Ya les mandé la foto ayer por correo",
    last: "La encontré, gracias. Mañana pasa el técnico.",
  },
  {
    topic: null,
    asks: "¿Abren los domingos?",
    answer: "Sí, de 11 a 18 h.",
    adds: "Perfecto, ¿hay estacionamiento?",
    last: "Sí, y es gratis con tu compra.",
  },
];
const praise = ["", "Muy amables", "", "Rápido y claro"];
const complaints = ["Tardaron un poco", "Tuve que explicar lo mismo dos veces", ""];
/** Conversations of each day from Monday on. */
const busy = [4, 3, 2, 3, 3, 2, 1];

/** Pure, and the same every time: four weeks of a shop, up to a week ago. @param today day of the week, Monday is 1. */
function weeksBefore(today: number): Earlier[] {
  let state = 20_260;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const found: Earlier[] = [];
  for (let daysAgo = 35; daysAgo > 7; daysAgo -= 1) {
    const weekday = (((today - 1 - daysAgo) % 7) + 7) % 7;
    for (let n = busy[weekday] ?? 0; n > 0; n -= 1) {
      // In turn, so that nobody writes about two things at once.
      const person = (found.length * 7) % names.length;
      const reason = reasons[random(reasons.length)] ?? reasons[0];
      if (!reason) continue;
      const [by, other]: AgentKey[] = random(5) < 3 ? ["ana", "bruno"] : ["bruno", "ana"];
      const wait = random(8) === 0 ? 45 + random(90) : 1 + random(9);
      const goesOn = random(3) > 0;
      const again = wait + 3 + random(6);
      const lastAt = again + 1 + random(12);
      const isRated = random(5) < 2;
      const score = Math.max(2, 5 - Math.floor(random(12) / 4)) - (wait > 40 ? 1 : 0);
      const words = score < 4 ? complaints : praise;
      found.push({
        who: `52155700010${String(person).padStart(2, "0")}`,
        name: names[person] ?? "",
        daysAgo,
        minuteOfDay: 9 * 60 + random(9 * 60),
        topic: reason.topic,
        lines: [
          { after: 0, text: reason.asks },
          { after: wait, text: reason.answer, by: by ?? "ana" },
          ...(goesOn
            ? [
                { after: again, text: reason.adds },
                { after: lastAt, text: reason.last, by: (random(6) === 0 ? other : by) ?? "ana" },
              ]
            : []),
        ],
        resolvedAfter: (goesOn ? lastAt : wait) + 2 + random(20),
        resolvedBy: by ?? "ana",
        outcome: reason.topic === "Cotización" ? (random(3) === 0 ? "lost" : "won") : null,
        score: isRated ? score : null,
        comment: isRated ? (words[random(words.length)] ?? "") : "",
      });
    }
  }
  return found;
}

/** A conversation of theirs, and how it went. */
interface Played {
  conversationId: number;
  /** Until the first answer. */
  waited: number;
  agentId: number;
  score: number | null;
  comment: string;
  scoredAt: Date;
}

/** Four weeks that ended well, done by people at the times of a shop's day. @returns what is left to settle. */
export async function playWeeksBefore(
  ctx: Context,
  scene: Pick<Step, "inboxId" | "agentIds"> & { timeZone: string },
): Promise<Played[]> {
  const today = Temporal.Instant.fromEpochMilliseconds(ctx.now().getTime())
    .toZonedDateTimeISO(scene.timeZone)
    .startOfDay();
  const played: Played[] = [];
  // Beyond the numbers of the week's own messages.
  let position = 10_000;
  const topics = await listTopics(ctx);
  for (const one of weeksBefore(today.dayOfWeek)) {
    const began = today.subtract({ days: one.daysAgo }).add({ minutes: one.minuteOfDay }).epochMilliseconds;
    const at = (after: number) => systemContext(ctx, () => new Date(began + after * 60_000));
    for (const { after, text, by } of one.lines) {
      const line = by ? { ago: 0, text, by } : { ago: 0, text };
      await play(at(after), { who: one.who, name: one.name, line, position, ...scene });
      position += 1;
    }
    const agent = await as(at(one.resolvedAfter), scene, one.resolvedBy);
    const conversationId = await conversationOf(agent, one.who);
    const topicId = topics.find(({ name }) => name === one.topic)?.id ?? null;
    await classify(agent, conversationId, { topicId, outcome: one.outcome });
    await resolve(agent, conversationId);
    played.push({
      conversationId,
      waited: one.lines.find(({ by }) => by)?.after ?? 0,
      agentId: scene.agentIds.get(one.resolvedBy) ?? 0,
      score: one.score,
      comment: one.comment,
      scoredAt: new Date(began + (one.resolvedAfter + 15) * 60_000),
    });
  }
  return played;
}

/** What counts by the database's clock cannot be played: whether the promise of the first answer was kept, and what people said. */
export async function settleWeeksBefore(ctx: Context, played: readonly Played[]): Promise<void> {
  const rows = json(played);
  await ctx.db.raw(
    `insert into sla_clocks (conversation_id, target, policy_id, business_hours_id, calendar_version, in_business_time, target_seconds,
       started_at, ended_at, met_at, breached_at)
     select c.id, 'first_response', p.id, f.business_hours_id, h.version, true, 1800, c.opened_at, c.first_response_at, c.first_response_at,
       case when r.waited > 30 then c.opened_at + interval '30 minutes' end
     from jsonb_to_recordset(:rows::jsonb) as r("conversationId" bigint, waited int) join conversations c on c.id = r."conversationId"
       cross join firm f join business_hours h on h.id = f.business_hours_id join sla_policies p on p.is_default`,
    { rows },
  );
  await ctx.db.raw(
    `insert into surveys (conversation_id, contact_id, agent_id, kind, sent_at, score, answered_at, comment)
     select c.id, c.contact_id, r."agentId", 'csat', c.resolved_at, r.score, r."scoredAt", r.comment
     from jsonb_to_recordset(:rows::jsonb) as r("conversationId" bigint, "agentId" bigint, score int, "scoredAt" timestamptz, comment text)
       join conversations c on c.id = r."conversationId" where r.score is not null`,
    { rows },
  );
  await ctx.db.raw("insert into fact_marks select conversation_id from sla_clocks");
  await keepFacts(ctx);
}

/** A supervisor looked at some of it. */
export async function reviewWeeksBefore(
  ctx: Context,
  played: readonly Played[],
  scene: Pick<Step, "agentIds">,
) {
  const criteria = await listCriteria(ctx);
  for (const [n, { conversationId, waited, scoredAt }] of played.filter((_, n) => n % 8 === 3).entries()) {
    const supervisor = await as(
      systemContext(ctx, () => new Date(scoredAt.getTime() + 86_400_000)),
      scene,
      "carmen",
    );
    const review = await addReview(supervisor, conversationId);
    const isLate = waited > 30;
    await finishReview(supervisor, review, {
      scores: Object.fromEntries(
        criteria.map(({ id }, i) => [id, isLate && i === 0 ? 2 : 5 - ((n * (i + 1)) % 3)]),
      ),
      comment: isLate ? "La primera respuesta tardó: avisa cuando no puedas contestar." : "",
      needsCoaching: isLate,
    });
  }
}
