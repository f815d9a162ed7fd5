import type { Priority } from "../../services/sla/types.ts";

export const priorities = ["urgent", "high", "normal", "low"] as const satisfies readonly Priority[];

/** What policies and rules can be chosen by. */
