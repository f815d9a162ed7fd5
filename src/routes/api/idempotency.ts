import { createHash } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import { row } from "../../services/platform/database.ts";
import { Conflict, Invalid } from "../../services/platform/errors.ts";

/** A request whose process died before it answered may be done again after this long. */
const takeoverSeconds = 60;

/**
 * `Idempotency-Key`: the same key gives the same answer. The answer is kept for two days; while the first request
 * is under way a second one is told so.
 */
export async function idempotency(req: Request, res: Response, next: NextFunction): Promise<void> {
  const key = req.get("idempotency-key");
  const { actor, db } = req.ctx;
  if (req.method !== "POST" || key === undefined || actor.kind !== "agent") return next();
  if (key === "" || key.length > 200) throw new Invalid({ "Idempotency-Key": "error.field" });
  const hash = createHash("sha256")
    .update(`${req.originalUrl}\n${JSON.stringify(req.body ?? null)}`)
    .digest("hex");
  const claimed = await row<{ mine: boolean }>(
    db,
    `insert into idempotency_keys as k (agent_id, key, request_hash) values (:agentId, :key, :hash)
     on conflict (agent_id, key) do update set created_at = now()
       where k.status is null and k.request_hash = excluded.request_hash and k.created_at < now() - make_interval(secs => ${takeoverSeconds})
     returning true as mine`,
    { agentId: actor.id, key, hash },
  );
  if (!claimed) return replay(req, res, actor.id, key, hash);
  keepAnswer(req, res, actor.id, key);
  next();
}

async function replay(
  req: Request,
  res: Response,
  agentId: number,
  key: string,
  hash: string,
): Promise<void> {
  const stored = await row<{ request_hash: string; status: number | null; answer: unknown }>(
    req.ctx.db,
    "select request_hash, status, answer from idempotency_keys where agent_id = ? and key = ?",
    [agentId, key],
  );
  if (stored && stored.request_hash !== hash) throw new Conflict("error.idempotency");
  if (!stored || stored.status === null) throw new Conflict("error.in_progress");
  res.status(stored.status).set("Idempotent-Replayed", "true").json(stored.answer);
}

/** Keeps what succeeded; a refusal or a failure of ours may be tried again under the same key. */
function keepAnswer(req: Request, res: Response, agentId: number, key: string): void {
  const json = res.json.bind(res);
  res.json = (body: unknown) => {
    const kept = res.statusCode < 300;
    const statement = kept
      ? req.ctx.db.raw("update idempotency_keys set status = ?, answer = ? where agent_id = ? and key = ?", [
          res.statusCode,
          JSON.stringify(body),
          agentId,
          key,
        ])
      : req.ctx.db.raw("delete from idempotency_keys where agent_id = ? and key = ? and status is null", [
          agentId,
          key,
        ]);
    statement.then(
      () => json(body),
      (error: unknown) => {
        req.ctx.logger.warn({ err: error }, "an idempotent answer was not kept");
        json(body);
      },
    );
    return res;
  };
}

/** A token of a command made from the request's key, so that a repeat after a crash has one effect. */
export function commandToken(req: Request): string | undefined {
  const key = req.get("idempotency-key");
  const { actor } = req.ctx;
  if (!key || actor.kind !== "agent") return undefined;
  const hex = createHash("sha256").update(`${actor.id}\n${req.originalUrl}\n${key}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
