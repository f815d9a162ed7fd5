import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { randomToken, tokenHash } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { may } from "./policy.ts";

/**
 * A token that acts as its agent. The answer is the only time it can be read.
 *
 * @throws Forbidden; Invalid when no active agent has the address.
 */
export function createApiToken(ctx: Context, token: { name: string; email: string }): Promise<string> {
  if (!may(ctx.actor, "tokens.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const agent = await row<{ id: number }>(
      tx.db,
      "select id from agents where email = ? and deactivated_at is null",
      [token.email.trim().toLowerCase()],
    );
    if (!agent) throw new Invalid({ agent: "agents.unknown" });
    const secret = `hilo_${randomToken()}`;
    await tx.db("api_tokens").insert({ name: token.name, agent_id: agent.id, token_hash: tokenHash(secret) });
    tx.record(
      { type: "agent.changed", agentId: agent.id },
      { act: "api_token.created", agentId: agent.id, data: { name: token.name } },
    );
    return secret;
  });
}
