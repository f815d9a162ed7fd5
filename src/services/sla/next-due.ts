/** Of `conversations c`: the promise that falls due next, as `d`. One look into an index for each row. */
export const nextDueJoin = `left join lateral (
    select target, due_at, target_seconds from sla_clocks where conversation_id = c.id and ended_at is null and due_at is not null
    order by due_at limit 1) d on true`;

export const nextDueColumns = `d.target as "dueTarget", d.due_at as "dueAt", d.target_seconds as "dueSeconds"`;
